/**
 * Checks segments of a journal: every frame whole, every record chained to the one before (docs/reference/engine.md).
 *
 * The first that is wrong is told by file, record and byte, with the reason that `isthmus verify` gives it.
 */
import { type Bytes, hex, same } from "./bytes";
import { crc32c } from "./crc32c";
import type { LogFolder } from "./folder";
import { type Finding, no, open, yes } from "./refusal";
import { digest, HASH_BYTES } from "./tree";

const HEADER_BYTES = 64;
/** Magic and length. */
const START_BYTES = 8;
/** Hash, CRC and trailer. */
const END_BYTES = 40;
const FRAME_BYTES_MIN = START_BYTES + 16 + END_BYTES;
const FRAME_BYTES_MAX = 2 ** 30;
const SEAL_BYTES = 64;
const ROTATION = 1;
const STOP = 2;

type Damage = "header" | "missing_segment" | "length" | "crc" | "padding" | "sequence" | "hash" | "seal";

/** What ends the reading: where, and why. `torn`: a last write that was cut off, which is no damage. */
class Ended extends Error {
  constructor(
    readonly reason: Damage | "torn",
    readonly at: number,
  ) {
    super(reason);
  }
}

export interface JournalReport {
  findings: Finding[];
  /** Records that are whole and chained. */
  records: number;
}

/** `wanted`: hashes that proofs gave records, by sequence; each must be the record's here. */
export async function checkJournal(
  folder: LogFolder,
  wanted: ReadonlyMap<number, string>,
  progress: (done: number, of: number) => Promise<void>,
): Promise<JournalReport> {
  const names = folder.paths.filter((path) => /^\d{8,}\.seg$/.test(path)).toSorted();
  const pass = new Pass(wanted);
  let name = "";
  try {
    for (const [at, segment] of names.entries()) {
      name = segment;
      pass.segment(await folder.read(segment), Number(segment.slice(0, -".seg".length)), at === names.length - 1);
      await progress(at + 1, names.length);
    }
    if (pass.rotated) throw new Ended("missing_segment", 0);
  } catch (fault) {
    if (!(fault instanceof Ended)) throw fault;
    return { findings: [pass.damage(name, fault), ...pass.proven()], records: pass.records };
  }
  return { findings: [...pass.findings(), ...pass.proven()], records: pass.records };
}

class Pass {
  records = 0;
  /** The last segment said that another one follows. */
  rotated = false;
  private first: number | null = null;
  private expected = 1;
  private head: Bytes = new Uint8Array(HASH_BYTES);
  private tail = "tail open";
  private sealed = false;
  /** The segment before has no seal: nothing may stand in a later one. */
  private unsealed = false;
  private readonly met: Finding[] = [];
  private readonly seen = new Set<number>();

  constructor(private readonly wanted: ReadonlyMap<number, string>) {}

  segment(bytes: Bytes, index: number, last: boolean): void {
    this.unsealed = this.first !== null && !this.sealed;
    this.sealed = false;
    this.enter(bytes, index);
    let at = HEADER_BYTES;
    while (at < bytes.length) {
      const length = this.frame(bytes, at, last);
      if (length === 0) return;
      at += length;
    }
  }

  damage(name: string, { reason, at }: Ended): Finding {
    const where = `record ${this.expected} in ${name} at byte ${at} (${reason})`;
    const before = `${this.records} records before it are whole and chained, up to the hash ${hex(this.head)}`;
    if (reason === "torn") return no("Journal", "torn_tail", `the last write was cut off: ${where}; ${before}`);
    return no("Journal", "damaged", `${where}; ${before}`);
  }

  findings(): Finding[] {
    const told = [yes("Journal", `${this.records} records, ${this.tail}, head ${hex(this.head)}`)];
    if (this.first !== null && this.first > 1)
      told.push(open("Records before the first segment", `1 to ${this.first - 1} are not in this folder`));
    told.push(
      open(
        "The end of the journal",
        "that nothing was cut off it shows a head from elsewhere: a proof of a later record",
      ),
    );
    return told;
  }

  /** Of each proof that names a record's hash whether that record is in this journal. */
  proven(): Finding[] {
    const missing = [...this.wanted.keys()].filter((sequence) => !this.seen.has(sequence));
    return [
      ...this.met,
      ...missing.map((sequence) => open(`Record ${sequence}`, "of the proof is not among these records")),
    ];
  }

  private enter(bytes: Bytes, index: number): void {
    if (bytes.length < HEADER_BYTES) throw new Ended("header", 0);
    const view = viewOf(bytes);
    const [format, epoch] = [view.getUint32(4, true), view.getUint32(12, true)];
    const first = Number(view.getBigUint64(16, true));
    const prev = bytes.slice(24, 56);
    this.first ??= first;
    if (this.records === 0 && this.expected === 1) [this.expected, this.head] = [first, prev];
    const whole =
      text(bytes, 0) === "IsJ1" &&
      text(bytes, 60) === "1JsI" &&
      format === (epoch === 0 ? 1 : 2) &&
      crc32c(bytes.subarray(0, 56)) === view.getUint32(56, true);
    if (!whole || view.getUint32(8, true) !== index) throw new Ended("header", 0);
    if (first !== this.expected || !same(prev, this.head)) throw new Ended("missing_segment", 0);
    if (first === 1 && prev.some((byte) => byte !== 0)) throw new Ended("header", 24);
    this.rotated = false;
  }

  /** Bytes of the frame at `at`; 0 at the end of what was written. */
  private frame(bytes: Bytes, at: number, last: boolean): number {
    if (bytes.subarray(at, at + START_BYTES).every((byte) => byte === 0)) return this.zeros(bytes, at);
    const view = viewOf(bytes);
    const magic = text(bytes, at);
    if (!["IsR1", "IsG1", "IsS1"].includes(magic)) throw new Ended("padding", at);
    const length = at + START_BYTES <= bytes.length ? view.getUint32(at + 4, true) : 0;
    const possible = length % 8 === 0 && length >= FRAME_BYTES_MIN && length <= FRAME_BYTES_MAX;
    if (!possible || (magic === "IsS1" && length !== SEAL_BYTES)) throw new Ended("length", at);
    const end = at + length;
    const torn = end > bytes.length || text(bytes, end - 4) !== "1RsI";
    if (torn) throw new Ended(last && this.nothingBehind(bytes, at, end) ? "torn" : "length", at);
    if (crc32c(bytes.subarray(at, end - 8)) !== view.getUint32(end - 8, true)) throw new Ended("crc", at);
    const hash = bytes.slice(end - END_BYTES, end - 8);
    if (magic === "IsS1") return this.seal(bytes, at, hash);
    this.record(bytes.subarray(at + START_BYTES, end - END_BYTES), hash, at);
    return length;
  }

  private record(body: Uint8Array, hash: Bytes, at: number): void {
    const sequence = Number(new DataView(body.buffer, body.byteOffset, 8).getBigUint64(0, true));
    if (this.unsealed) throw new Ended("seal", at);
    if (sequence !== this.expected) throw new Ended("sequence", at);
    if (!same(digest(this.head, body), hash)) throw new Ended("hash", at);
    const wanted = this.wanted.get(sequence);
    if (wanted !== undefined) {
      this.seen.add(sequence);
      const good = wanted === hex(hash);
      const what = `Record ${sequence} of the proof`;
      this.met.push(
        good
          ? yes(what, `is in the journal, ${body.length} bytes`)
          : no(what, "record_differs", `the journal has ${hex(hash)}`),
      );
    }
    this.records += 1;
    this.expected += 1;
    this.head = hash;
  }

  /** What the seal says, and that nothing stands behind it. */
  private seal(bytes: Bytes, at: number, hash: Bytes): number {
    const view = viewOf(bytes);
    const last = Number(view.getBigUint64(at + START_BYTES, true));
    const kind = Number(view.getBigUint64(at + START_BYTES + 8, true));
    if (last !== this.expected - 1 || !same(hash, this.head) || (kind !== ROTATION && kind !== STOP))
      throw new Ended("seal", at);
    if (at + SEAL_BYTES !== bytes.length) throw new Ended("padding", at + SEAL_BYTES);
    this.rotated = kind === ROTATION;
    this.sealed = true;
    this.tail = "sealed";
    return SEAL_BYTES;
  }

  private zeros(bytes: Bytes, at: number): number {
    for (let place = at; place < bytes.length; place += 1) if (bytes[place] !== 0) throw new Ended("padding", place);
    this.tail = "tail open";
    return 0;
  }

  /** A cut write leaves zeros from some place within it on. */
  private nothingBehind(bytes: Bytes, at: number, end: number): boolean {
    for (let place = Math.max(at, end - START_BYTES); place < bytes.length; place += 1)
      if (bytes[place] !== 0) return false;
    return true;
  }
}

function viewOf(bytes: Bytes): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function text(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}
