/**
 * Records in a dealer's words. The journal holds numbers (docs/reference/engine.md); this page shows them and says beside
 * them what they mean. Numbers of docs/reference/engine.md and crates/core/src/messages.rs.
 */
import { formatGrouped, trimmed } from "./decimal";
import { RULE_NUMBERS, STATE_NAMES, STATES } from "./marketWords";
import type { FieldValue, Instrument, JournalRecord } from "./wire/types";

export type Fields = Record<string, FieldValue>;

/** What a record alone does not say. */
export interface Lexicon {
  instrument: (id: number) => Instrument | undefined;
  /** The instrument of an order that was placed while this page looked on. */
  instrumentOfOrder: (order: number) => Instrument | undefined;
}

const NAMES: Record<string, readonly (string | undefined)[]> = {
  side: ["", "buy", "sell"],
  taker_side: ["", "buy", "sell"],
  tif: ["", "GTC", "IOC", "FOK", "day", "GTD", "at the open", "at the close", "auctions only"],
  peg: ["", "primary", "mid", "market"],
  trigger: ["", "last trade", "mark", "either"],
  state: ["", ...STATES.map((state) => STATE_NAMES[state].toLowerCase())],
  scope: ["everything", "account", "group", "firm", "session", "instrument", "venue"],
  met: ["missed", "met"],
  entered: ["left", "entered"],
  rule: ["", ...RULE_NUMBERS.map((rule) => rule.replaceAll("_", " "))],
  liquidity: ["", "maker", "taker"],
  priority_kept: ["place lost", "place kept"],
  settlement: ["reference only", "settlement"],
  purpose: [
    "",
    "deposit",
    "withdrawal",
    "",
    "",
    "",
    "fee",
    "",
    "settlement",
    "correction",
    "custody",
    "tax",
    "interest",
    "top-up",
    "excess",
    "allocation",
    "dividend",
    "insurance",
    "collateral",
    "invoice",
  ],
  frozen: ["may open again", "may only close"],
  delivery: ["", "cash", "physical"],
  right: ["", "call", "put"],
  style: ["", "European", "American"],
  mode: ["", "each by itself", "together"],
  priced: ["no price", "final price"],
};
const ORDER_KINDS = [
  "",
  "limit",
  "market",
  "market to limit",
  "stop",
  "stop limit",
  "trailing stop",
  "peg",
  "request for quotes",
  "response",
];
const FLAGS = ["post-only", "hidden", "all or none", "reduce only", "short", "slides", "quote", "fresh quotes"];
const WALL = ["", "client money", "the firm's"];
const PENDING_ENDS = ["", "posted", "voided", "expired"];
const CAUSES = ["", "by command", "by the uncross", "by its band", "by its timer", "at its expiry"];
const KINDS: Record<string, readonly string[]> = {
  PlaceOrder: ORDER_KINDS,
  PlaceSpecial: ORDER_KINDS,
  OpenAccount: [
    "",
    "client",
    "house",
    "outside venue",
    "",
    "custodian",
    "omnibus",
    "tax",
    "suspense",
    "insurance",
    "fee",
  ],
  AddInstrument: ["", "equity", "FX spot", "crypto spot", "linear perpetual", "inverse perpetual", "future", "option"],
};
const ENDS = [
  "user",
  "IOC",
  "FOK",
  "self-trade",
  "expired",
  "mass cancel",
  "session",
  "post-only",
  "kill",
  "recording restarted",
  "venue refused",
  "one cancels the other",
  "reduce only",
  "band",
  "protection",
  "minimum",
  "parent",
  "dead man",
  "cleared",
  "requoted",
  "funds",
  "limit",
  "liquidation",
];
const MARGIN_STATES = ["well", "called", "liquidatable", "overdue"];
const ROLES = ["", "client", "trader", "operator", "auditor", "house"];
const GATEWAYS: Record<number, string> = {
  1: "REST",
  2: "WebSocket",
  3: "Alpaca facade",
  4: "the server itself",
  5: "FIX",
  6: "gRPC",
  11: "MT4 bridge",
  12: "LoRaWAN",
};
const ACCOUNTS = ["account", "maker", "taker", "source", "target", "against"];
const ORDERS = ["order", "maker_order", "taker_order", "response", "one_cancels", "parent", "request"];
/** Zero in these is an absence. */
const LINKS = ["one_cancels", "parent", "request"];
const PRICES = ["price", "strike", "floor", "mark", "stop", "offset", "lowest", "tick", "reference", "spread"];
const QUANTITIES = ["quantity", "display", "display_high", "min_quantity", "left"];
const SYSTEM = ["", "world", "house:fees", "house:rounding", "house:settlement", "house:insurance", "house:fx"];

/** The instrument that a record's fields are about, if it can be known. */
export function instrumentOf(fields: Fields, { instrument, instrumentOfOrder }: Lexicon): Instrument | undefined {
  if (isCount(fields["instrument"]) && fields["instrument"] !== 0) return instrument(fields["instrument"]);
  const order = ORDERS.map((name) => fields[name]).find((value) => isCount(value) && value !== 0);
  return isCount(order) ? instrumentOfOrder(order) : undefined;
}

/** What a number in a record means; null where the number speaks for itself. */
export function meaning(
  message: string,
  name: string,
  value: FieldValue,
  about: Instrument | undefined,
): string | null {
  if (!isCount(value)) return null;
  if (name === "kind") return KINDS[message]?.[value] ?? null;
  if (name === "reason" && message !== "Rejected" && message !== "Repeated") return ENDS[value] ?? null;
  if (name === "instrument") return value === 0 ? "everything" : (about?.instrument ?? null);
  if (name === "venue" && value === 0) return "house book";
  if (name === "role") return ROLES[value] ?? null;
  if (name === "gateway") return GATEWAYS[value] ?? null;
  if (ACCOUNTS.includes(name)) return SYSTEM[value] || `acc-${value}`;
  if (name === "state" && message === "MarginState") return MARGIN_STATES[value] ?? null;
  if (LINKS.includes(name) && value === 0) return null;
  if (name === "cause" && message === "PendingEnded") return PENDING_ENDS[value] ?? null;
  if (name === "cause") return message === "SessionChanged" ? (CAUSES[value] ?? null) : null;
  if (name === "side" && message === "OpenAccount") return WALL[value] || null;
  if (ORDERS.includes(name)) return value === 0 ? "at the venue" : `ord-${value}`;
  if (name === "flags" && message in KINDS) return flagWords(value);
  if (name in NAMES) return NAMES[name]?.[value] || null;
  return about ? scaled(name, value, about) : null;
}

function flagWords(flags: number): string | null {
  return FLAGS.filter((_, bit) => flags & (1 << bit)).join(", ") || null;
}

function scaled(name: string, value: number, about: Instrument): string | null {
  const show = (scale: number): string => formatGrouped(trimmed({ units: BigInt(value), scale }));
  if (PRICES.includes(name)) return value === 0 ? null : `${show(about.price_decimals)} ${about.quote}`;
  return QUANTITIES.includes(name) && value !== 0 ? `${show(about.quantity_decimals)} ${about.instrument}` : null;
}

/** A record in one line: what was asked, what came of it. */
export function summaryOf({ kind, command, effects }: JournalRecord, lexicon: Lexicon): string {
  const about = instrumentOf(command, lexicon);
  const say = (name: string): string => word(kind, name, command[name], about);
  const came = effects.map((effect) => outcomeOf(effect, instrumentOf(effect, lexicon) ?? about));
  return [askedOf({ kind, command }, say, about !== undefined), ...condensed(came.filter((text) => text !== ""))]
    .filter((text) => text !== "")
    .join(" · ");
}

type Asked = Pick<JournalRecord, "kind" | "command">;

function askedOf({ kind, command }: Asked, say: (name: string) => string, known: boolean): string {
  const at = say("price") === "" || say("price") === "0" ? "" : `at ${say("price")}`;
  switch (kind) {
    case "PlaceOrder":
    case "PlaceSpecial":
      return join(say("account"), command["kind"] === 1 ? "" : say("kind"), say("side"), say("quantity"), at);
    case "SetSession":
      return join(say("instrument"), "to", say("state"));
    case "SetRule":
      return join(say("instrument"), say("rule"), say("value"));
    case "Kill":
    case "Rearm":
      return join(say("scope"), say("of") === "0" ? "" : say("of"));
    case "CancelOrder":
      return say("order");
    case "ReplaceOrder":
      return known ? join(say("order"), "to", say("quantity"), at) : say("order");
    case "Mark":
      return join(say("instrument"), at);
    case "Deposit":
    case "Withdraw":
      return join(say("account"), say("amount"), "minor units");
    default:
      return join(say("account"), say("instrument"));
  }
}

function outcomeOf({ kind, ...fields }: { kind: string } & Fields, about: Instrument | undefined): string {
  const say = (name: string): string => word(kind, name, fields[name], about);
  switch (kind) {
    case "Rejected":
      return `refused: ${say("reason").replaceAll("_", " ")}`;
    case "Traded":
      return join("traded", say("quantity"), `at ${say("price")}`);
    case "Cancelled":
      return join("ended:", say("reason"));
    case "SessionChanged":
      return join("now", say("state"));
    case "Auctioned":
      return fields["price"] === 0
        ? "auction without a price"
        : join("auction:", say("quantity"), `at ${say("price")}`);
    case "Purged":
      return join("purged", say("orders"), "orders");
    case "LimitState":
      return join("limit state", say("entered"));
    default:
      return kind.replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase();
  }
}

function word(message: string, name: string, value: FieldValue | undefined, about: Instrument | undefined): string {
  if (value === undefined || value === null) return "";
  return meaning(message, name, value, about) ?? String(value);
}

const OUTCOMES_SHOWN = 3;

function condensed(texts: string[]): string[] {
  if (texts.length <= OUTCOMES_SHOWN) return texts;
  return [...texts.slice(0, OUTCOMES_SHOWN), `and ${texts.length - OUTCOMES_SHOWN} more`];
}

function join(...parts: string[]): string {
  return parts.filter((part) => part !== "").join(" ");
}

function isCount(value: FieldValue | undefined): value is number {
  return typeof value === "number";
}
