import { describe, expect, it } from "vitest";
import { eventWords, isChild, percentDone, statusWords, termWords, typeWords } from "../../src/orderWords";
import type { Order, OrderEvent } from "../../src/wire/types";

const ORDER = { type: "stop_limit", time_in_force: "gtd", status: "open", reason: null, waits_for: "trigger" } as Order;

describe("an order in words", () => {
  it("names its type and time in force", () => {
    expect(typeWords(ORDER)).toBe("Stop limit GTD");
    expect(typeWords({ ...ORDER, type: "market", time_in_force: "at_open" })).toBe("Market At open");
  });

  it("names its terms in one line, figures without needless zeros", () => {
    const terms = {
      stop_price: "99.50",
      trigger: "mark",
      display_quantity: "1.500",
      display_quantity_max: "2.000",
      expires_at: "2026-12-01T10:00:00.000000000Z",
      one_cancels: "ord-7",
    };
    expect(termWords({ terms, flags: ["hidden", "reduce_only"] })).toBe(
      "stop 99.50 · on mark · shows 1.5 · to 2 · until 2026-12-01 10:00:00 · or ord-7 · hidden · reduce only",
    );
    expect(termWords({ terms: {}, flags: [] })).toBe("");
  });

  it("says what an open order waits for, and why one that ended did", () => {
    expect(statusWords(ORDER)).toBe("waits for its trigger");
    expect(statusWords({ ...ORDER, waits_for: null })).toBe("open");
    expect(statusWords({ ...ORDER, status: "cancelled", reason: "dead_man" })).toBe("cancelled · dead man");
  });

  it("names the path of a parent and how far it is", () => {
    const parent = { ...ORDER, path: "TWAP", filled: "33.5", quantity: "100" } as Order;
    expect(typeWords(parent)).toBe("Worked by TWAP");
    expect(statusWords(parent)).toBe("working · 33 %");
    expect(percentDone({ filled: "0", quantity: "0" })).toBe(0);
    expect([isChild(parent), isChild({ ...ORDER, parent_order: "ord-1" })]).toEqual([false, true]);
  });

  it("tells an event with the figures that it has", () => {
    const nothing = { price: null, quantity: null, stop_price: null, liquidity: null, reason: null };
    const event = (part: object): OrderEvent => ({ ...nothing, ...part }) as OrderEvent;
    expect(eventWords(event({ event: "traded", price: "10.50", quantity: "2.0", liquidity: "maker" }))).toBe(
      "traded 2 at 10.50 as maker",
    );
    expect(eventWords(event({ event: "change_refused", reason: "off_tick" }))).toBe("change refused (off tick)");
    expect(eventWords(event({ event: "trailed", stop_price: "9.00", price: "8.00" }))).toBe(
      "trailed stop 9.00 at 8.00",
    );
  });
});
