/**
 * Exact decimals for prices, quantities and money: `units` x 10^-`scale`, never a float.
 * Parsing refuses by returning null; everything else is total.
 */
export interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

export type Rounding = "floor" | "ceil";

export const ZERO: Decimal = { units: 0n, scale: 0 };

/** More digits than this are a typing error, not an amount. */
const DIGITS_MAX = 40;

/** Reads "1234.50", "-0.1", ".5" and "1,234.50"; null for anything else. */
export function parseDecimal(text: string): Decimal | null {
  const plain = text.trim().replace(/(\d),(?=\d{3}(\D|$))/g, "$1");
  const match = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(plain);
  if (!match) return null;
  const [, sign, whole = "", fraction = ""] = match;
  const digits = whole + fraction;
  if (digits === "" || digits.length > DIGITS_MAX) return null;
  const units = BigInt(digits);
  return { units: sign === "-" ? -units : units, scale: fraction.length };
}

/** Reads a decimal of the server's; what is absent or unreadable counts as zero. */
export function decimalOf(text: string | null | undefined): Decimal {
  return (text ? parseDecimal(text) : null) ?? ZERO;
}

/** Plain text with exactly `places` decimals (its own scale when not given). */
export function formatPlain(value: Decimal, places: number = value.scale): string {
  const { units } = rescale(value, places, "floor");
  const negative = units < 0n;
  const digits = (negative ? -units : units).toString().padStart(places + 1, "0");
  const cut = digits.length - places;
  const body = places === 0 ? digits : `${digits.slice(0, cut)}.${digits.slice(cut)}`;
  return negative ? `-${body}` : body;
}

/** As `formatPlain`, with a comma between thousands. */
export function formatGrouped(value: Decimal, places: number = value.scale): string {
  const [whole = "", fraction] = formatPlain(value, places).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** The same value without trailing zeros, keeping at least `least` decimals. */
export function trimmed(value: Decimal, least = 0): Decimal {
  let { units, scale } = value;
  while (scale > least && units % 10n === 0n) {
    units /= 10n;
    scale -= 1;
  }
  return { units, scale };
}

/** At most `digits` digits: decimals go first, cut off and never rounded up. For figures in narrow columns. */
export function compact(value: Decimal, digits: number): string {
  const whole = formatPlain(value, 0).replace("-", "");
  const places = Math.min(value.scale, Math.max(0, digits - (whole === "0" ? 1 : whole.length)));
  const shown = rescale(value, places, "floor");
  if (shown.units === 0n && value.units > 0n) return `<${formatPlain({ units: 1n, scale: places })}`;
  return formatGrouped(trimmed(shown));
}

/** Changes the scale; digits that do not fit are rounded towards minus (floor) or plus infinity (ceil). */
export function rescale(value: Decimal, scale: number, rounding: Rounding): Decimal {
  if (scale >= value.scale) return { units: value.units * 10n ** BigInt(scale - value.scale), scale };
  return { units: divide(value.units, 10n ** BigInt(value.scale - scale), rounding), scale };
}

export function add(left: Decimal, right: Decimal): Decimal {
  const scale = Math.max(left.scale, right.scale);
  return { units: rescale(left, scale, "floor").units + rescale(right, scale, "floor").units, scale };
}

export function negate(value: Decimal): Decimal {
  return { units: -value.units, scale: value.scale };
}

export function subtract(left: Decimal, right: Decimal): Decimal {
  return add(left, negate(right));
}

export function multiply(left: Decimal, right: Decimal): Decimal {
  return { units: left.units * right.units, scale: left.scale + right.scale };
}

/** -1, 0 or 1. */
export function compare(left: Decimal, right: Decimal): number {
  return sign(subtract(left, right));
}

export function sign(value: Decimal): number {
  return value.units > 0n ? 1 : value.units < 0n ? -1 : 0;
}

/** Whether `value` is a whole number of `step`s; a step of zero has no multiples. */
export function isMultiple(value: Decimal, step: Decimal): boolean {
  if (step.units === 0n) return false;
  const scale = Math.max(value.scale, step.scale);
  return rescale(value, scale, "floor").units % rescale(step, scale, "floor").units === 0n;
}

/** The multiple of `step` (more than zero) next to `value` in the direction of `rounding`. */
export function toStep(value: Decimal, step: Decimal, rounding: Rounding): Decimal {
  const scale = Math.max(value.scale, step.scale);
  const size = rescale(step, scale, "floor").units;
  return { units: divide(rescale(value, scale, "floor").units, size, rounding) * size, scale };
}

/** `numerator` / `denominator` rounded to `scale` decimals; the denominator is not zero. */
export function quotient(numerator: Decimal, denominator: Decimal, scale: number, rounding: Rounding): Decimal {
  const shift = scale + denominator.scale - numerator.scale;
  const top = shift >= 0 ? numerator.units * 10n ** BigInt(shift) : numerator.units;
  const bottom = shift >= 0 ? denominator.units : denominator.units * 10n ** BigInt(-shift);
  return { units: divide(top, bottom, rounding), scale };
}

function divide(top: bigint, bottom: bigint, rounding: Rounding): bigint {
  if (bottom < 0n) return divide(-top, -bottom, rounding);
  const whole = top / bottom;
  const rest = top % bottom;
  if (rest === 0n) return whole;
  if (rounding === "ceil") return rest > 0n ? whole + 1n : whole;
  return rest < 0n ? whole - 1n : whole;
}
