/** Public market data: the list of markets, one book, the last trades. */
import { decimalOf, rescale } from "../decimal";
import type { Stream } from "../wire/stream";
import type { Book, Instrument, Level, MarketRow, MarketTrade } from "../wire/types";
import { Cell, inNextFrame } from "./cell";

export type Direction = -1 | 0 | 1;
export type Market = MarketRow & { direction: Direction };

/** Last, bid, ask and change of every market. */
export class Markets {
  readonly rows = new Cell<ReadonlyMap<string, Market>>(new Map());

  follow(stream: Stream): () => void {
    return stream.subscribe({ channel: "markets" }, ({ data }) => this.take(data as MarketRow[]));
  }

  private take(changed: MarketRow[]): void {
    const rows = new Map(this.rows.get());
    for (const row of changed) rows.set(row.instrument, withDirection(row, rows.get(row.instrument)));
    this.rows.set(rows);
  }
}

function withDirection(row: MarketRow, before: Market | undefined): Market {
  const merged = { ...before, ...row };
  const moved = rescaledDifference(row.last, before?.last);
  return { ...merged, direction: moved > 0n ? 1 : moved < 0n ? -1 : (before?.direction ?? 0) };
}

function rescaledDifference(now: string | null, before: string | null | undefined): bigint {
  if (!now || !before) return 0n;
  const left = decimalOf(now);
  const right = decimalOf(before);
  const scale = Math.max(left.scale, right.scale);
  return rescale(left, scale, "floor").units - rescale(right, scale, "floor").units;
}

/**
 * One instrument's book. Prices and quantities are whole units of the instrument's decimals: the engine's limits (10^15
 * and 10^12) keep them within JavaScript's exact integers.
 */
export class BookFeed {
  readonly bids = new Map<number, number>();
  readonly asks = new Map<number, number>();
  /** When false, nothing has been heard yet. */
  ready = false;
  private readonly painters = new Set<() => void>();

  constructor(readonly instrument: Instrument) {}

  follow(stream: Stream, depth: number): () => void {
    const topic = { channel: "book", instrument: this.instrument.instrument, depth };
    return stream.subscribe(topic, ({ type, data }) => this.take(type, data as Book));
  }

  /** Calls `painter` in the frame after a change; returns the way to stop. */
  onChange(painter: () => void): () => void {
    this.painters.add(painter);
    return () => this.painters.delete(painter);
  }

  get bestBid(): number | null {
    return this.bids.size === 0 ? null : Math.max(...this.bids.keys());
  }

  get bestAsk(): number | null {
    return this.asks.size === 0 ? null : Math.min(...this.asks.keys());
  }

  take(type: "snapshot" | "delta", book: Book): void {
    if (type === "snapshot") {
      this.bids.clear();
      this.asks.clear();
      this.ready = true;
    }
    this.apply(this.bids, book.bids);
    this.apply(this.asks, book.asks);
    for (const painter of this.painters) inNextFrame(painter);
  }

  private apply(side: Map<number, number>, levels: Level[]): void {
    for (const [price, quantity] of levels) {
      const units = unitsOf(quantity, this.instrument.quantity_decimals);
      const at = unitsOf(price, this.instrument.price_decimals);
      if (units === 0) side.delete(at);
      else side.set(at, units);
    }
  }
}

/** A decimal text as whole units of 10^-`decimals`. */
export function unitsOf(text: string, decimals: number): number {
  return Number(rescale(decimalOf(text), decimals, "floor").units);
}

const TRADES_SHOWN = 200;

/** The last trades of one instrument, newest first. */
export class TradeFeed {
  readonly trades = new Cell<readonly MarketTrade[]>([]);

  constructor(readonly instrument: string) {}

  follow(stream: Stream): () => void {
    return stream.subscribe({ channel: "trades", instrument: this.instrument }, ({ type, data }) => {
      const news = [...([data].flat() as MarketTrade[])].sort((left, right) => (left.time < right.time ? 1 : -1));
      const kept = type === "snapshot" ? [] : this.trades.get();
      this.trades.set([...news, ...kept].slice(0, TRADES_SHOWN));
    });
  }
}
