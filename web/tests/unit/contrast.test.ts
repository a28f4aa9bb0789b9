import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

/** WCAG 2.2 AA for text of this size. */
const CONTRAST_MIN = 4.5;
const TEXT = ["--text", "--muted", "--accent", "--up", "--down", "--bad", "--warn"];
const GROUNDS = ["--panel", "--raised", "--hair", "--select"];
const FILLS = [
  ["--on-fill", "--up-fill"],
  ["--on-fill", "--down-fill"],
  ["--on-accent", "--accent"],
] as const;

const sheet = readFileSync(new URL("../../src/styles/tokens.css", import.meta.url), "utf8");

/** The custom properties that hold for a theme and a palette. */
function tokens(theme: string, palette: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, selectors = "", body = ""] of sheet.matchAll(/([^{}]+)\{([^{}]*)\}/g)) {
    const selector = selectors.split(",").at(-1)?.trim() ?? "";
    const wanted =
      selector.includes(`"${theme}"`) && (!selector.includes("palette") || selector.includes(`"${palette}"`));
    if (wanted)
      for (const [, name = "", value = ""] of body.matchAll(/(--[\w-]+):\s*([^;]+);/g)) found.set(name, value);
  }
  return found;
}

function luminance(hex: string): number {
  const channels = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
  const [red = 0, green = 0, blue = 0] = channels.map((one) =>
    one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((left, right) => left - right);
  return (light + 0.05) / (dark + 0.05);
}

const LOOKS = ["dark", "light"].flatMap((theme) =>
  ["green-red", "blue-orange"].map((palette) => [theme, palette] as const),
);

describe.each(LOOKS)("%s, %s", (theme, palette) => {
  const found = tokens(theme, palette);
  const pairs = [...TEXT.flatMap((text) => GROUNDS.map((ground) => [text, ground] as const)), ...FILLS];
  it.each(pairs)("%s can be read on %s", (text, ground) => {
    expect(contrast(found.get(text)!, found.get(ground)!)).toBeGreaterThanOrEqual(CONTRAST_MIN);
  });
});
