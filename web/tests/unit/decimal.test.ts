import { describe, expect, it } from "vitest";
import * as decimal from "../../src/decimal";
import { decimalOf, formatGrouped, formatPlain, parseDecimal } from "../../src/decimal";

const text = (value: decimal.Decimal): string => formatPlain(value);

describe("reading", () => {
  it.each([
    ["1234.50", "1234.50"],
    ["1,234,567.5", "1234567.5"],
    [" .5 ", "0.5"],
    ["-0.10", "-0.10"],
    ["9007199254740993.000000000000000001", "9007199254740993.000000000000000001"],
  ])("%s is %s", (given, wanted) => {
    expect(text(parseDecimal(given)!)).toBe(wanted);
  });

  it.each(["", ".", "1e5", "1.2.3", "12,34", "abc", "NaN", "0x10", "1 000", "9".repeat(41)])("refuses %j", (given) => {
    expect(parseDecimal(given)).toBeNull();
  });
});

describe("arithmetic", () => {
  it("adds a tenth and two tenths to three tenths exactly", () => {
    expect(text(decimal.add(decimalOf("0.1"), decimalOf("0.2")))).toBe("0.3");
  });

  it("multiplies beyond what a float holds", () => {
    expect(text(decimal.multiply(decimalOf("123456789.123456789"), decimalOf("987654321.987654321")))).toBe(
      "121932631356500531.347203169112635269",
    );
  });

  it.each([
    ["1.005", 2, "floor", "1.00"],
    ["1.001", 2, "ceil", "1.01"],
    ["-1.001", 2, "floor", "-1.01"],
    ["-1.009", 2, "ceil", "-1.00"],
    ["5", 3, "floor", "5.000"],
  ] as const)("%s to %i places by %s is %s", (given, places, rounding, wanted) => {
    expect(text(decimal.rescale(decimalOf(given), places, rounding))).toBe(wanted);
  });

  it("divides with the rounding that was asked for", () => {
    expect(text(decimal.quotient(decimalOf("1"), decimalOf("3"), 4, "floor"))).toBe("0.3333");
    expect(text(decimal.quotient(decimalOf("1"), decimalOf("3"), 4, "ceil"))).toBe("0.3334");
    expect(text(decimal.quotient(decimalOf("10.000"), decimalOf("0.25"), 0, "floor"))).toBe("40");
  });

  it("knows the multiples of a step", () => {
    expect(decimal.isMultiple(decimalOf("0.30"), decimalOf("0.1"))).toBe(true);
    expect(decimal.isMultiple(decimalOf("0.35"), decimalOf("0.1"))).toBe(false);
    expect(text(decimal.toStep(decimalOf("10.37"), decimalOf("0.25"), "floor"))).toBe("10.25");
    expect(text(decimal.toStep(decimalOf("10.37"), decimalOf("0.25"), "ceil"))).toBe("10.50");
  });
});

describe("writing", () => {
  it.each([
    ["8.981685", 5, "8.9816"],
    ["12345.678901", 5, "12,345"],
    ["0.000001", 5, "<0.0001"],
    ["10.500000", 5, "10.5"],
    ["0.25", 5, "0.25"],
  ])("fits %s into %i digits", (given, digits, wanted) => {
    expect(decimal.compact(decimalOf(given), digits)).toBe(wanted);
  });

  it("groups thousands and keeps the sign", () => {
    expect(formatGrouped(decimalOf("-1234567.8900"))).toBe("-1,234,567.8900");
    expect(formatGrouped(decimal.trimmed(decimalOf("1000.5000"), 2))).toBe("1,000.50");
    expect(formatGrouped(decimalOf("0.05"))).toBe("0.05");
  });
});
