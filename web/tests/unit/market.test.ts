import { beforeEach, describe, expect, it, vi } from "vitest";
import { BookFeed, unitsOf } from "../../src/stores/market";
import type { Instrument } from "../../src/wire/types";

beforeEach(() => vi.stubGlobal("requestAnimationFrame", () => 0));

const BTC = { instrument: "BTC-USD", price_decimals: 2, quantity_decimals: 4 } as Instrument;

describe("a book", () => {
  it("takes a snapshot, then levels that change and levels that go", () => {
    const book = new BookFeed(BTC);
    const bids: [string, string, number][] = [
      ["100.00", "1.5000", 1],
      ["99.50", "2", 1],
    ];
    book.take("snapshot", { bids, asks: [["100.01", "3", null]] });
    book.take("delta", { bids: [["100.00", "0", 0]], asks: [["100.01", "2.5", null]] });
    expect([...book.bids]).toEqual([[9950, 20_000]]);
    expect([...book.asks]).toEqual([[10_001, 25_000]]);
    expect([book.bestBid, book.bestAsk]).toEqual([9950, 10_001]);
    book.take("snapshot", { bids: [], asks: [] });
    expect([book.bestBid, book.bestAsk]).toEqual([null, null]);
  });

  it("counts the engine's largest price and quantity exactly", () => {
    expect(unitsOf("1000000000.000000", 6)).toBe(10 ** 15);
    expect(unitsOf("999999999.999999", 6)).toBe(10 ** 15 - 1);
  });
});
