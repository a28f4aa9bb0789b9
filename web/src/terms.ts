/**
 * Which fields an order may have. The rules are those of the engine's form (docs/reference/orders.md); the server's gate
 * decides all the same.
 */
import type { BookKind, OrderType, Side, TimeInForce } from "./wire/types";

/** Special terms of the ticket; texts as they were typed, "" for none. */
export interface Terms {
  stop: string;
  offset: string;
  trigger: "" | "last" | "mark" | "either";
  peg: "primary" | "mid" | "market";
  display: string;
  displayMax: string;
  minimum: string;
  expires: string;
  oneCancels: string;
  parent: string;
  request: string;
  postOnly: "" | "reject" | "slide";
  hidden: boolean;
  allOrNone: boolean;
  reduceOnly: boolean;
  short: boolean;
}

export type TermField = keyof Terms;

export const NO_TERMS: Terms = {
  stop: "",
  offset: "",
  trigger: "",
  peg: "mid",
  display: "",
  displayMax: "",
  minimum: "",
  expires: "",
  oneCancels: "",
  parent: "",
  request: "",
  postOnly: "",
  hidden: false,
  allOrNone: false,
  reduceOnly: false,
  short: false,
};

export const TYPE_NAMES: Record<OrderType, string> = {
  limit: "Limit",
  market: "Market",
  market_to_limit: "Market to limit",
  stop: "Stop",
  stop_limit: "Stop limit",
  trailing_stop: "Trailing stop",
  peg: "Peg",
  request: "Request for quotes",
  response: "Response",
};

export const TIF_NAMES: Record<TimeInForce, string> = {
  gtc: "GTC",
  day: "Day",
  ioc: "IOC",
  fok: "FOK",
  gtd: "GTD",
  at_open: "At open",
  at_close: "At close",
  good_for_auction: "Auction",
};

/** Does the type have a limit price: always, if one likes, or never? */
export type Priced = "needed" | "optional" | "none";

export const PRICED: Record<OrderType, Priced> = {
  limit: "needed",
  market: "none",
  market_to_limit: "none",
  stop: "none",
  stop_limit: "needed",
  trailing_stop: "optional",
  peg: "optional",
  request: "optional",
  response: "needed",
};

const STAYING: readonly TimeInForce[] = ["gtc", "day", "gtd"];
const FOR_AUCTION: readonly TimeInForce[] = ["at_open", "at_close", "good_for_auction"];
const AT_ONCE: readonly TimeInForce[] = ["ioc", "fok"];
const OF_TYPE: Record<OrderType, readonly TermField[]> = {
  limit: ["postOnly", "hidden", "allOrNone", "reduceOnly", "display", "displayMax", "minimum"],
  market: ["allOrNone", "reduceOnly", "minimum"],
  market_to_limit: ["hidden", "allOrNone", "reduceOnly", "minimum"],
  stop: ["stop", "trigger", "reduceOnly", "allOrNone", "minimum"],
  stop_limit: ["stop", "trigger", "hidden", "reduceOnly", "allOrNone", "display", "displayMax", "minimum"],
  trailing_stop: ["offset", "stop", "trigger", "reduceOnly", "allOrNone", "minimum"],
  peg: ["peg", "offset", "hidden", "reduceOnly", "allOrNone", "minimum"],
  request: [],
  response: ["request"],
};

/** The types that a book takes. */
export function typesOf(book: BookKind | undefined): OrderType[] {
  if (book === "rfq" || book === "negotiated" || book === "sealed") return ["request", "response"];
  if (book === "dark") return ["limit", "peg"];
  return ["limit", "market", "market_to_limit", "stop", "stop_limit", "trailing_stop", "peg"];
}

/** The times in force that a type takes. */
export function tifsOf(type: OrderType): TimeInForce[] {
  if (type === "request" || type === "response") return [...STAYING];
  const auctions = type === "limit" || type === "market" ? FOR_AUCTION : [];
  return [...STAYING.slice(0, 2), ...AT_ONCE, "gtd", ...auctions];
}

/** What decides which terms are shown. */
export interface Chosen {
  type: OrderType;
  tif: TimeInForce;
  side: Side;
  terms: Terms;
}

/** The special terms that go with what is chosen, in the order in which they are shown. */
export function shownTerms({ type, tif, side, terms }: Chosen): TermField[] {
  const shown = new Set<TermField>(OF_TYPE[type]);
  if (tif === "gtd") shown.add("expires");
  if (!STAYING.includes(tif)) shown.delete("postOnly");
  if (AT_ONCE.includes(tif) || terms.hidden || terms.allOrNone) hide(shown, "display", "displayMax");
  if (FOR_AUCTION.includes(tif) || terms.postOnly !== "") shown.delete("allOrNone");
  if (terms.postOnly !== "" || terms.allOrNone) shown.delete("minimum");
  if (terms.allOrNone) shown.delete("postOnly");
  if (terms.display !== "") hide(shown, "hidden", "allOrNone");
  if (terms.display === "") shown.delete("displayMax");
  if (side === "sell") shown.add("short");
  if (type !== "request" && type !== "response") shown.add("oneCancels").add("parent");
  return ORDER.filter((field) => shown.has(field));
}

const ORDER: readonly TermField[] = [
  "stop",
  "offset",
  "peg",
  "request",
  "expires",
  "trigger",
  "postOnly",
  "hidden",
  "allOrNone",
  "reduceOnly",
  "short",
  "display",
  "displayMax",
  "minimum",
  "oneCancels",
  "parent",
];

/** Terms without which the chosen order makes no sense: they stand with price and quantity, not among the special ones. */
export function neededTerms({ type, tif }: Pick<Chosen, "type" | "tif">): TermField[] {
  const needed: TermField[] = [];
  if (type === "stop" || type === "stop_limit") needed.push("stop");
  if (type === "trailing_stop") needed.push("offset");
  if (type === "peg") needed.push("peg");
  if (type === "response") needed.push("request");
  if (tif === "gtd") needed.push("expires");
  return needed;
}

function hide(shown: Set<TermField>, ...fields: TermField[]): void {
  for (const field of fields) shown.delete(field);
}
