import { describe, expect, it } from "vitest";
import { amount, clock, percent, ppm, signed } from "../../src/stores/text";

describe("what is written on the screen", () => {
  it("never tells a direction by colour alone", () => {
    expect(percent("0.0123")).toBe("▲ +1.23 %");
    expect(percent("-0.0123")).toBe("▼ −1.23 %");
    expect(percent("-0.00001")).toBe("· 0.00 %");
    expect(signed("12.50")).toBe("+12.50");
    expect(signed("-12.50")).toBe("-12.50");
  });

  it("shows a dash for what is unknown and the text itself for what cannot be read", () => {
    expect(amount(null)).toBe("–");
    expect(amount("n/a")).toBe("n/a");
  });

  it("cuts times and writes fees as percentages", () => {
    expect(clock("2026-11-23T10:00:00.123456789Z")).toBe("10:00:00.123");
    expect(clock("2026-11-23T10:00:00Z", 3)).toBe("10:00:00.000");
    expect(ppm(200)).toBe("0.02 %");
    expect(ppm(-50)).toBe("-0.005 %");
  });
});
