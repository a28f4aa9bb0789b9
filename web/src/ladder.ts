/**
 * The ladder's arithmetic: a static price axis and what stands at each of its steps. Prices and quantities are whole
 * units of the instrument's decimals (exact integers).
 */
export interface Axis {
  /** Price of the top row. */
  top: number;
  /** Price between two rows: a whole number of ticks. */
  step: number;
  rows: number;
}

export interface Rung {
  price: number;
  bid: number;
  ask: number;
  ownBuy: number;
  ownSell: number;
}

/** A resting order of one's own: price, what is left. */
export interface OwnOrder {
  price: number;
  left: number;
  buy: boolean;
}

export interface Depth {
  bids: ReadonlyMap<number, number>;
  asks: ReadonlyMap<number, number>;
}

const NICE = [1, 2, 5];
/** Levels of each side that the first axis should show. */
const LEVELS_IN_SIGHT = 5;

/** The steps one may choose: 1, 2, 5, 10, ... ticks. */
export function stepsOf(tick: number): number[] {
  return Array.from({ length: 18 }, (_, at) => tick * (NICE[at % 3] ?? 1) * 10 ** Math.floor(at / 3));
}

/** The smallest step at which the best levels of both sides fit into `rows`. */
export function fittingStep(depth: Depth, tick: number, rows: number): number {
  const bids = [...depth.bids.keys()].sort((left, right) => right - left).slice(0, LEVELS_IN_SIGHT);
  const asks = [...depth.asks.keys()].sort((left, right) => left - right).slice(0, LEVELS_IN_SIGHT);
  const prices = [...bids, ...asks];
  if (prices.length < 2) return tick;
  const span = Math.max(...prices) - Math.min(...prices);
  return stepsOf(tick).find((step) => span / step <= rows - 2) ?? tick;
}

/** An axis whose middle row is nearest to `price`. */
export function centredAxis(price: number, step: number, rows: number): Axis {
  const middle = Math.round(price / step) * step;
  return { top: middle + Math.floor(rows / 2) * step, step, rows };
}

/** Whether a price stands on the axis, at least `margin` rows from its ends. */
export function isInSight({ top, step, rows }: Axis, price: number, margin = 0): boolean {
  return price <= top - margin * step && price >= top - (rows - 1 - margin) * step;
}

/** What stands on each row, best prices rounded away from the middle, as a resting order's reader expects. */
export function rungsOf(axis: Axis, depth: Depth, own: readonly OwnOrder[]): Rung[] {
  const rungs = Array.from({ length: axis.rows }, (_, at) => ({
    price: axis.top - at * axis.step,
    bid: 0,
    ask: 0,
    ownBuy: 0,
    ownSell: 0,
  }));
  const at = (price: number, up: boolean): Rung | undefined => {
    const stepped = (up ? Math.ceil(price / axis.step) : Math.floor(price / axis.step)) * axis.step;
    return rungs[(axis.top - stepped) / axis.step];
  };
  for (const [price, quantity] of depth.bids) addTo(at(price, false), "bid", quantity);
  for (const [price, quantity] of depth.asks) addTo(at(price, true), "ask", quantity);
  for (const { price, left, buy } of own) addTo(at(price, !buy), buy ? "ownBuy" : "ownSell", left);
  return rungs;
}

function addTo(rung: Rung | undefined, field: "bid" | "ask" | "ownBuy" | "ownSell", quantity: number): void {
  if (rung) rung[field] += quantity;
}
