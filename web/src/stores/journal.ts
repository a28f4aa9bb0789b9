/** The journal as it grows, each record's hash recomputed here in the browser. */
import { readJournal } from "../wire/rest";
import type { Stream } from "../wire/stream";
import type { JournalRecord } from "../wire/types";
import { Cell } from "./cell";

export const RECORDS_KEPT = 500;
const ORDERS_REMEMBERED = 50_000;
const SHOW_EVERY_MS = 250;
/** What stands before the first record. */
const FIRST_PREV = "00".repeat(32);

/**
 * What this browser found out about a record.
 * `hash`: SHA-256(prev || body) is the hash that was sent. `chain`: prev is the hash of the record before (null: that
 * record was not seen). `body`: the sequence inside the hashed bytes is the one shown.
 */
export interface Check {
  computed: string;
  hash: boolean;
  chain: boolean | null;
  body: boolean;
}

export interface CheckedRecord {
  record: JournalRecord;
  /** Null while the browser is still computing. */
  check: Check | null;
}

export interface JournalTally {
  checked: number;
  failed: number;
  firstFailed: number | null;
}

const NOTHING: JournalTally = { checked: 0, failed: 0, firstFailed: null };

export class JournalFeed {
  readonly records = new Cell<readonly CheckedRecord[]>([]);
  readonly tally = new Cell<JournalTally>(NOTHING);
  private rows: CheckedRecord[] = [];
  private counted = NOTHING;
  private readonly hashes = new Map<number, string>();
  private readonly placed = new Map<number, number>();
  private work: Promise<void> = Promise.resolve();
  private timer: ReturnType<typeof setTimeout> | null = null;

  follow(stream: Stream): () => void {
    return stream.subscribe({ channel: "journal" }, ({ type, data }) =>
      this.take(type, [data].flat() as JournalRecord[]),
    );
  }

  /** Any record of the past, checked like those that arrive; null when there is none of that sequence. */
  async read(sequence: number): Promise<CheckedRecord | null> {
    const { data } = await readJournal(Math.max(1, sequence - 1), 2);
    const record = data.find((one) => one.sequence === sequence);
    if (!record) return null;
    const before = sequence === 1 ? FIRST_PREV : data.find((one) => one.sequence === sequence - 1)?.hash;
    this.remember(record);
    return { record, check: await checkRecord(record, before) };
  }

  /** Whether `head` is the hash of the record `sequence`; null when that record was not seen here. */
  agrees(sequence: number, head: string): boolean | null {
    const hash = this.hashes.get(sequence);
    return hash === undefined ? null : hash === head;
  }

  /** The instrument's number of an order whose placing passed by. */
  instrumentOfOrder(order: number): number | undefined {
    return this.placed.get(order);
  }

  private take(type: "snapshot" | "delta", records: JournalRecord[]): void {
    const kept = type === "snapshot" ? [] : this.rows;
    const fresh = records.map((record) => ({ record, check: null }));
    this.rows = [...kept, ...fresh].slice(-RECORDS_KEPT);
    for (const record of records) this.remember(record);
    for (const record of records) this.work = this.work.then(() => this.examine(record));
    this.showSoon();
  }

  /** A list that changes with every record cannot be read: it is shown a few times a second. */
  private showSoon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.records.set([...this.rows]);
      this.tally.set(this.counted);
    }, SHOW_EVERY_MS);
  }

  /** An order's number is the sequence of the record that placed it. */
  private remember({ kind, sequence, command }: JournalRecord): void {
    if (kind === "PlaceOrder" || kind === "PlaceSpecial") this.placed.set(sequence, Number(command["instrument"]));
    this.placed.delete(sequence - ORDERS_REMEMBERED);
  }

  private async examine(record: JournalRecord): Promise<void> {
    const check = await checkRecord(record, this.hashes.get(record.sequence - 1));
    this.hashes.set(record.sequence, record.hash);
    this.hashes.delete(record.sequence - 2 * RECORDS_KEPT);
    const at = this.rows.findLastIndex((row) => row.record === record);
    if (at >= 0) this.rows[at] = { record, check };
    this.count(record, check);
    this.showSoon();
  }

  private count(record: JournalRecord, check: Check): void {
    const { checked, failed, firstFailed } = this.counted;
    const good = isGood(check);
    this.counted = {
      checked: checked + 1,
      failed: failed + (good ? 0 : 1),
      firstFailed: good ? firstFailed : (firstFailed ?? record.sequence),
    };
  }
}

export function isGood(check: Check): boolean {
  return check.hash && check.chain !== false && check.body;
}

/** Whether this page may use WebCrypto (https, or this very machine). */
export function canCheck(): boolean {
  return typeof crypto !== "undefined" && crypto.subtle !== undefined;
}

/** Recomputes a record's hash; `before` is the hash of the record before it, if that was seen. */
export async function checkRecord(record: JournalRecord, before: string | undefined): Promise<Check> {
  const prev = bytesOf(record.prev);
  const body = bytesOf(record.body);
  const chained = new Uint8Array(prev.length + body.length);
  chained.set(prev);
  chained.set(body, prev.length);
  const computed = canCheck() ? hexOf(new Uint8Array(await crypto.subtle.digest("SHA-256", chained))) : "";
  return {
    computed,
    hash: computed === record.hash,
    chain: before === undefined ? null : before === record.prev,
    body: sequenceOf(body) === record.sequence,
  };
}

/** The first eight bytes of a body, little-endian, are its sequence. */
function sequenceOf(body: Uint8Array): number {
  if (body.length < 8) return -1;
  return Number(new DataView(body.buffer, body.byteOffset, 8).getBigUint64(0, true));
}

export function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(hex.length >> 1);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
