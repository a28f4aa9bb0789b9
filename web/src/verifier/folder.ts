/**
 * Checks the folder of a log: head, tiles, entries, older heads; and tells where a changed bit is.
 *
 * Trust goes from the signed root downwards. The tiles' right edge makes the root; every whole tile makes one hash of the
 * tile above. Where a tile does not make what is above it, the hashes made of what lies below it are put in its place: if
 * these do, the tile is wrong and they say where. So one changed bit is found in the file and at the entry it is in.
 */
import { type Bytes, hex, same, textOf } from "./bytes";
import { Entries } from "./folderEntries";
import { olderHeads } from "./folderHeads";
import { judge, knownHead, type Known } from "./heads";
import type { Head } from "./note";
import { FAULTS_TOLD_MAX, type Finding, found, no, open, Refused, told, yes } from "./refusal";
import { levelShape, levelsOf, placeOf, TILE_WIDTH, tilePath, TilePaths, type TilePlace } from "./tilePaths";
import { HASH_BYTES, Range, rootOf } from "./tree";

/** The files of one log by their paths below its folder; read when they are needed. */
export interface LogFolder {
  paths: readonly string[];
  read(path: string): Promise<Bytes>;
}

export interface FolderReport {
  head: Head | null;
  findings: Finding[];
}

/** Positions of which it is tried which one is wrong, all their combinations. */
const TRIED_MAX = 10;
/** A whole tile is a subtree of this height. */
const TILE_HEIGHT = 8;

export async function checkFolder(
  folder: LogFolder,
  known: Known,
  progress: (done: number, of: number) => Promise<void>,
): Promise<FolderReport> {
  if (!folder.paths.includes("checkpoint"))
    return { head: null, findings: [no("Head", "no_checkpoint", "nothing commits to the tiles")] };
  const raw = await folder.read("checkpoint");
  let text: string;
  try {
    text = textOf(raw, "checkpoint");
  } catch (fault) {
    if (!(fault instanceof Refused)) throw fault;
    return { head: null, findings: [no("Head", fault.reason, fault.detail)] };
  }
  const { head, findings } = judge(text, { logKey: "", witnessKeys: [] }, known);
  if (!head) return { head, findings };
  const check = new FolderCheck(folder, head, progress);
  const roots = await olderHeads(folder, head, known);
  await check.run(roots.sizes());
  const all = [
    ...findings.map((one) => settled(one, known, check)),
    ...check.findings(),
    ...roots.findings(check.roots),
  ];
  return { head, findings: all };
}

/** What the head alone left open, now that the tree is known: whether it goes on from the head that is known. */
function settled(finding: Finding, known: Known, check: FolderCheck): Finding {
  if (finding.verdict !== "open" || finding.what !== "Against a head seen before" || known.head.trim() === "")
    return finding;
  return found(finding.what, () => {
    const { size, root } = knownHead(known.head);
    const now = size === 0 ? root : check.roots.get(size);
    if (!now) throw new Refused("old_head", `the tree of ${size} entries could not be made`);
    if (!same(now, root))
      throw new Refused("forked", `the first ${size} entries have another root than the one you know`);
    return `the first ${size} entries have the root that you know`;
  });
}

class FolderCheck {
  /** Roots of the sizes that were asked for. */
  readonly roots = new Map<number, Bytes>();
  private readonly paths: TilePaths;
  private readonly faults: Finding[] = [];
  private readonly range = new Range();
  private readonly entries: Entries;
  private readonly looked = new Set<string>(["checkpoint"]);
  private faulty = 0;
  private hashes = 0;
  /** Files that have more than the head signs: the log had grown when they were copied. */
  private beyond = 0;

  constructor(
    private readonly folder: LogFolder,
    private readonly head: Head,
    private readonly progress: (done: number, of: number) => Promise<void>,
  ) {
    this.paths = new TilePaths(folder.paths);
    this.entries = new Entries(folder, this.paths, head, (finding) => this.fault(finding));
  }

  /** Reads all of it; keeps the roots of the trees of `sizes` entries. */
  async run(sizes: ReadonlySet<number>): Promise<void> {
    if (this.head.size === 0) return;
    await this.entries.begin();
    let above = new Map<number, Bytes>();
    const edges = await this.edges();
    for (let level = levelsOf(this.head.size) - 1; level >= 0; level -= 1) {
      const { full, rest } = levelShape(this.head.size, level);
      const next = new Map<number, Bytes>();
      for (let index = 0; index < full + (rest > 0 ? 1 : 0); index += 1) {
        const whole = index < full;
        const trusted = whole ? await this.whole({ level, index, width: TILE_WIDTH }, above.get(index)) : edges[level];
        if (!trusted) continue;
        if (level === 0) await this.leaves(index, trusted, above.get(index), sizes);
        else for (const [at, hash] of trusted.entries()) next.set(index * TILE_WIDTH + at, hash);
        await this.olderParts({ level, index, width: trusted.length }, trusted);
      }
      above = next;
    }
  }

  findings(): Finding[] {
    const what = `Tree of ${this.head.size} entries`;
    const shown = this.faults.slice(0, FAULTS_TOLD_MAX);
    if (this.faulty > shown.length)
      shown.push(told("Further findings", `${this.faulty - shown.length} are not listed`));
    if (this.faulty === 0)
      shown.push(
        yes(what, `${this.hashes} hashes of tiles and ${this.entries.count} entries make the root of the head`),
      );
    const others = this.folder.paths.filter((path) => !this.looked.has(path) && !this.entries.looked.has(path));
    // Heads have findings of their own; a lock of the writer is nobody's evidence.
    const beyond = this.beyond + this.entries.beyond;
    if (beyond > 0) shown.push(open("What lies beyond the head", `${beyond} files have more than the head signs`));
    const strange = others.filter((path) => path !== "heads" && path !== "lock").toSorted();
    if (strange.length > 0)
      shown.push(open("Files that were not checked", `${strange.length}: ${strange.slice(0, 5).join(", ")}`));
    return [...shown, ...this.entries.findings()];
  }

  private fault(finding: Finding): void {
    this.faulty += 1;
    if (this.faults.length <= FAULTS_TOLD_MAX) this.faults.push(finding);
  }

  /** The right edge, by level: the hashes that no tile above covers. They make the root themselves. */
  private async edges(): Promise<Bytes[][]> {
    const stored: Bytes[][] = [];
    const places: TilePlace[] = [];
    for (let level = 0; level < levelsOf(this.head.size); level += 1) {
      const { full, rest } = levelShape(this.head.size, level);
      const place = { level, index: full, width: rest };
      places.push(place);
      stored.push(rest === 0 ? [] : await this.tile(place));
    }
    const makes = (edges: readonly Bytes[][]): boolean => same(edgeRoot(edges), this.head.root);
    if (makes(stored)) return stored;
    const below = await Promise.all(places.map((place) => (place.width === 0 ? [] : this.below(place))));
    const flat = (edges: readonly Bytes[][]): Bytes[] => edges.flat();
    const cut = (hashes: readonly Bytes[]): Bytes[][] => {
      let at = 0;
      return places.map(({ width }) => hashes.slice(at, (at += width)));
    };
    const right = settle(flat(stored), flat(below), (hashes) => makes(cut(hashes)));
    if (!right) {
      this.unsettled(places, stored, below);
      return stored;
    }
    for (const [level, hashes] of cut(right).entries())
      this.compare(places[level] as TilePlace, stored[level] ?? [], hashes);
    return cut(right);
  }

  /** Nothing that lies here makes the signed root: another tree was signed, or more than one thing was changed. */
  private unsettled(places: readonly TilePlace[], stored: readonly Bytes[][], below: readonly Bytes[][]): void {
    const before = this.faulty;
    for (const [level, hashes] of below.entries())
      for (const [at, hash] of hashes.entries())
        if (!same(hash, stored[level]?.[at] ?? hash)) {
          const place = places[level] as TilePlace;
          this.fault(
            no(
              tilePath(place),
              "tile_differs",
              `hash ${at} is not that of what lies below; which is wrong cannot be told`,
            ),
          );
        }
    if (this.faulty > before) return;
    const made = hex(edgeRoot(stored));
    this.fault(
      no(
        "Root",
        "root_differs",
        `tiles and entries agree with one another and make the root ${made}; another tree was signed`,
      ),
    );
  }

  /** A whole tile's hashes that make `above`, whatever lies in its file. */
  private async whole(place: TilePlace, above: Bytes | undefined): Promise<Bytes[]> {
    const stored = await this.tile(place);
    if (!above || same(rootOf(stored), above)) return stored;
    const below = await this.below(place);
    const right = settle(stored, below, (hashes) => same(rootOf(hashes), above));
    if (right) this.compare(place, stored, right);
    else
      this.fault(
        no(
          tilePath(place),
          "tile_differs",
          `it does not make the hash above it, ${hex(above)}, nor does what lies below`,
        ),
      );
    return right ?? stored;
  }

  private compare(place: TilePlace, stored: readonly Bytes[], right: readonly Bytes[]): void {
    for (const [at, hash] of right.entries()) {
      const was = stored[at];
      if (!was || same(was, hash)) continue;
      this.fault(
        no(
          tilePath(place),
          "tile_differs",
          `hash ${at} (bytes ${at * HASH_BYTES} on) is ${hex(was)}, not ${hex(hash)}`,
        ),
      );
    }
  }

  /** The hashes of a tile as its file has them; where it is missing or cut, as what lies below makes them. */
  private async tile(place: TilePlace): Promise<Bytes[]> {
    const at = this.paths.holding(place);
    if (at === null) {
      this.fault(no(tilePath(place), "missing_tile", "the file is not there"));
      return this.below(place);
    }
    this.looked.add(at);
    const bytes = await this.folder.read(at);
    const expected = (placeOf(at)?.width ?? 0) * HASH_BYTES;
    if (expected > place.width * HASH_BYTES) this.beyond += 1;
    if (bytes.length !== expected) {
      this.fault(no(at, "truncated_tile", `it has ${bytes.length} bytes, not ${expected}`));
      return this.below(place);
    }
    this.hashes += place.width;
    return cutHashes(bytes).slice(0, place.width);
  }

  /** What a tile must hold by what lies below it: entries, or the tiles of the level below. Nothing is told of those. */
  private async below({ level, index, width }: TilePlace): Promise<Bytes[]> {
    if (level === null || level === 0) return this.entries.hashes(index, width);
    const hashes: Bytes[] = [];
    for (let at = 0; at < width; at += 1) {
      const place = { level: level - 1, index: index * TILE_WIDTH + at, width: TILE_WIDTH };
      const path = tilePath(place);
      const bytes = this.paths.has(path) ? await this.folder.read(path) : null;
      const whole = bytes?.length === TILE_WIDTH * HASH_BYTES ? cutHashes(bytes) : await this.below(place);
      hashes.push(rootOf(whole));
    }
    return hashes;
  }

  /** Entries against hashes that are trusted now; and the tree grows by them. */
  private async leaves(
    index: number,
    trusted: readonly Bytes[],
    above: Bytes | undefined,
    sizes: ReadonlySet<number>,
  ): Promise<void> {
    await this.entries.check(index, trusted);
    const start = index * TILE_WIDTH;
    const root = above && !among(sizes, start + 1, start + TILE_WIDTH - 1) ? above : null;
    if (root) this.range.push(root, TILE_HEIGHT);
    for (const [at, hash] of trusted.entries()) {
      if (!root) this.range.push(hash, 0);
      if (sizes.has(start + at + 1)) this.roots.set(start + at + 1, this.range.root());
    }
    await this.progress(start + trusted.length, this.head.size);
  }

  /** Tiles from when the log was shorter must be the beginning of what there is now. */
  private async olderParts({ level, index, width }: TilePlace, trusted: readonly Bytes[]): Promise<void> {
    for (const path of this.paths.of(level, index)) {
      if (this.looked.has(path)) continue;
      this.looked.add(path);
      const older = placeOf(path)?.width ?? 0;
      const bytes = await this.folder.read(path);
      const hashes = cutHashes(bytes);
      if (bytes.length !== older * HASH_BYTES) {
        this.fault(no(path, "truncated_tile", `it has ${bytes.length} bytes, not ${older * HASH_BYTES}`));
        continue;
      }
      this.compare({ level, index, width: older }, hashes.slice(0, width), trusted.slice(0, older));
      if (older > width) this.beyond += 1;
    }
  }
}

/** The head of the tree whose right edge this is, lowest level first. */
function edgeRoot(edges: readonly Bytes[][]): Bytes {
  const range = new Range();
  for (let level = edges.length - 1; level >= 0; level -= 1)
    for (const hash of edges[level] ?? []) range.push(hash, TILE_HEIGHT * level);
  return range.root();
}

/** Of `one` and `other`, position by position, that which is accepted; null when none is, or too many would be tried. */
function settle(
  one: readonly Bytes[],
  other: readonly Bytes[],
  accepted: (hashes: readonly Bytes[]) => boolean,
): Bytes[] | null {
  const differ = one.flatMap((hash, at) => (same(hash, other[at] as Bytes) ? [] : [at]));
  if (accepted(other)) return [...other];
  if (differ.length > TRIED_MAX) return null;
  for (let chosen = 0; chosen < 1 << differ.length; chosen += 1) {
    const tried = one.map((hash, at) =>
      (chosen >> differ.indexOf(at)) & 1 && differ.includes(at) ? (other[at] as Bytes) : hash,
    );
    if (accepted(tried)) return tried;
  }
  return null;
}

function among(sizes: ReadonlySet<number>, from: number, to: number): boolean {
  for (let size = from; size <= to; size += 1) if (sizes.has(size)) return true;
  return false;
}

export function cutHashes(bytes: Bytes): Bytes[] {
  const hashes: Bytes[] = [];
  for (let at = 0; at + HASH_BYTES <= bytes.length; at += HASH_BYTES) hashes.push(bytes.slice(at, at + HASH_BYTES));
  return hashes;
}
