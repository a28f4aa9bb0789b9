import { describe, expect, it } from "vitest";
import { neededTerms, NO_TERMS, shownTerms, type Terms, tifsOf, typesOf } from "../../src/terms";
import type { OrderType, Side, TimeInForce } from "../../src/wire/types";

function shown(type: OrderType, tif: TimeInForce = "gtc", terms: Partial<Terms> = {}, side: Side = "buy"): string[] {
  return shownTerms({ type, tif, side, terms: { ...NO_TERMS, ...terms } });
}

describe("which terms an order shows", () => {
  it.each([
    ["limit", ["postOnly", "hidden", "allOrNone", "reduceOnly", "display", "minimum", "oneCancels", "parent"]],
    ["market", ["allOrNone", "reduceOnly", "minimum", "oneCancels", "parent"]],
    ["stop", ["stop", "trigger", "allOrNone", "reduceOnly", "minimum", "oneCancels", "parent"]],
    ["trailing_stop", ["stop", "offset", "trigger", "allOrNone", "reduceOnly", "minimum", "oneCancels", "parent"]],
    ["peg", ["offset", "peg", "hidden", "allOrNone", "reduceOnly", "minimum", "oneCancels", "parent"]],
    ["request", []],
    ["response", ["request"]],
  ] as const)("%s", (type, fields) => {
    expect(shown(type)).toEqual(fields);
  });

  it("sells may be short, buys may not", () => {
    expect(shown("limit", "gtc", {}, "sell")).toContain("short");
    expect(shown("limit", "gtc", {}, "buy")).not.toContain("short");
  });

  it("an order that does not stay shows nothing of staying", () => {
    for (const tif of ["ioc", "fok"] as const)
      for (const field of ["postOnly", "display"]) expect(shown("limit", tif)).not.toContain(field);
  });

  it("a hidden order shows no part of itself, and a part shown is not hidden", () => {
    expect(shown("limit", "gtc", { hidden: true })).not.toContain("display");
    expect(shown("limit", "gtc", { display: "1" })).not.toContain("hidden");
    expect(shown("limit", "gtc", { display: "1" })).toContain("displayMax");
  });

  it("all-or-none goes with no other condition on the quantity", () => {
    for (const field of ["display", "minimum", "postOnly"])
      expect(shown("limit", "gtc", { allOrNone: true })).not.toContain(field);
    expect(shown("limit", "at_open")).not.toContain("allOrNone");
  });

  it("good-till-date asks until when", () => {
    expect(neededTerms({ type: "limit", tif: "gtd" })).toEqual(["expires"]);
    expect(neededTerms({ type: "stop_limit", tif: "gtc" })).toEqual(["stop"]);
    expect(neededTerms({ type: "market", tif: "gtc" })).toEqual([]);
  });
});

describe("what a book takes", () => {
  it("names its types", () => {
    expect(typesOf("lit")).toEqual([
      "limit",
      "market",
      "market_to_limit",
      "stop",
      "stop_limit",
      "trailing_stop",
      "peg",
    ]);
    expect(typesOf("dark")).toEqual(["limit", "peg"]);
    expect(typesOf("rfq")).toEqual(["request", "response"]);
  });

  it("keeps orders of auctions to limit and market", () => {
    expect(tifsOf("limit")).toContain("at_open");
    expect(tifsOf("stop")).not.toContain("at_open");
    expect(tifsOf("request")).toEqual(["gtc", "day", "gtd"]);
  });
});
