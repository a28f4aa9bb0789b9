/** Trading states, rules of a book and kills in words. The engine's numbers are those of docs/reference/match.md. */
import { formatGrouped, trimmed } from "./decimal";
import type { BookKind, Kill, KillScope, Maker, MarketSession, TradingState } from "./wire/types";

export const STATE_NAMES: Record<TradingState, string> = {
  pre_open: "Pre-open",
  opening_auction: "Opening auction",
  continuous: "Continuous",
  volatility_auction: "Volatility auction",
  halted: "Halted",
  closing_auction: "Closing auction",
  closed: "Closed",
};

/** In the order of a day. */
export const STATES = Object.keys(STATE_NAMES) as TradingState[];

/** States in which orders are collected for one price. */
const CALLS: readonly TradingState[] = ["pre_open", "opening_auction", "volatility_auction", "closing_auction"];

export const BOOK_NAMES: Record<BookKind, string> = {
  lit: "Lit, price then time",
  pro_rata: "Lit, pro rata",
  mixed: "Lit, mixed allocation",
  dark: "Dark",
  auction: "Call auction",
  rfq: "Request for quotes",
  negotiated: "Negotiated",
  sealed: "Sealed bids",
};

export function isInCall({ state, book }: Pick<MarketSession, "state" | "book">): boolean {
  return CALLS.includes(state) || (book === "auction" && state === "continuous");
}

/** How a market stands, and how badly: "" is as usual. */
export function standing(row: MarketSession): { text: string; tone: "" | "warn" | "bad" } {
  if (row.killed) return { text: "Killed", tone: "bad" };
  if (row.halted || row.state === "halted") return { text: "Halted", tone: "bad" };
  if (row.limit_state) return { text: `Limit state, ${row.limit_state.side}s at the edge`, tone: "warn" };
  return { text: STATE_NAMES[row.state], tone: row.state === "continuous" ? "" : "warn" };
}

const CAUSES: Record<string, string> = {
  command: "by an operator",
  uncross: "after the uncross",
  band: "by its price band",
  timer: "by its timer",
  expiry: "at its expiry",
};

export function causeWords(cause: string | null): string {
  return cause === null ? "as listed" : (CAUSES[cause] ?? cause);
}

interface RuleWord {
  name: string;
  values?: Record<number, string>;
  unit?: "bps" | "ns" | "lots" | "time" | "money";
}

const YES: Record<number, string> = { 0: "no", 1: "yes" };

/** What each rule says, in the order in which they are shown. */
export const RULE_WORDS: Record<string, RuleWord> = {
  static_band_bps: { name: "Static band", unit: "bps" },
  dynamic_band_bps: { name: "Dynamic band", unit: "bps" },
  band_action: {
    name: "At the band",
    values: { 1: "the rest is cancelled", 2: "volatility auction", 3: "limit state" },
  },
  limit_state_ns: { name: "Limit state lasts", unit: "ns" },
  pause_ns: { name: "Pause lasts", unit: "ns" },
  collar_bps: { name: "Price collar", unit: "bps" },
  auction_tie: {
    name: "Auction tie",
    values: { 1: "nearest to the reference", 2: "higher", 3: "lower", 4: "middle" },
  },
  self_trade: {
    name: "Self-trade",
    values: { 0: "allowed", 1: "newest goes", 2: "oldest goes", 3: "both go", 4: "decrement" },
  },
  hidden_after_visible: { name: "Hidden after visible", values: YES },
  all_or_none: { name: "All-or-none", values: { 1: "combine", 2: "strict" } },
  min_quantity: { name: "Minimum quantity", values: { 1: "each fill", 2: "first fill" } },
  hidden_remainder_below_minimum: { name: "Rest below minimum", values: { 1: "kept", 2: "cancelled" } },
  stop_order: { name: "Stops fire", values: { 1: "by time", 2: "nearest first" } },
  stop_trigger: { name: "Stops watch", values: { 1: "last trade", 2: "mark", 3: "either" } },
  replace_keeps_priority: { name: "Replacing keeps place", values: { 1: "less quantity", 2: "never" } },
  top_order: { name: "Top order first", values: YES },
  maker_share_bps: { name: "Makers' share", unit: "bps" },
  fifo_share_bps: { name: "Time-priority share", unit: "bps" },
  pro_rata_minimum: { name: "Pro-rata minimum", unit: "lots" },
  maker_priority: { name: "Makers first at a price", values: YES },
  dark_priority: { name: "Dark priority", values: { 1: "size, then time", 2: "time" } },
  dark_minimum: { name: "Dark minimum", unit: "lots" },
  sealed_price: { name: "Sealed price", values: { 1: "first", 2: "second", 3: "uniform" } },
  min_notional: { name: "Least notional", unit: "money" },
  locate: { name: "Short sales need a locate", values: YES },
  expiry: { name: "Expires", unit: "time" },
};

/** The rules by their numbers, from 1. */
export const RULE_NUMBERS: readonly string[] = [
  "book",
  "self_trade",
  "hidden_after_visible",
  "min_quantity",
  "hidden_remainder_below_minimum",
  "auction_tie",
  "stop_order",
  "stop_trigger",
  "replace_keeps_priority",
  "fifo_share_bps",
  "pro_rata_minimum",
  "top_order",
  "maker_share_bps",
  "collar_bps",
  "static_band_bps",
  "dynamic_band_bps",
  "band_action",
  "limit_state_ns",
  "pause_ns",
  "min_notional",
  "expiry",
  "dark_priority",
  "dark_minimum",
  "sealed_price",
  "locate",
  "all_or_none",
  "maker_priority",
];

/** A rule's value in words. */
export function ruleText(rule: string, value: number): string {
  const word = RULE_WORDS[rule];
  if (word?.values) return word.values[value] ?? String(value);
  switch (word?.unit) {
    case "bps":
      return value === 0 ? "none" : `± ${formatGrouped(trimmed({ units: BigInt(value), scale: 2 }))} %`;
    case "ns":
      return seconds(value);
    case "time":
      return value === 0 ? "never" : new Date(value / 1_000_000).toISOString().slice(0, 19).replace("T", " ");
    default:
      return value.toLocaleString("en");
  }
}

/** Nanoseconds as seconds: "15 s". */
export function seconds(ns: number): string {
  return `${formatGrouped(trimmed({ units: BigInt(Math.round(ns)), scale: 9 }))} s`;
}

/** The rules that were set, named, in the order of RULE_WORDS; the kind of book apart. */
export function rulesOf(rules: Record<string, number>): (readonly [name: string, text: string])[] {
  return Object.entries(RULE_WORDS)
    .filter(([rule]) => rules[rule] !== undefined)
    .map(([rule, { name }]) => [name, ruleText(rule, rules[rule] ?? 0)] as const);
}

/** What an operator types before a kill: exactly this. */
export function scopeName(scope: KillScope, of: string | null): string {
  switch (scope) {
    case "everything":
      return "everything";
    case "group":
    case "firm":
    case "session":
      return `${scope} ${of ?? ""}`;
    default:
      return of ?? "";
  }
}

/** A scope in a sentence: "the whole broker", "account acc-16". */
export function scopeWords({ scope, of }: Pick<Kill, "scope" | "of">): string {
  return scope === "everything" ? "the whole broker" : `${scope === "instrument" ? "market" : scope} ${of ?? ""}`;
}

/** The body of a kill or re-arm: groups, firms and sessions go by number. */
export function scopeBody({ scope, of }: Pick<Kill, "scope" | "of">): Record<string, string | number | null> {
  return { scope, of: of !== null && ["group", "firm", "session"].includes(scope) ? Number(of) : of };
}

/** Share of the open time in which a maker met its obligations, against what it owes. */
export function presenceWords({ presence, presence_bps: owed }: Maker): string {
  const percent = (units: bigint, scale: number): string => formatGrouped(trimmed({ units, scale }));
  const due = `${percent(BigInt(owed), 2)} %`;
  if (presence === null) return `not scored yet, owes ${due}`;
  const [whole = "0", fraction = ""] = presence.split(".");
  const kept = BigInt(`${whole}${fraction.padEnd(4, "0").slice(0, 4)}`);
  return `${percent(kept, 2)} % of ${due}`;
}

/** What pulls a maker's quotes, in words. */
export function protectionWords({ protection }: Maker): string {
  if (protection === null) return "none";
  const { window_ms, quantity, net_quantity, percent_bps } = protection;
  const parts = [
    quantity === null ? "" : `${quantity} traded`,
    net_quantity === null ? "" : `${net_quantity} net`,
    percent_bps === null ? "" : `${formatGrouped(trimmed({ units: BigInt(percent_bps), scale: 2 }))} % of the quote`,
  ].filter((text) => text !== "");
  return `${parts.join(" or ")} in ${window_ms.toLocaleString("en")} ms`;
}
