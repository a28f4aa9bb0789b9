/** An order's kind, terms and life in a dealer's words. */
import { amount, clock, quantity, words } from "./stores/text";
import { TIF_NAMES, TYPE_NAMES } from "./terms";
import type { Order, OrderEvent } from "./wire/types";

/** "Limit GTC", "Stop limit GTD"; of a parent "Worked by TWAP". */
export function typeWords({ type, time_in_force: tif, path }: Order): string {
  if (path) return `Worked by ${path}`;
  return `${TYPE_NAMES[type] ?? words(type)} ${TIF_NAMES[tif] ?? words(tif)}`;
}

const FLAG_WORDS: Record<string, string> = {
  post_only: "post-only",
  slide: "slides",
  hidden: "hidden",
  all_or_none: "all or none",
  reduce_only: "reduce only",
  short: "short",
  quote: "quote",
};

type Said = (text: string) => string;

const TERM_WORDS: Record<string, Said> = {
  stop_price: (text) => `stop ${amount(text)}`,
  offset: (text) => `offset ${amount(text)}`,
  trigger: (text) => `on ${text}`,
  peg: (text) => `peg ${text}`,
  display_quantity: (text) => `shows ${quantity(text)}`,
  display_quantity_max: (text) => `to ${quantity(text)}`,
  min_quantity: (text) => `at least ${quantity(text)}`,
  expires_at: (text) => `until ${text.slice(0, 10)} ${clock(text, 0)}`,
  one_cancels: (text) => `or ${text}`,
  parent: (text) => `after ${text}`,
  request: (text) => `to ${text}`,
};

/** All special terms, in one line; "" for none. */
export function termWords({ terms, flags }: Pick<Order, "terms" | "flags">): string {
  const said = Object.entries(TERM_WORDS).flatMap(([name, say]) => {
    const text = terms[name];
    return text === undefined ? [] : [say(text)];
  });
  return [...said, ...flags.map((flag) => FLAG_WORDS[flag] ?? words(flag))].join(" · ");
}

const WAITS: Record<string, string> = {
  trigger: "waits for its trigger",
  reference: "waits for a price to peg to",
  session: "waits for its session",
  parent: "waits for its parent",
  responses: "waits for responses",
  acceptance: "waits to be accepted",
};

/** How much of an order is done, in whole per cent. */
export function percentDone({ filled, quantity: whole }: Pick<Order, "filled" | "quantity">): number {
  const total = Number(whole);
  return total > 0 ? Math.floor((100 * Number(filled)) / total) : 0;
}

/** Is it worked by children? */
export function isParent({ path }: Pick<Order, "path">): boolean {
  return path !== null && path !== undefined;
}

/** Was it sent to work a parent? */
export function isChild({ parent_order: parent }: Pick<Order, "parent_order">): boolean {
  return parent !== null && parent !== undefined;
}

/** Status, how far a parent is, and what an open order waits for. */
export function statusWords(order: Order): string {
  const { status, reason, waits_for: waits } = order;
  if (status === "open" && isParent(order)) return `working · ${percentDone(order)} %`;
  if (status === "open" && waits !== null) return WAITS[waits] ?? `waits for ${waits}`;
  return `${words(status)}${reason ? ` · ${words(reason)}` : ""}`;
}

/** An event of an order's life in one line. */
export function eventWords(event: OrderEvent): string {
  const figures = [
    event.quantity === null ? "" : quantity(event.quantity),
    event.stop_price === null ? "" : `stop ${amount(event.stop_price)}`,
    event.price === null ? "" : `at ${amount(event.price)}`,
    event.liquidity === null ? "" : `as ${event.liquidity}`,
    event.reason === null ? "" : `(${words(event.reason)})`,
  ];
  return [words(event.event), ...figures.filter((text) => text !== "")].join(" ");
}
