import { describe, expect, it } from "vitest";
import {
  isInCall,
  presenceWords,
  protectionWords,
  RULE_NUMBERS,
  RULE_WORDS,
  rulesOf,
  ruleText,
  scopeBody,
  scopeName,
  standing,
} from "../../src/marketWords";
import type { Maker, MarketSession } from "../../src/wire/types";

const MARKET: MarketSession = {
  instrument: "BTC-USD",
  state: "continuous",
  cause: null,
  since: null,
  halted: false,
  killed: false,
  book: "lit",
  rules: {},
  ticks: [],
  auction: null,
  indicative: null,
  limit_state: null,
};
const MAKER: Maker = {
  account: "acc-20",
  instrument: "BTC-USD",
  spread: "5.00",
  quantity: "1.0",
  presence_bps: 9_000,
  quoted_s: "90.0",
  open_s: "100.0",
  presence: "0.912345",
  met: true,
  pulled: false,
  pulled_by: null,
  protection: null,
};

describe("how a market stands", () => {
  it("says the worst first", () => {
    const limit_state = { side: "buy", price: "9.00" } as const;
    expect(standing({ ...MARKET, killed: true, halted: true }).text).toBe("Killed");
    expect(standing({ ...MARKET, halted: true, limit_state }).text).toBe("Halted");
    expect(standing({ ...MARKET, limit_state })).toEqual({ text: "Limit state, buys at the edge", tone: "warn" });
    expect(standing({ ...MARKET, state: "opening_auction" })).toEqual({ text: "Opening auction", tone: "warn" });
    expect(standing(MARKET)).toEqual({ text: "Continuous", tone: "" });
  });

  it("is in a call by its state or by its book", () => {
    expect(isInCall({ state: "volatility_auction", book: "lit" })).toBe(true);
    expect(isInCall({ state: "continuous", book: "auction" })).toBe(true);
    expect(isInCall({ state: "continuous", book: "lit" })).toBe(false);
    expect(isInCall({ state: "closed", book: "auction" })).toBe(false);
  });
});

describe("rules in words", () => {
  it("knows every rule of the engine but the kind of book, which has a line of its own", () => {
    expect([...RULE_NUMBERS].filter((rule) => !(rule in RULE_WORDS))).toEqual(["book"]);
    expect(Object.keys(RULE_WORDS).filter((rule) => !RULE_NUMBERS.includes(rule))).toEqual([]);
  });

  it("names values, and figures with their units", () => {
    expect(ruleText("band_action", 2)).toBe("volatility auction");
    expect(ruleText("static_band_bps", 1_000)).toBe("± 10 %");
    expect(ruleText("pause_ns", 1_500_000_000)).toBe("1.5 s");
    expect(ruleText("expiry", 0)).toBe("never");
    expect(rulesOf({ self_trade: 4, dynamic_band_bps: 50 })).toEqual([
      ["Dynamic band", "± 0.5 %"],
      ["Self-trade", "decrement"],
    ]);
  });
});

describe("a market maker in words", () => {
  it("tells presence against what is owed, cut off and never rounded up", () => {
    expect(presenceWords(MAKER)).toBe("91.23 % of 90 %");
    expect(presenceWords({ ...MAKER, presence: null })).toBe("not scored yet, owes 90 %");
  });

  it("tells what pulls the quotes", () => {
    const protection = { window_ms: 1_000, quantity: "5.0", net_quantity: null, percent_bps: 5_000 };
    expect(protectionWords({ ...MAKER, protection })).toBe("5.0 traded or 50 % of the quote in 1,000 ms");
    expect(protectionWords(MAKER)).toBe("none");
  });
});

describe("a kill's scope", () => {
  it("is typed by its name", () => {
    expect(scopeName("everything", null)).toBe("everything");
    expect(scopeName("account", "acc-16")).toBe("acc-16");
    expect(scopeName("group", "3")).toBe("group 3");
  });

  it("is sent as the API has it", () => {
    expect(scopeBody({ scope: "everything", of: null })).toEqual({ scope: "everything", of: null });
    expect(scopeBody({ scope: "session", of: "7" })).toEqual({ scope: "session", of: 7 });
    expect(scopeBody({ scope: "venue", of: "dark-1" })).toEqual({ scope: "venue", of: "dark-1" });
  });
});
