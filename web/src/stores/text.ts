/** How things are written on the screen. */
import { decimalOf, formatGrouped, parseDecimal, rescale, sign, trimmed } from "../decimal";

export const NOTHING = "–";

/** A price or amount with thousands apart; a dash for what is unknown. */
export function amount(text: string | null | undefined, places?: number): string {
  const value = text ? parseDecimal(text) : null;
  if (!value) return text || NOTHING;
  return formatGrouped(value, places ?? value.scale);
}

/** Money or an asset: at least two decimals where there are any, no further zeros. */
export function money(text: string | null | undefined): string {
  const value = text ? parseDecimal(text) : null;
  return value ? formatGrouped(trimmed(value, Math.min(2, value.scale))) : text || NOTHING;
}

/** An amount with its sign always shown. */
export function signed(text: string | null | undefined): string {
  return text && sign(decimalOf(text)) > 0 ? `+${money(text)}` : money(text);
}

/** A quantity without needless zeros. */
export function quantity(text: string | null | undefined): string {
  const value = text ? parseDecimal(text) : null;
  return value ? formatGrouped(trimmed(value)) : text || NOTHING;
}

/** A fraction ("0.0123") as a percentage with sign and arrow. */
export function percent(fraction: string | null | undefined): string {
  if (!fraction) return NOTHING;
  const exact = decimalOf(fraction);
  const negative = exact.units < 0n;
  const hundredfold = { units: (negative ? -exact.units : exact.units) * 100n, scale: exact.scale };
  const shown = rescale(hundredfold, 2, "floor");
  if (sign(shown) === 0) return "· 0.00 %";
  return `${negative ? "▼ −" : "▲ +"}${formatGrouped(shown)} %`;
}

/** The tone of a fraction as `percent` shows it. */
export function tone(fraction: string | null | undefined): "up" | "down" | "" {
  const shown = percent(fraction);
  return shown.startsWith("▲") ? "up" : shown.startsWith("▼") ? "down" : "";
}

/** "10:00:00.123" in UTC from an RFC 3339 text. */
export function clock(time: string, digits = 3): string {
  const match = /T(\d\d:\d\d:\d\d)(?:\.(\d+))?/.exec(time);
  if (!match) return time;
  return digits === 0 ? (match[1] ?? "") : `${match[1]}.${(match[2] ?? "").padEnd(digits, "0").slice(0, digits)}`;
}

export function words(code: string | null | undefined): string {
  return code ? code.replaceAll("_", " ") : "";
}

export function shortHash(hash: string | null | undefined, length = 8): string {
  return hash ? `${hash.slice(0, length)}…` : NOTHING;
}

/** Parts per million as a percentage: 200 is "0.02 %". */
export function ppm(value: number): string {
  return `${formatGrouped(trimmed({ units: BigInt(value), scale: 4 }, 2))} %`;
}
