import { describe, expect, it } from "vitest";
import { type Lexicon, meaning, summaryOf } from "../../src/recordWords";
import type { Instrument, JournalRecord } from "../../src/wire/types";

const BTC = {
  id: 3,
  instrument: "BTC-USD",
  base: "BTC",
  quote: "USD",
  price_decimals: 2,
  quantity_decimals: 4,
} as Instrument;
const LEXICON: Lexicon = {
  instrument: (id) => (id === 3 ? BTC : undefined),
  instrumentOfOrder: (order) => (order === 7191 ? BTC : undefined),
};
const PLACED = {
  account: 18,
  instrument: 3,
  venue: 0,
  side: 2,
  kind: 1,
  tif: 2,
  flags: 0,
  price: 6180045,
  quantity: 320,
};

function record(kind: string, command: object, effects: object[]): JournalRecord {
  return { kind, command, effects } as unknown as JournalRecord;
}

describe("a record in one line", () => {
  it("says who asked for what and what came of it", () => {
    const traded = { kind: "Traded", instrument: 3, taker_side: 2, price: 6180100, quantity: 120 };
    const ended = { kind: "Cancelled", order: 7469, reason: 1 };
    expect(summaryOf(record("PlaceOrder", PLACED, [{ kind: "Accepted", order: 1 }, traded, ended]), LEXICON)).toBe(
      "acc-18 sell 0.032 BTC-USD at 61,800.45 USD · accepted · traded 0.012 BTC-USD at 61,801 USD · ended: IOC",
    );
  });

  it("knows the instrument of an order that it saw placed, and leaves out figures that it cannot read", () => {
    const change = { account: 18, price: 6180000, quantity: 5 };
    expect(summaryOf(record("ReplaceOrder", { ...change, order: 7191 }, []), LEXICON)).toContain(
      "0.0005 BTC-USD at 61,800 USD",
    );
    expect(summaryOf(record("ReplaceOrder", { ...change, order: 4 }, []), LEXICON)).toBe("ord-4");
  });

  it("names the reason of a refusal", () => {
    const refused = { kind: "Rejected", reason: "insufficient_funds" };
    expect(summaryOf(record("PlaceOrder", PLACED, [refused]), LEXICON)).toContain("refused: insufficient funds");
  });

  it("counts what does not fit", () => {
    const many = Array.from({ length: 9 }, () => ({ kind: "Cancelled", order: 1, reason: 5 }));
    expect(summaryOf(record("CancelAll", {}, many), LEXICON)).toMatch(/and 6 more$/);
  });
});

describe("what a number means", () => {
  it.each([
    ["PlaceOrder", "kind", 2, "market"],
    ["OpenAccount", "kind", 2, "house"],
    ["PlaceOrder", "tif", 3, "FOK"],
    ["Traded", "maker", 2, "house:fees"],
    ["Traded", "maker_order", 0, "at the venue"],
    ["Halt", "instrument", 0, "everything"],
    ["PlaceOrder", "client_id", "00", null],
  ] as const)("%s.%s %s is %s", (message, name, value, wanted) => {
    expect(meaning(message, name, value, undefined)).toBe(wanted);
  });
});
