/** What a leaf of each of the three logs says. */
import { type Bytes, fromHex, hex, same, textOf, unsigned } from "./bytes";
import { Refused } from "./refusal";
import { digest } from "./tree";

export type LogName = "journal" | "orders" | "ceremonies";

/** A record of the journal: its commitment is SHA-256(salt, record's hash), so that nobody can try guesses on it. */
export interface JournalEntry {
  log: "journal";
  sequence: number;
  commitment: Bytes;
}

/** An event of an order: fingerprint of its 78 fields, and that of the same order's event before (zeros: the first). */
export interface OrderEntry {
  log: "orders";
  sequence: number;
  place: number;
  order: number;
  fingerprint: Bytes;
  previous: Bytes;
}

export interface CeremonyEntry {
  log: "ceremonies";
  step: unknown;
}

export type Entry = JournalEntry | OrderEntry | CeremonyEntry;

/** Bytes of an entry, where its log has entries of one length. */
export const ENTRY_BYTES: Record<LogName, number | null> = { journal: 42, orders: 83, ceremonies: null };

const KINDS: Record<number, LogName> = { 1: "journal", 2: "orders", 3: "ceremonies" };

/** The log that an origin names by its last part; null for a log that is none of ours. */
export function logOf(origin: string): LogName | null {
  const last = origin.slice(origin.lastIndexOf("/") + 1);
  return last === "journal" || last === "orders" || last === "ceremonies" ? last : null;
}

export function entryOf(data: Bytes): Entry {
  const log = KINDS[data[0] ?? -1];
  if (log === undefined) throw new Refused("wrong_log", "the entry is of none of the three logs");
  const length = ENTRY_BYTES[log];
  if (length !== null && data.length !== length)
    throw new Refused("malformed", `an entry of the log ${log} has ${length} bytes, this one ${data.length}`);
  if (log === "ceremonies") return { log, step: stepOf(data) };
  const sequence = unsigned(data.slice(1, 9), "the sequence of the entry");
  if (log === "journal") {
    if (data[41] !== 0) throw new Refused("malformed", "the last byte of an entry of the journal is zero");
    return { log, sequence, commitment: data.slice(9, 41) };
  }
  return {
    log,
    sequence,
    place: unsigned(data.slice(9, 11), "the place of the entry"),
    order: unsigned(data.slice(11, 19), "the order of the entry"),
    fingerprint: data.slice(19, 51),
    previous: data.slice(51, 83),
  };
}

function stepOf(data: Bytes): unknown {
  try {
    return JSON.parse(textOf(data.slice(1), "the step of a ceremony"));
  } catch (fault) {
    if (fault instanceof Refused) throw fault;
    throw new Refused("malformed", "the step of a ceremony is not JSON");
  }
}

const SALT_BYTES = 16;

/** Refuses unless the record of this hash is the one that the entry commits to. */
export function commits(entry: JournalEntry, record: { hash: string; salt: string }): void {
  const hash = fromHex(record.hash, 32, "record.hash");
  const salt = fromHex(record.salt, SALT_BYTES, "record.salt");
  if (!same(digest(salt, hash), entry.commitment))
    throw new Refused("record_differs", `record ${hex(hash).slice(0, 16)}… is not the one that the leaf commits to`);
}
