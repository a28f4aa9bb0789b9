/** The entries of a log in its folder: against the leaf hashes that are trusted, and one after the other. */
import { type Bytes, decimal, hex, same, textOf } from "./bytes";
import { ENTRY_BYTES, entryOf, logOf, type LogName, type OrderEntry } from "./entries";
import type { LogFolder } from "./folder";
import type { Head } from "./note";
import { type Finding, found, no, open, Refused, told, yes } from "./refusal";
import { placeOf, TILE_WIDTH, tilePath, type TilePaths } from "./tilePaths";
import { HASH_BYTES, leafHash } from "./tree";

const LENGTH_BYTES = 2;
/** Orders whose last fingerprint is kept; beyond, their chains are not followed, and that is said. */
const ORDERS_REMEMBERED = 1_000_000;

interface Piece {
  at: number;
  /** Null where the length before it leads out of the file, or is not that of this log's entries. */
  data: Bytes | null;
  /** Whether it is the leaf that the tree has. */
  good: boolean;
}

export class Entries {
  readonly looked = new Set<string>();
  count = 0;
  beyond = 0;
  private readonly log: LogName | null;
  private readonly bundles: boolean;
  private first: number | null = null;
  private readonly last = new Map<number, Bytes>();
  private before: OrderEntry | null = null;
  private chained = true;

  constructor(
    private readonly folder: LogFolder,
    private readonly paths: TilePaths,
    private readonly head: Head,
    private readonly fault: (finding: Finding) => void,
  ) {
    this.log = logOf(head.origin);
    this.bundles = folder.paths.some((path) => path.startsWith("tile/entries/"));
  }

  /** Reads the file `first`: the record that entry 0 of the journal's log is of. */
  async begin(): Promise<void> {
    if (this.log !== "journal" || !this.paths.has("first")) return;
    this.looked.add("first");
    const bytes = await this.folder.read("first");
    const read = found("first", () => {
      this.first = decimal(textOf(bytes, "first").trim(), "the first record's sequence");
      return "";
    });
    if (read.verdict === "no") this.fault(read);
  }

  /** Leaf hashes of the entries in a bundle; zeros for those that cannot be read. */
  async hashes(index: number, width: number): Promise<Bytes[]> {
    const path = this.paths.holding({ level: null, index, width });
    const pieces = path === null ? [] : this.cut(await this.folder.read(path));
    return Array.from({ length: width }, (_, at) => {
      const data = pieces[at]?.data;
      return data ? leafHash(data) : new Uint8Array(HASH_BYTES);
    });
  }

  /** Tells every entry of the bundle, and of its shorter versions, that is not the leaf which is trusted. */
  async check(index: number, trusted: readonly Bytes[]): Promise<void> {
    if (!this.bundles) return;
    const path = this.paths.holding({ level: null, index, width: trusted.length });
    if (path === null) {
      const missing = tilePath({ level: null, index, width: trusted.length });
      this.fault(no(missing, "missing_tile", "the file is not there"));
    } else {
      const pieces = await this.compare(path, index, trusted);
      this.follow(pieces.slice(0, trusted.length), index);
    }
    for (const older of this.paths.of(null, index))
      if (!this.looked.has(older)) await this.compare(older, index, trusted);
  }

  findings(): Finding[] {
    if (this.head.size === 0) return [];
    if (!this.bundles) return [open("Entries", "there are none in the folder: only the tree over them was checked")];
    if (this.log === null) return [told("Entries", "of a log that is none of the three: what they say is not read")];
    if (this.log === "journal" && this.first === null)
      return [open("Sequence of the records", "there is no file first: only that they follow one another was checked")];
    if (!this.chained)
      return [open("Fingerprints from event to event", `over ${ORDERS_REMEMBERED} orders: not all were followed`)];
    const followed = { journal: "every record is there, one after the other", ceremonies: "steps can be read" };
    const what =
      this.log === "orders" ? "each event names the fingerprint of the order's event before" : followed[this.log];
    return this.broken ? [] : [yes("Entries in their order", what)];
  }

  private broken = false;

  private async compare(path: string, index: number, trusted: readonly Bytes[]): Promise<Piece[]> {
    this.looked.add(path);
    const width = placeOf(path)?.width ?? 0;
    if (width > trusted.length) this.beyond += 1;
    const bytes = await this.folder.read(path);
    const pieces = this.cut(bytes);
    for (const [at, hash] of trusted.slice(0, width).entries()) {
      const piece = pieces[at];
      if (piece?.data && same(leafHash(piece.data), hash)) {
        piece.good = true;
        continue;
      }
      if (!piece || (piece.data === null && at === pieces.length - 1 && this.stride(bytes) === null)) {
        this.fault(
          no(path, "truncated_tile", `entry ${index * TILE_WIDTH + at} is cut off, or the lengths before it are wrong`),
        );
        return pieces;
      }
      const where = `entry ${index * TILE_WIDTH + at}, bytes ${piece.at} on`;
      this.fault(no(path, "leaf_differs", `${where}: it is not the leaf ${hex(hash).slice(0, 16)}… that the tree has`));
    }
    if (pieces.length > width) this.fault(no(path, "leaf_differs", `there are bytes after its ${width} entries`));
    return pieces;
  }

  /** The file in pieces: by this log's one length where the file has that form, else by the lengths within it. */
  private cut(bytes: Bytes): Piece[] {
    const stride = this.stride(bytes);
    const pieces: Piece[] = [];
    for (let at = 0; at < bytes.length;) {
      const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
      const end = at + (stride ?? LENGTH_BYTES + length);
      const good = end <= bytes.length && end - at === LENGTH_BYTES + length;
      pieces.push({ at, data: good ? bytes.slice(at + LENGTH_BYTES, end) : null, good: false });
      if (end > bytes.length) break;
      at = end;
    }
    return pieces;
  }

  private stride(bytes: Bytes): number | null {
    const length = this.log === null ? null : ENTRY_BYTES[this.log];
    return length !== null && bytes.length % (LENGTH_BYTES + length) === 0 ? LENGTH_BYTES + length : null;
  }

  /** Whether the leaves say what must follow; of those only that are the tree's own. */
  private follow(pieces: readonly Piece[], index: number): void {
    for (const [at, { data, good }] of pieces.entries()) {
      if (!good || !data) continue;
      this.count += 1;
      if (this.log === null) continue;
      const number = index * TILE_WIDTH + at;
      const seen = found(`Entry ${number}`, () => this.next(data, number));
      if (seen.verdict !== "no") continue;
      this.broken = true;
      this.fault(seen);
    }
  }

  private next(data: Bytes, number: number): string {
    const entry = entryOf(data);
    if (entry.log !== this.log) throw new Refused("wrong_log", `it is of the log ${entry.log}`);
    if (entry.log === "journal") this.nextRecord(entry.sequence - number, number);
    if (entry.log === "orders") this.nextEvent(entry);
    return "";
  }

  private nextRecord(first: number, number: number): void {
    const expected = this.first ?? first;
    this.first = number === 0 ? first : expected;
    if (first === expected) return;
    if (number === 0) throw new Refused("wrong_sequence", `it is of record ${first}, the file first says ${expected}`);
    throw new Refused("wrong_sequence", `it is of record ${first + number}, not ${expected + number}`);
  }

  private nextEvent(entry: OrderEntry): void {
    const { before } = this;
    this.before = entry;
    const late =
      before &&
      (entry.sequence < before.sequence || (entry.sequence === before.sequence && entry.place <= before.place));
    const expected = this.fingerprintBefore(entry);
    if (late) throw new Refused("wrong_sequence", `record ${entry.sequence} comes after record ${before.sequence}`);
    if (!same(entry.previous, expected))
      throw new Refused(
        "chain_breaks",
        `order ${entry.order}: the event before has another fingerprint than the one named`,
      );
  }

  /** An order is born by the record that has its number; other numbers (a cancel of what never was) have no chain. */
  private fingerprintBefore({ order, sequence, fingerprint, previous }: OrderEntry): Bytes {
    const none = new Uint8Array(HASH_BYTES);
    const known = this.last.get(order);
    if (order === 0) return none;
    if (!known && sequence !== order) return this.chained ? none : previous;
    this.last.set(order, fingerprint);
    if (this.last.size > ORDERS_REMEMBERED) {
      this.last.delete(this.last.keys().next().value as number);
      this.chained = false;
    }
    return known ?? none;
  }
}
