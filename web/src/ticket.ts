/** The arithmetic of the order ticket: what is wrong with a form, what an order would cost. Exact, by docs/reference/engine.md. */
import * as decimal from "./decimal";
import { type Decimal, decimalOf, parseDecimal, rescale, ZERO } from "./decimal";
import { neededTerms, PRICED, shownTerms, type TermField, type Terms } from "./terms";
import type { Balance, Instrument, OrderRequest, OrderType, Side, TimeInForce } from "./wire/types";

export interface Form {
  side: Side;
  type: OrderType;
  tif: TimeInForce;
  price: string;
  quantity: string;
  venue: string | null;
  terms: Terms;
  /** How it is worked: a path's name, "auto", or null for an order that is placed as it is. */
  path: string | null;
  /** Minutes until it should be done; empty: the path's own time. */
  minutes: string;
  /** Percent of the traded volume that it may make; empty: any. */
  share: string;
}

/** Where each special term stands in a request, and in the server's refusals. */
export const NAME_OF_TERM = {
  stop: "stop_price",
  offset: "offset",
  trigger: "trigger",
  peg: "peg",
  display: "display_quantity",
  displayMax: "display_quantity_max",
  minimum: "min_quantity",
  expires: "expires_at",
  oneCancels: "one_cancels",
  parent: "parent",
  request: "request",
  postOnly: "post_only",
  hidden: "hidden",
  allOrNone: "all_or_none",
  reduceOnly: "reduce_only",
  short: "short",
} as const satisfies Record<TermField, keyof OrderRequest>;

export type Field =
  | "price"
  | "quantity"
  | "type"
  | "time_in_force"
  | "venue"
  | "instrument"
  | "account"
  | "path"
  | "until"
  | "max_participation"
  | (typeof NAME_OF_TERM)[TermField];
export type FieldErrors = Partial<Record<Field, string>>;

export interface Estimate {
  /** What is held: the quote asset for a buy and every perpetual, the base asset for a spot sell. */
  asset: string;
  quote: string;
  /** Quantity x price in the quote asset. */
  value: Decimal;
  /** The most the fees can be, in the quote asset. */
  fee: Decimal;
  hold: Decimal;
  available: Decimal;
  after: Decimal;
  enough: boolean;
  /** Average price that the visible book would give a market order. */
  average: Decimal | null;
  note: string;
}

/** What the page knows besides the form. */
export interface Surroundings {
  instrument: Instrument;
  balances: ReadonlyMap<string, Balance>;
  /** The other side of the book, best first, in whole units of the instrument's decimals. */
  opposite: readonly (readonly [price: number, quantity: number])[];
  reference: string | null;
}

const PPM = 6;
const BPS = 4;

/** What can be said against the form before it is sent; the server's gate decides. */
export function errorsOf(form: Form, instrument: Instrument): FieldErrors {
  const errors: FieldErrors = {};
  const tell = (field: Field, problem: string | null): void => {
    if (problem !== null) errors[field] = problem;
  };
  tell("quantity", stepProblem(form.quantity, instrument.lot_size, "lot") ?? asked(form.quantity, "How much?"));
  if (PRICED[form.type] !== "none") tell("price", stepProblem(form.price, instrument.tick_size, "tick"));
  if (PRICED[form.type] === "needed") tell("price", asked(form.price, "A limit order needs a price."));
  if (isWorked(form)) return { ...errors, ...workProblems(form) };
  const needed = neededTerms(form);
  for (const field of shownTerms(form)) {
    const text = form.terms[field];
    if (typeof text !== "string") continue;
    tell(NAME_OF_TERM[field], termProblem(field, text, instrument));
    if (needed.includes(field)) tell(NAME_OF_TERM[field], asked(text, NEEDED[field] ?? "This is needed."));
  }
  return errors;
}

const NEEDED: Partial<Record<TermField, string>> = {
  stop: "At what price does it start?",
  offset: "How far behind the market?",
  request: "Which request does it answer?",
  expires: "Until when?",
};

function asked(text: string, question: string): string | null {
  return text.trim() === "" ? question : null;
}

function termProblem(field: TermField, text: string, { tick_size, lot_size }: Instrument): string | null {
  switch (field) {
    case "stop":
      return stepProblem(text, tick_size, "tick");
    case "offset":
      return stepProblem(text.replace(/^\s*[-−]/, ""), tick_size, "tick", true);
    case "display":
    case "displayMax":
    case "minimum":
      return stepProblem(text, lot_size, "lot");
    case "oneCancels":
    case "parent":
    case "request":
      return text.trim() === "" || /^ord-[1-9]\d*$/.test(text.trim()) ? null : "An order's id looks like ord-4711.";
    default:
      return null;
  }
}

function stepProblem(text: string, step: string, name: "tick" | "lot", zero = false): string | null {
  if (text.trim() === "") return null;
  const value = parseDecimal(text);
  if (!value) return "Not a number.";
  if (decimal.sign(value) < 0 || (!zero && decimal.sign(value) === 0)) return "Must be more than zero.";
  if (!decimal.isMultiple(value, decimalOf(step))) return `Must be a multiple of the ${name}, ${step}.`;
  return null;
}

/** Only limit and market orders are worked. */
export function isWorked({ path, type }: Form): boolean {
  return path !== null && (type === "limit" || type === "market");
}

function workAsked({ path, minutes, share }: Form, now: number): Partial<OrderRequest> {
  const asked: Partial<OrderRequest> = { path: path ?? "auto" };
  const length = Number(minutes);
  if (minutes.trim() !== "") asked.until = new Date(now + length * 60_000).toISOString();
  const percent = parseDecimal(share);
  if (percent) asked.max_participation = decimal.formatPlain({ units: percent.units, scale: percent.scale + 2 });
  return asked;
}

function workProblems({ minutes, share }: Form): FieldErrors {
  const errors: FieldErrors = {};
  if (minutes.trim() !== "" && !(Number(minutes) > 0 && Number(minutes) <= 1_440))
    errors.until = "Minutes, more than 0, at most 1,440.";
  if (share.trim() !== "" && !(Number(share) > 0 && Number(share) <= 100))
    errors.max_participation = "Percent, more than 0, at most 100.";
  return errors;
}

export function requestOf(
  form: Form,
  instrument: Instrument,
  clientOrderId: string,
  account: string,
  now = 0,
): OrderRequest {
  const request: OrderRequest = {
    instrument: instrument.instrument,
    side: form.side,
    type: form.type,
    time_in_force: form.tif,
    quantity: plain(form.quantity),
    venue: isWorked(form) ? null : form.venue,
    client_order_id: clientOrderId,
    ...(isWorked(form) ? workAsked(form, now) : termsAsked(form)),
  };
  if (PRICED[form.type] !== "none" && form.price.trim() !== "") request.price = plain(form.price);
  if (account !== "") request.account = account;
  return request;
}

/** The special terms that are shown and set, as the request has them. */
function termsAsked(form: Form): Partial<OrderRequest> {
  const found: Record<string, string | boolean> = {};
  for (const field of shownTerms(form)) {
    const value = form.terms[field];
    if (value === "" || value === false) continue;
    if (field === "postOnly") Object.assign(found, { post_only: true }, value === "slide" ? { slide: true } : {});
    else found[NAME_OF_TERM[field]] = typeof value === "string" ? asSent(field, value) : value;
  }
  return found as Partial<OrderRequest>;
}

function asSent(field: TermField, text: string): string {
  switch (field) {
    case "stop":
    case "display":
    case "displayMax":
    case "minimum":
    case "offset":
      return plain(text.replace("−", "-"));
    case "expires":
      return `${text}${/T\d\d:\d\d$/.test(text) ? ":00" : ""}Z`;
    default:
      return text.trim();
  }
}

function plain(text: string): string {
  return decimal.formatPlain(parseDecimal(text) ?? ZERO);
}

/** The cost of the form's order; null while price or quantity cannot be read. */
export function estimate(form: Form, around: Surroundings): Estimate | null {
  const quantity = parseDecimal(form.quantity);
  if (!quantity || decimal.sign(quantity) <= 0) return null;
  const walked = isAtMarket(form) ? walk(quantity, around) : null;
  const limit = heldPrice(form, around, walked);
  if (!limit || decimal.sign(limit) <= 0) return null;
  const { instrument, balances } = around;
  const perpetual = instrument.kind === "linear_perpetual";
  const quote = balances.get(instrument.quote);
  const places = quote?.decimals ?? instrument.price_decimals;
  const worst = valueOf(quantity, limit, instrument, places);
  const shown = walked ? valueOf(quantity, walked.average, instrument, places) : worst;
  const fee = feeOf(worst, instrument, places);
  const basis = perpetual ? marginOf(worst, instrument, places) : worst;
  const holdsBase = form.side === "sell" && !perpetual;
  const hold = holdsBase ? quantity : decimal.add(basis, fee);
  const asset = holdsBase ? instrument.base : instrument.quote;
  const available = decimalOf(balances.get(asset)?.available);
  const after = decimal.subtract(available, hold);
  return {
    asset,
    quote: instrument.quote,
    value: shown,
    fee,
    hold,
    available,
    after,
    enough: decimal.sign(after) >= 0,
    average: walked?.average ?? null,
    note: noteOf(form, walked, limit),
  };
}

/** The largest quantity that `percent` of the buying power pays for, in whole lots; null while no price is known. */
export function affordable(form: Form, percent: number, around: Surroundings): string | null {
  const { instrument, balances } = around;
  const perpetual = instrument.kind === "linear_perpetual";
  const lot = decimalOf(instrument.lot_size);
  const share = { units: BigInt(percent), scale: 2 };
  const places = instrument.quantity_decimals;
  if (form.side === "sell" && !perpetual) {
    const part = decimal.multiply(decimalOf(balances.get(instrument.base)?.available), share);
    return plainLots(part, lot, places);
  }
  const price = heldPrice(form, around, null);
  if (!price || decimal.sign(price) <= 0) return null;
  const rate = perpetual ? { units: BigInt(instrument.initial_margin_bps), scale: BPS } : { units: 1n, scale: 0 };
  const factor = decimal.add(rate, { units: worstFeePpm(instrument), scale: PPM });
  const unit = decimal.multiply(decimal.multiply(price, multiplierOf(instrument)), factor);
  const part = decimal.multiply(decimalOf(balances.get(instrument.quote)?.available), share);
  return plainLots(decimal.quotient(part, unit, places, "floor"), lot, places);
}

/** One step of tick or lot up or down; never under one step. */
export function stepped(text: string, step: string, steps: number, start: string | null): string {
  const size = decimalOf(step);
  const from = parseDecimal(text) ?? decimalOf(start);
  const moved = decimal.add(from, { units: size.units * BigInt(steps), scale: size.scale });
  const aligned = decimal.toStep(moved, size, steps > 0 ? "floor" : "ceil");
  return decimal.formatPlain(decimal.sign(aligned) > 0 ? aligned : size, size.scale);
}

function plainLots(value: Decimal, lot: Decimal, places: number): string {
  return decimal.formatPlain(decimal.trimmed(rescale(decimal.toStep(value, lot, "floor"), places, "floor")));
}

function valueOf(quantity: Decimal, price: Decimal, instrument: Instrument, places: number): Decimal {
  return rescale(decimal.multiply(decimal.multiply(quantity, price), multiplierOf(instrument)), places, "ceil");
}

function multiplierOf(instrument: Instrument): Decimal {
  return decimalOf(String(instrument.multiplier ?? 1));
}

function worstFeePpm(instrument: Instrument): bigint {
  return BigInt(Math.max(instrument.maker_fee_ppm, instrument.taker_fee_ppm, 0));
}

function feeOf(value: Decimal, instrument: Instrument, places: number): Decimal {
  return rescale(decimal.multiply(value, { units: worstFeePpm(instrument), scale: PPM }), places, "ceil");
}

function marginOf(value: Decimal, instrument: Instrument, places: number): Decimal {
  return rescale(decimal.multiply(value, { units: BigInt(instrument.initial_margin_bps), scale: BPS }), places, "ceil");
}

/** Does it trade at once at whatever the book gives? */
export function isAtMarket({ type }: Pick<Form, "type">): boolean {
  return type === "market" || type === "market_to_limit";
}

/** The price that the order is held at: its limit, its trigger, else that of the market. */
function heldPrice(form: Form, around: Surroundings, walked: Walk | null): Decimal | null {
  const limit = PRICED[form.type] === "none" ? null : parseDecimal(form.price);
  if (limit) return limit;
  switch (form.type) {
    case "stop":
      return parseDecimal(form.terms.stop);
    case "trailing_stop":
      return parseDecimal(form.terms.stop) ?? trailedFrom(form, around);
    case "limit":
    case "stop_limit":
    case "response":
      return null;
    default:
      return protection(form.side, around, walked);
  }
}

/** Where a trailing stop begins: its distance from the price of now. */
function trailedFrom({ side, terms }: Form, { reference }: Surroundings): Decimal | null {
  const offset = parseDecimal(terms.offset);
  if (!offset || reference === null) return null;
  return side === "buy" ? decimal.add(decimalOf(reference), offset) : decimal.subtract(decimalOf(reference), offset);
}

interface Walk {
  average: Decimal;
  last: Decimal;
  whole: boolean;
}

/** What the visible book would give a market order of this quantity. */
function walk(quantity: Decimal, { instrument, opposite }: Surroundings): Walk | null {
  let left = rescale(quantity, instrument.quantity_decimals, "ceil").units;
  let taken = 0n;
  let paid = 0n;
  let last = 0n;
  for (const [price, size] of opposite) {
    if (left === 0n) break;
    const part = left < BigInt(size) ? left : BigInt(size);
    last = BigInt(price);
    paid += part * last;
    taken += part;
    left -= part;
  }
  if (taken === 0n) return null;
  const scale = instrument.price_decimals;
  const average = decimal.quotient({ units: paid, scale }, { units: taken, scale: 0 }, scale + 2, "ceil");
  return { average, last: { units: last, scale }, whole: left === 0n };
}

/** The price at which a market order is held: the collar's, or without one the last level that it would reach. */
function protection(
  side: Side,
  { instrument, reference, opposite }: Surroundings,
  walked: Walk | null,
): Decimal | null {
  if (instrument.collar_bps === 0 || reference === null) {
    const best = opposite[0];
    return walked?.last ?? (best ? { units: BigInt(best[0]), scale: instrument.price_decimals } : null);
  }
  const factor = { units: BigInt(10_000 + (side === "buy" ? 1 : -1) * instrument.collar_bps), scale: BPS };
  const moved = decimal.multiply(decimalOf(reference), factor);
  return decimal.toStep(moved, decimalOf(instrument.tick_size), side === "buy" ? "floor" : "ceil");
}

function noteOf(form: Form, walked: Walk | null, limit: Decimal): string {
  if (!isAtMarket(form)) return "";
  const guard = `Never beyond ${decimal.formatGrouped(decimal.trimmed(limit, 2))}.`;
  if (!walked) return `${guard} Nothing to trade with at the moment.`;
  return walked.whole ? guard : `${guard} More than the visible book holds.`;
}
