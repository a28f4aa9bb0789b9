/** A small log of each kind, written and signed here with Node's own cryptography: no code of the verifier is in it. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";

export type Files = Map<string, Uint8Array<ArrayBuffer>>;

const PKCS8_SEED = Buffer.from("302e020100300506032b657004220420", "hex");

export const sha256 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const leaf = (data: Uint8Array): Buffer => sha256(Buffer.of(0), data);
const node = (left: Uint8Array, right: Uint8Array): Buffer => sha256(Buffer.of(1), left, right);

/** RFC 6962 section 2.1, as it is written there. */
export function tree(hashes: readonly Buffer[]): Buffer {
  if (hashes.length < 2) return hashes[0] ?? sha256();
  const split = 2 ** Math.floor(Math.log2(hashes.length - 1));
  return node(tree(hashes.slice(0, split)), tree(hashes.slice(split)));
}

/** RFC 6962 section 2.1.1, as it is written there. */
export function path(index: number, hashes: readonly Buffer[]): Buffer[] {
  if (hashes.length < 2) return [];
  const split = 2 ** Math.floor(Math.log2(hashes.length - 1));
  const [left, right] = [hashes.slice(0, split), hashes.slice(split)];
  return index < split ? [...path(index, left), tree(right)] : [...path(index - split, right), tree(left)];
}

export class Signer {
  readonly vkey: string;
  private readonly number: Buffer;
  private readonly secret: KeyObject;

  constructor(
    readonly name: string,
    readonly kind: 1 | 4,
  ) {
    const seed = sha256(Buffer.from(`seed of ${name}`));
    this.secret = createPrivateKey({ key: Buffer.concat([PKCS8_SEED, seed]), format: "der", type: "pkcs8" });
    const point = createPublicKey(this.secret).export({ format: "der", type: "spki" }).subarray(-32);
    const blob = Buffer.concat([Buffer.of(kind), point]);
    this.number = sha256(Buffer.from(`${name}\n`), blob).subarray(0, 4);
    this.vkey = `${name}+${this.number.toString("hex")}+${blob.toString("base64")}`;
  }

  line(text: string, time = 1_795_000_000n): string {
    const stamp = Buffer.alloc(8);
    stamp.writeBigUInt64BE(time);
    const signed = this.kind === 1 ? text : `cosignature/v1\ntime ${time}\n${text}`;
    const signature = sign(null, Buffer.from(signed), this.secret);
    const body = this.kind === 1 ? [this.number, signature] : [this.number, stamp, signature];
    return `\u2014 ${this.name} ${Buffer.concat(body).toString("base64")}\n`;
  }
}

export const LOG_KEYS = {
  journal: new Signer("isthmus.local/demo/journal", 1),
  orders: new Signer("isthmus.local/demo/orders", 1),
  ceremonies: new Signer("isthmus.local/demo/ceremonies", 1),
};
export const WITNESSES = ["witness.bafin", "witness.fca", "witness.mas"].map((name) => new Signer(name, 4));

export function checkpoint(hashes: readonly Buffer[], log: Signer, witnesses: readonly Signer[] = []): string {
  const text = `${log.name}\n${hashes.length}\n${tree(hashes).toString("base64")}\n`;
  return `${text}\n${[log, ...witnesses].map((signer) => signer.line(text)).join("")}`;
}

const number = (value: number, bytes: 2 | 8): Buffer => {
  const buffer = Buffer.alloc(bytes);
  if (bytes === 2) buffer.writeUInt16BE(value);
  else buffer.writeBigUInt64BE(BigInt(value));
  return buffer;
};

export const recordHash = (sequence: number): Buffer => sha256(Buffer.from(`record ${sequence}`));
export const recordSalt = (sequence: number): Buffer => sha256(Buffer.from(`salt ${sequence}`)).subarray(0, 16);

export function journalEntry(sequence: number): Buffer {
  const commitment = sha256(recordSalt(sequence), recordHash(sequence));
  return Buffer.concat([Buffer.of(1), number(sequence, 8), commitment, Buffer.of(0)]);
}

export const fieldSalt = (field: number): Buffer => sha256(Buffer.from(`salt of field ${field}`)).subarray(0, 16);
export const fieldValue = (field: number): string | null => (field % 3 === 2 ? null : `value ${field} ü`);
export const fieldLeaf = (field: number): Buffer => {
  const value = fieldValue(field);
  const bytes = value === null ? Buffer.of(0) : Buffer.concat([Buffer.of(1), Buffer.from(value)]);
  return leaf(Buffer.concat([Buffer.of(field), fieldSalt(field), bytes]));
};
export const FIELD_LEAVES = Array.from({ length: 78 }, (_, field) => fieldLeaf(field));
export const FINGERPRINT = tree(FIELD_LEAVES);

export interface Event {
  sequence: number;
  place: number;
  order: number;
  fingerprint: Buffer;
  previous: Buffer;
}

export function orderEntry({ sequence, place, order, fingerprint, previous }: Event): Buffer {
  return Buffer.concat([Buffer.of(2), number(sequence, 8), number(place, 2), number(order, 8), fingerprint, previous]);
}

/** Events of `orders` orders in turn, each born by the record of its number; the last of all has `FINGERPRINT`. */
export function orderEvents(events: number, orders: number): Event[] {
  const last = new Map<number, Buffer>();
  return Array.from({ length: events }, (_, at) => {
    const order = 10 + (at % orders);
    const fingerprint = at === events - 1 ? FINGERPRINT : sha256(Buffer.from(`event ${at}`));
    const previous = last.get(order) ?? Buffer.alloc(32);
    last.set(order, fingerprint);
    return { sequence: 10 + at, place: 0, order, fingerprint, previous };
  });
}

/** The files of a log as C2SP tlog-tiles has them, with the tiles of `older`, a smaller size, beside. */
export function logFiles(entries: readonly Buffer[], log: Signer, older = 0): Files {
  const files: Files = new Map();
  const hashes = entries.map(leaf);
  for (const size of older > 0 ? [older, entries.length] : [entries.length])
    tiles(files, entries.slice(0, size), hashes);
  files.set("checkpoint", bytes(checkpoint(hashes, log)));
  if (entries[0]?.[0] === 1) files.set("first", bytes(String(entries[0].readBigUInt64BE(1))));
  const rows = [older, entries.length].filter((size) => size > 0).map((size) => headLine(hashes.slice(0, size), log));
  files.set("heads", bytes(rows.join("")));
  return files;
}

function headLine(hashes: readonly Buffer[], log: Signer): string {
  const note = checkpoint(hashes, log);
  const row = { time: "2026-11-29T04:00:00Z", size: hashes.length, root: tree(hashes).toString("hex"), note };
  return `${JSON.stringify(row)}\n`;
}

function tiles(files: Files, entries: readonly Buffer[], hashes: readonly Buffer[]): void {
  let level = hashes.slice(0, entries.length);
  for (let at = 0; at < entries.length; at += 256) {
    const bundle = entries.slice(at, at + 256).flatMap((entry) => [number(entry.length, 2), entry]);
    files.set(place("entries", at >> 8, bundle.length >> 1), bytes(Buffer.concat(bundle)));
  }
  for (let height = 0; level.length > 0; height += 1) {
    const above: Buffer[] = [];
    for (let at = 0; at < level.length; at += 256) {
      const tile = level.slice(at, at + 256);
      files.set(place(String(height), at >> 8, tile.length), bytes(Buffer.concat(tile)));
      if (tile.length === 256) above.push(tree(tile));
    }
    level = above;
  }
}

function place(kind: string, index: number, width: number): string {
  const digits = String(index % 1000).padStart(3, "0");
  const groups = index < 1000 ? digits : `x${String(Math.floor(index / 1000)).padStart(3, "0")}/${digits}`;
  return `tile/${kind}/${groups}${width < 256 ? `.p/${width}` : ""}`;
}

export function bytes(data: Buffer | string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(data as string));
}

/** A proof of the last event of a log of orders, with these of its fields. */
export function orderProof(events: number, fields: readonly number[]): string {
  const rows = orderEvents(events, 3);
  const index = events - 1;
  const last = rows[index] as Event;
  const proven = fields.map((field) => ({
    id: `O${String(field + 1).padStart(2, "0")}`,
    name: `field ${field + 1}`,
    value: fieldValue(field),
    salt: fieldSalt(field).toString("hex"),
    proof: path(field, FIELD_LEAVES).map((hash) => hash.toString("hex")),
  }));
  const order = { order: last.order, fingerprint: FINGERPRINT.toString("hex"), fields: proven };
  return proof(rows.map(orderEntry), index, { log: "orders", sequence: last.sequence, record: null, order });
}

/** A proof of record `sequence` of a journal of `records` records, that begins with record 1. */
export function recordProof(records: number, sequence: number, opened = true): string {
  const entries = Array.from({ length: records }, (_, at) => journalEntry(at + 1));
  const record = { hash: recordHash(sequence).toString("hex"), salt: recordSalt(sequence).toString("hex") };
  const more = { log: "journal" as const, sequence, record: opened ? record : null, order: null };
  return proof(entries, sequence - 1, more);
}

interface Proven {
  log: "journal" | "orders";
  sequence: number;
  record: object | null;
  order: object | null;
}

function proof(entries: readonly Buffer[], index: number, { log, sequence, record, order }: Proven): string {
  const hashes = entries.map(leaf);
  return JSON.stringify({
    format: "isthmus-proof/1",
    log,
    sequence,
    index,
    entry: entries[index]?.toString("base64"),
    leaf_hash: hashes[index]?.toString("hex"),
    tree_size: hashes.length,
    root: tree(hashes).toString("hex"),
    proof: path(index, hashes).map((hash) => hash.toString("hex")),
    checkpoint: checkpoint(hashes, LOG_KEYS[log], WITNESSES.slice(0, 2)),
    log_vkey: LOG_KEYS[log].vkey,
    witness_vkeys: WITNESSES.map(({ vkey }) => vkey),
    record,
    order,
  });
}
