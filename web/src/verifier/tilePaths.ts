/** Where the tiles of a log lie (C2SP tlog-tiles): tile/L/N, tile/entries/N, with .p/W where a tile has W < 256 entries. */
export const TILE_WIDTH = 256;
const GROUP = 1000;

export interface TilePlace {
  /** Null for entries. */
  level: number | null;
  index: number;
  width: number;
}

/** "x001/x234/067" for 1234067. */
function grouped(index: number): string {
  const groups = [String(index % GROUP).padStart(3, "0")];
  for (let rest = Math.floor(index / GROUP); rest > 0; rest = Math.floor(rest / GROUP))
    groups.unshift(`x${String(rest % GROUP).padStart(3, "0")}`);
  return groups.join("/");
}

export function tilePath({ level, index, width }: TilePlace): string {
  const partial = width < TILE_WIDTH ? `.p/${width}` : "";
  return `tile/${level ?? "entries"}/${grouped(index)}${partial}`;
}

/** The place that a path names; null for a path that is not a tile's, or not spelled as a tile's. */
export function placeOf(path: string): TilePlace | null {
  const [, kind, groups = "", partial] =
    /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d{1,3}))?$/.exec(path) ?? [];
  if (kind === undefined) return null;
  const index = groups.split("/").reduce((sum, group) => sum * GROUP + Number(group.replace("x", "")), 0);
  const place = {
    level: kind === "entries" ? null : Number(kind),
    index,
    width: partial === undefined ? TILE_WIDTH : Number(partial),
  };
  return place.width > 0 && tilePath(place) === path ? place : null;
}

/** The tiles of one level in a log of `size` entries: `full` whole ones, and one of `rest` hashes if that is not zero. */
export function levelShape(size: number, level: number): { full: number; rest: number } {
  const hashes = Math.floor(size / TILE_WIDTH ** level);
  return { full: Math.floor(hashes / TILE_WIDTH), rest: hashes % TILE_WIDTH };
}

/** How many levels have a hash of their own. */
export function levelsOf(size: number): number {
  let levels = 0;
  while (TILE_WIDTH ** levels <= size) levels += 1;
  return levels;
}

/** The tiles that a folder has. */
export class TilePaths {
  private readonly present: ReadonlySet<string>;
  private readonly widths = new Map<string, string[]>();

  constructor(paths: readonly string[]) {
    this.present = new Set(paths);
    for (const path of paths) {
      const place = placeOf(path);
      if (place === null) continue;
      const key = keyOf(place.level, place.index);
      this.widths.set(key, [...(this.widths.get(key) ?? []), path]);
    }
  }

  has(path: string): boolean {
    return this.present.has(path);
  }

  /** Every version of a tile: whole, and from when it had fewer entries. */
  of(level: number | null, index: number): readonly string[] {
    return this.widths.get(keyOf(level, index)) ?? [];
  }

  /** The smallest version that has that many entries; null when there is none. */
  holding({ level, index, width }: TilePlace): string | null {
    const wide = this.of(level, index).filter((path) => widthOf(path) >= width);
    return wide.toSorted((one, other) => widthOf(one) - widthOf(other))[0] ?? null;
  }
}

function keyOf(level: number | null, index: number): string {
  return `${level} ${index}`;
}

function widthOf(path: string): number {
  return placeOf(path)?.width ?? 0;
}
