/** Bytes and their texts. Each text has one spelling only: what reads back otherwise is refused. */
import { Refused } from "./refusal";

export type Bytes = Uint8Array<ArrayBuffer>;

const UTF8 = new TextEncoder();
const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function utf8(text: string): Bytes {
  return UTF8.encode(text) as Bytes;
}

export function textOf(bytes: Uint8Array, what: string): string {
  try {
    return STRICT.decode(bytes);
  } catch {
    throw new Refused("malformed", `${what} is not UTF-8`);
  }
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** `length` bytes from lower-case hexadecimal digits. */
export function fromHex(text: string, length: number, what: string): Bytes {
  if (text.length !== 2 * length || !/^[0-9a-f]*$/.test(text))
    throw new Refused("malformed", `${what} is not ${length} bytes in lower-case hexadecimal digits`);
  return Uint8Array.from({ length }, (_, at) => Number.parseInt(text.slice(2 * at, 2 * at + 2), 16));
}

export function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** Standard base64 with padding, and nothing in the bits that are left over. */
export function fromBase64(text: string, what: string): Bytes {
  const bytes = /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0 ? decoded(text) : null;
  if (bytes === null || base64(bytes) !== text) throw new Refused("malformed", `${what} is not base64`);
  return bytes;
}

function decoded(text: string): Bytes | null {
  try {
    return Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  } catch {
    return null;
  }
}

export function joined(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function same(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false;
  return true;
}

/** Unsigned, most significant byte first; refused above what a number of this language holds exactly. */
export function unsigned(bytes: Uint8Array, what: string): number {
  let value = 0;
  for (const byte of bytes) value = value * 256 + byte;
  if (!Number.isSafeInteger(value)) throw new Refused("malformed", `${what} is too large`);
  return value;
}

/** A decimal of the one form that checkpoints have: no sign, no leading zero. */
export function decimal(text: string, what: string): number {
  const value = /^(0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new Refused("malformed", `${what} is not a decimal number`);
  return value;
}
