/** The fingerprint of an order: the root over its 78 fields, each under a salt of its own. */
import { type Bytes, fromHex, joined, utf8 } from "./bytes";
import { Refused } from "./refusal";
import { HASH_BYTES, includes, leafHash } from "./tree";

export const FIELDS = 78;
const SALT_BYTES = 16;
const PATH_MAX = 7;

/** A field as it was disclosed; `value` null is unknown. */
export interface Disclosed {
  id: string;
  name: string;
  value: string | null;
  salt: string;
  proof: readonly string[];
}

/** 0 for O01 … 77 for O78. */
export function indexOf(id: string): number {
  const number = /^O[0-9]{2}$/.test(id) ? Number(id.slice(1)) : 0;
  if (number < 1 || number > FIELDS)
    throw new Refused("field_differs", `${id} is none of the fields O01 to O${FIELDS}`);
  return number - 1;
}

/** Leaf of a field: SHA-256(0, its number, its salt, its value), a value being 0 for unknown or 1 and its text. */
export function fieldHash(index: number, salt: Uint8Array, value: string | null): Bytes {
  const bytes = value === null ? Uint8Array.of(0) : joined(Uint8Array.of(1), utf8(value));
  return leafHash(joined(Uint8Array.of(index), salt, bytes));
}

/** Refuses unless the field is one of those under the fingerprint. */
export function disclosed(field: Disclosed, fingerprint: Bytes): void {
  const index = indexOf(field.id);
  if (/\p{Surrogate}/u.test(field.value ?? ""))
    throw new Refused("malformed", `${field.id}: half a character has no bytes`);
  const salt = fromHex(field.salt, SALT_BYTES, `the salt of ${field.id}`);
  if (field.proof.length > PATH_MAX) throw new Refused("field_differs", `${field.id}: the way to the root is too long`);
  const path = field.proof.map((hash, at) => fromHex(hash, HASH_BYTES, `hash ${at + 1} of ${field.id}`));
  if (!includes(index, FIELDS, fieldHash(index, salt, field.value), path, fingerprint))
    throw new Refused("field_differs", `${field.id} with this value is not under the fingerprint`);
}
