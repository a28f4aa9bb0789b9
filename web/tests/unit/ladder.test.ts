import { describe, expect, it } from "vitest";
import { centredAxis, fittingStep, isInSight, rungsOf } from "../../src/ladder";

const DEPTH = {
  bids: new Map([
    [999, 5],
    [998, 7],
    [990, 1],
  ]),
  asks: new Map([
    [1001, 2],
    [1003, 4],
  ]),
};

describe("the axis", () => {
  it("puts the middle price in the middle row", () => {
    const axis = centredAxis(1000, 1, 11);
    expect(axis.top).toBe(1005);
    expect(isInSight(axis, 995)).toBe(true);
    expect(isInSight(axis, 994)).toBe(false);
  });

  it("chooses the smallest step that shows the best levels", () => {
    expect(fittingStep(DEPTH, 1, 40)).toBe(1);
    expect(fittingStep(DEPTH, 1, 9)).toBe(2);
  });
});

describe("the rungs", () => {
  it("show each level at its price when the step is a tick", () => {
    const rungs = rungsOf(centredAxis(1000, 1, 21), DEPTH, []);
    expect(rungs.find((rung) => rung.price === 999)?.bid).toBe(5);
    expect(rungs.find((rung) => rung.price === 1003)?.ask).toBe(4);
  });

  it("round bids down and asks up, so that a coarse step never shows a crossed market", () => {
    const rungs = rungsOf(centredAxis(1000, 10, 5), DEPTH, []);
    expect(rungs.map(({ price, bid, ask }) => [price, bid, ask])).toEqual([
      [1020, 0, 0],
      [1010, 0, 6],
      [1000, 0, 0],
      [990, 13, 0],
      [980, 0, 0],
    ]);
  });

  it("mark one's own orders on their side", () => {
    const own = [
      { price: 998, left: 3, buy: true },
      { price: 1003, left: 4, buy: false },
    ];
    const rungs = rungsOf(centredAxis(1000, 1, 21), DEPTH, own);
    expect(rungs.find((rung) => rung.price === 998)?.ownBuy).toBe(3);
    expect(rungs.find((rung) => rung.price === 1003)?.ownSell).toBe(4);
  });
});
