import { describe, expect, it } from "vitest";
import { formatPlain } from "../../src/decimal";
import { affordable, errorsOf, estimate, type Form, requestOf, stepped, type Surroundings } from "../../src/ticket";
import { NO_TERMS, type Terms } from "../../src/terms";
import type { Balance, Instrument } from "../../src/wire/types";

const BTC: Instrument = {
  id: 1,
  instrument: "BTC-USD",
  kind: "crypto_spot",
  base: "BTC",
  quote: "USD",
  price_decimals: 2,
  quantity_decimals: 4,
  tick_size: "0.50",
  lot_size: "0.0010",
  maker_fee_ppm: 100,
  taker_fee_ppm: 200,
  collar_bps: 500,
  initial_margin_bps: 0,
  state: "open",
  mark: "100.00",
  last_price: "100.00",
  change_24h: null,
  venues: ["house"],
};
const PERPETUAL: Instrument = { ...BTC, kind: "linear_perpetual", initial_margin_bps: 1_000 };
const FORM: Form = {
  side: "buy",
  type: "limit",
  tif: "gtc",
  price: "100.00",
  quantity: "1.5",
  venue: null,
  terms: NO_TERMS,
  path: null,
  minutes: "",
  share: "",
};

function withTerms(part: Partial<Form>, terms: Partial<Terms> = {}): Form {
  return { ...FORM, ...part, terms: { ...NO_TERMS, ...terms } };
}

function around(instrument: Instrument = BTC): Surroundings {
  return {
    instrument,
    balances: new Map([balance("USD", 2, "1000.00"), balance("BTC", 8, "2.00000000")]),
    opposite: [
      [10_050, 10_000],
      [10_100, 50_000],
    ],
    reference: "100.00",
  };
}

function balance(asset: string, decimals: number, available: string): [string, Balance] {
  return [asset, { account: "acc-16", asset, decimals, total: available, held: "0", available, frozen: false }];
}

describe("what is wrong with a form", () => {
  it("finds nothing in a good one", () => {
    expect(errorsOf(FORM, BTC)).toEqual({});
  });

  it.each([
    [{ price: "100.25" }, "price", "multiple of the tick"],
    [{ price: "" }, "price", "needs a price"],
    [{ quantity: "0" }, "quantity", "more than zero"],
    [{ quantity: "0.0015" }, "quantity", "multiple of the lot"],
    [{ quantity: "ten" }, "quantity", "Not a number"],
  ] as const)("%j is said at %s", (part, field, words) => {
    expect(errorsOf({ ...FORM, ...part }, BTC)[field]).toContain(words);
  });

  it.each([
    [withTerms({ type: "stop" }), "stop_price", "At what price"],
    [withTerms({ type: "stop" }, { stop: "100.25" }), "stop_price", "multiple of the tick"],
    [withTerms({ type: "trailing_stop", price: "" }), "offset", "How far"],
    [withTerms({ type: "trailing_stop", price: "" }, { offset: "0.30" }), "offset", "multiple of the tick"],
    [withTerms({ tif: "gtd" }), "expires_at", "Until when"],
    [withTerms({}, { display: "0.0005" }), "display_quantity", "multiple of the lot"],
    [withTerms({}, { minimum: "x" }), "min_quantity", "Not a number"],
    [withTerms({}, { oneCancels: "4711" }), "one_cancels", "ord-4711"],
  ] as const)("a special term is said at its own field (%#)", (form, field, words) => {
    expect(errorsOf(form, BTC)[field]).toContain(words);
  });

  it("finds nothing in terms that are not shown", () => {
    expect(errorsOf(withTerms({ type: "market", price: "" }, { stop: "x", display: "x" }), BTC)).toEqual({});
  });

  it("takes an offset of a peg either way, and none", () => {
    for (const offset of ["-0.50", "−0.50", "0.50", "0", ""])
      expect(errorsOf(withTerms({ type: "peg", price: "" }, { offset }), BTC)).toEqual({});
  });

  it("asks no price of a market order", () => {
    expect(errorsOf({ ...FORM, type: "market", price: "" }, BTC)).toEqual({});
    expect(requestOf({ ...FORM, type: "market", price: "7" }, BTC, "id", "acc-16")).not.toHaveProperty("price");
  });
});

describe("what is sent", () => {
  it("has nothing but what goes with the chosen order", () => {
    const everything: Partial<Terms> = {
      stop: "99.00",
      offset: "-0.5",
      trigger: "mark",
      minimum: "0.01",
      expires: "2026-12-01T10:00",
      oneCancels: " ord-5 ",
      request: "ord-6",
      reduceOnly: true,
      short: true,
    };
    const sent = requestOf(
      withTerms({ type: "stop", side: "sell", price: "7", tif: "gtd" }, everything),
      BTC,
      "id",
      "",
    );
    expect(sent).toEqual({
      instrument: "BTC-USD",
      side: "sell",
      type: "stop",
      time_in_force: "gtd",
      quantity: "1.5",
      venue: null,
      client_order_id: "id",
      stop_price: "99.00",
      trigger: "mark",
      min_quantity: "0.01",
      expires_at: "2026-12-01T10:00:00Z",
      one_cancels: "ord-5",
      reduce_only: true,
      short: true,
    });
  });

  it("is post-only one way or the other", () => {
    expect(requestOf(withTerms({}, { postOnly: "reject" }), BTC, "id", "")).toMatchObject({ post_only: true });
    expect(requestOf(withTerms({}, { postOnly: "slide" }), BTC, "id", "")).toMatchObject({
      post_only: true,
      slide: true,
    });
    expect(requestOf(withTerms({ tif: "ioc" }, { postOnly: "reject" }), BTC, "id", "")).not.toHaveProperty("post_only");
  });

  it("names a path with its time and its share of the volume, and no venue or special term", () => {
    const worked = { ...withTerms({ venue: "house" }, { hidden: true }), path: "TWAP", minutes: "5", share: "12.5" };
    const sent = requestOf(worked, BTC, "id", "", Date.UTC(2026, 10, 28, 12));
    expect(sent).toMatchObject({
      path: "TWAP",
      until: "2026-11-28T12:05:00.000Z",
      max_participation: "0.125",
      venue: null,
      price: "100.00",
    });
    expect(sent).not.toHaveProperty("hidden");
    expect(requestOf({ ...worked, type: "peg" }, BTC, "id", "")).not.toHaveProperty("path");
  });

  it("asks for a time and a share that make sense", () => {
    const worked = { ...FORM, path: "auto", minutes: "0", share: "101" };
    expect(Object.keys(errorsOf(worked, BTC))).toEqual(["until", "max_participation"]);
    expect(errorsOf({ ...worked, minutes: "", share: "100" }, BTC)).toEqual({});
  });

  it("keeps an optional limit only where one was given", () => {
    const peg = withTerms({ type: "peg", price: "" }, { peg: "mid", offset: "−0.50" });
    expect(requestOf(peg, BTC, "id", "")).not.toHaveProperty("price");
    expect(requestOf({ ...peg, price: "100" }, BTC, "id", "")).toMatchObject({
      price: "100",
      peg: "mid",
      offset: "-0.50",
    });
  });
});

describe("what an order would cost", () => {
  it("holds value and the worst fee for a buy", () => {
    const cost = estimate(FORM, around())!;
    expect([cost.value, cost.fee, cost.hold, cost.after].map((one) => formatPlain(one))).toEqual([
      "150.00",
      "0.03",
      "150.03",
      "849.97",
    ]);
    expect(cost.asset).toBe("USD");
  });

  it("rounds a fee up, against the client", () => {
    expect(formatPlain(estimate({ ...FORM, quantity: "0.001" }, around())!.fee)).toBe("0.01");
  });

  it("holds the asset for a sell", () => {
    const cost = estimate({ ...FORM, side: "sell" }, around())!;
    expect(cost.asset).toBe("BTC");
    expect(formatPlain(cost.after)).toBe("0.50000000");
  });

  it("holds margin and fee for a perpetual, both ways", () => {
    for (const side of ["buy", "sell"] as const) {
      expect(formatPlain(estimate({ ...FORM, side }, around(PERPETUAL))!.hold)).toBe("15.03");
    }
  });

  it("holds a market order at its protection price and shows the walked average", () => {
    const cost = estimate({ ...FORM, type: "market", price: "" }, around())!;
    expect(formatPlain(cost.hold)).toBe("157.54");
    expect(formatPlain(cost.average!)).toBe("100.6667");
    expect(cost.note).toContain("Never beyond 105.00");
  });

  it("says when the book is too thin", () => {
    expect(estimate({ ...FORM, type: "market", quantity: "9" }, around())!.note).toContain(
      "More than the visible book",
    );
  });

  it("says when it is more than is available", () => {
    expect(estimate({ ...FORM, quantity: "10" }, around())!.enough).toBe(false);
    expect(estimate({ ...FORM, quantity: "9.998" }, around())!.enough).toBe(true);
  });
});

describe("what an order holds while it waits", () => {
  it.each([
    [withTerms({ type: "stop", price: "" }, { stop: "110.00" }), "165.04"],
    [withTerms({ type: "stop_limit", price: "120" }, { stop: "110.00" }), "180.04"],
    [withTerms({ type: "trailing_stop", price: "" }, { offset: "10" }), "165.04"],
    [withTerms({ type: "trailing_stop", price: "" }, { offset: "10", stop: "115" }), "172.54"],
    [withTerms({ type: "peg", price: "90" }), "135.03"],
  ] as const)("a waiting order is held at its own price (%#)", (form, hold) => {
    expect(formatPlain(estimate(form, around())!.hold)).toBe(hold);
  });
});

describe("quantity presets", () => {
  it("never ask for more than there is", () => {
    const most = affordable(FORM, 100, around())!;
    expect(most).toBe("9.998");
    expect(estimate({ ...FORM, quantity: most }, around())!.enough).toBe(true);
    expect(affordable({ ...FORM, side: "sell" }, 25, around())).toBe("0.5");
    expect(affordable({ ...FORM, price: "" }, 25, around())).toBeNull();
  });
});

describe("steps", () => {
  it("move by whole ticks, onto the grid, never to zero", () => {
    expect(stepped("100.00", "0.50", 1, null)).toBe("100.50");
    expect(stepped("100.20", "0.50", 1, null)).toBe("100.50");
    expect(stepped("100.20", "0.50", -1, null)).toBe("100.00");
    expect(stepped("0.50", "0.50", -10, null)).toBe("0.50");
    expect(stepped("", "0.50", 1, "99.50")).toBe("100.00");
  });
});
