/** Signed notes (C2SP signed-note), heads of logs (tlog-checkpoint) and what witnesses add (tlog-cosignature, v1). */
import { ed25519 } from "@noble/curves/ed25519.js";
import { type Bytes, decimal, fromBase64, hex, same, unsigned, utf8 } from "./bytes";
import { Refused } from "./refusal";
import { digest, HASH_BYTES } from "./tree";

const ED25519 = 1;
const COSIGNATURE = 4;
const NUMBER_BYTES = 4;
const TIME_BYTES = 8;
const SIGNATURE_BYTES = 64;
/** Bounds for what is not ours. */
const NOTE_CHARACTERS_MAX = 1 << 20;
const SIGNATURES_MAX = 200;

/** Everything below a space but the end of a line. */
const CONTROL = /[\0-\x09\x0b-\x1f]/;

/** A verifier's key: who, under which number, with which algorithm (0x01 signs a log's notes, 0x04 cosigns). */
export interface Key {
  name: string;
  number: Bytes;
  algorithm: number;
  public: Bytes;
}

export interface Note {
  /** What is signed, its last newline with it. */
  text: string;
  signatures: { name: string; number: Bytes; bytes: Bytes }[];
}

export interface Head {
  origin: string;
  size: number;
  root: Bytes;
}

/** Reads `name+number+base64`; the number must be the first four bytes of SHA-256(name, newline, algorithm, key). */
export function keyOf(text: string): Key {
  const [, name = "", number = "", body = ""] = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text.trim()) ?? [];
  if (name === "") throw new Refused("bad_key", "a key has the form name+number+base64");
  const blob = fromBase64(body, `the key of ${name}`);
  const algorithm = blob[0];
  if ((algorithm !== ED25519 && algorithm !== COSIGNATURE) || blob.length !== 1 + HASH_BYTES)
    throw new Refused("bad_key", `the key of ${name} is not an Ed25519 key`);
  const expected = digest(utf8(`${name}\n`), blob).slice(0, NUMBER_BYTES);
  if (hex(expected) !== number) throw new Refused("bad_key", `the number of the key of ${name} is not that key's`);
  return { name, number: expected, algorithm, public: blob.slice(1) };
}

export function noteOf(raw: string): Note {
  const end = raw.lastIndexOf("\n\n");
  if (raw.length > NOTE_CHARACTERS_MAX || end < 0 || !raw.endsWith("\n"))
    throw new Refused("malformed_note", "the note has no signatures after an empty line");
  if (CONTROL.test(raw)) throw new Refused("malformed_note", "the note has a control character");
  const lines = raw.slice(end + 2, -1).split("\n");
  if (lines.length > SIGNATURES_MAX)
    throw new Refused("malformed_note", `the note has over ${SIGNATURES_MAX} signatures`);
  return { text: raw.slice(0, end + 1), signatures: lines.map(signatureOf) };
}

function signatureOf(line: string): Note["signatures"][number] {
  const [, name = "", body = ""] = /^\u2014 ([^+\s]+) (\S+)$/.exec(line) ?? [];
  if (name === "") throw new Refused("malformed_note", "a signature line of the note cannot be read");
  const blob = fromBase64(body, `the signature of ${name}`);
  if (blob.length <= NUMBER_BYTES) throw new Refused("malformed_note", `the signature of ${name} is too short`);
  return { name, number: blob.slice(0, NUMBER_BYTES), bytes: blob.slice(NUMBER_BYTES) };
}

/** Origin, size and root; further lines are signed too and mean nothing here. */
export function headOf(text: string): Head {
  const [origin = "", size = "", root = ""] = text.split("\n");
  const head = { origin, size: decimal(size, "the size of the head"), root: fromBase64(root, "the root of the head") };
  if (origin === "" || head.root.length !== HASH_BYTES)
    throw new Refused("malformed_checkpoint", "the note is not the head of a log");
  if (head.size === 0 && !same(head.root, digest()))
    throw new Refused("malformed_checkpoint", "the empty tree has another root");
  return head;
}

/** Refuses unless the log's key signed the note. */
export function signedBy(note: Note, key: Key): void {
  if (key.algorithm !== ED25519) throw new Refused("bad_key", `the key of ${key.name} is a witness's, not a log's`);
  const lines = linesOf(note, key);
  if (lines.length === 0) throw new Refused("not_signed", `no signature by the key ${key.name}+${hex(key.number)}`);
  if (!lines.some(({ bytes }) => verified(bytes, utf8(note.text), key)))
    throw new Refused("bad_signature", `the signature of ${key.name} does not fit the note and this key`);
}

/** When the witness saw the head, in Unix seconds; null when it did not sign; refused when what it signed is not this. */
export function cosignedBy(note: Note, key: Key): number | null {
  if (key.algorithm !== COSIGNATURE) throw new Refused("bad_key", `the key of ${key.name} is not a witness's`);
  const lines = linesOf(note, key);
  if (lines.length === 0) return null;
  for (const { bytes } of lines) {
    if (bytes.length !== TIME_BYTES + SIGNATURE_BYTES) continue;
    const time = unsigned(bytes.slice(0, TIME_BYTES), `the time of ${key.name}`);
    const message = utf8(`cosignature/v1\ntime ${time}\n${note.text}`);
    if (verified(bytes.slice(TIME_BYTES), message, key)) return time;
  }
  throw new Refused("bad_signature", `the cosignature of ${key.name} does not fit the note and its key`);
}

function linesOf(note: Note, key: Key): Note["signatures"] {
  return note.signatures.filter(({ name, number }) => name === key.name && same(number, key.number));
}

/** RFC 8032, and none of the loose points that ZIP 215 lets pass: every verifier must say the same. */
function verified(signature: Bytes, message: Bytes, key: Key): boolean {
  if (signature.length !== SIGNATURE_BYTES) return false;
  try {
    return ed25519.verify(signature, message, key.public, { zip215: false });
  } catch {
    return false;
  }
}

/** The signature lines by keys that nobody gave. */
export function strangers(note: Note, keys: readonly Key[]): string[] {
  return note.signatures
    .filter(({ name, number }) => !keys.some((key) => key.name === name && same(key.number, number)))
    .map(({ name, number }) => `${name}+${hex(number)}`);
}

/** What a witness's time is written as. */
export function moment(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? `second ${seconds}` : `${date.toISOString().slice(0, 19)}Z`;
}
