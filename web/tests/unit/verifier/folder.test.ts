import { describe, expect, it } from "vitest";
import { checkFolder, type FolderReport, type LogFolder } from "../../../src/verifier/folder";
import { type Known, NOTHING_KNOWN } from "../../../src/verifier/heads";
import { holds } from "../../../src/verifier/refusal";
import { placeOf, tilePath } from "../../../src/verifier/tilePaths";
import {
  checkpoint,
  type Files,
  journalEntry,
  LOG_KEYS,
  logFiles,
  orderEntry,
  orderEvents,
  sha256,
  tree,
  bytes,
} from "./log";

const leaf = (data: Buffer): Buffer => sha256(Buffer.of(0), data);
const records = (count: number, first = 1): Buffer[] =>
  Array.from({ length: count }, (_, at) => journalEntry(first + at));
const JOURNAL: Known = { ...NOTHING_KNOWN, logKeys: LOG_KEYS.journal.vkey };
const ORDERS: Known = { ...NOTHING_KNOWN, logKeys: LOG_KEYS.orders.vkey };

const folderOf = (files: Files): LogFolder => ({
  paths: [...files.keys()],
  read: async (path) => files.get(path) ?? new Uint8Array(),
});

function check(files: Files, known: Known): Promise<FolderReport> {
  return checkFolder(folderOf(files), known, async () => undefined);
}

async function refusals(files: Files, known: Known): Promise<string[]> {
  const { findings } = await check(files, known);
  return findings
    .filter(({ verdict }) => verdict === "no")
    .map(({ what, reason, detail }) => `${reason} ${what}: ${detail}`);
}

/** The same files with one bit of one of them turned. */
function flipped(files: Files, path: string, byte: number, bit = 0): Files {
  const damaged = Uint8Array.from(files.get(path) as Uint8Array);
  damaged[byte] = (damaged[byte] as number) ^ (1 << bit);
  return new Map(files).set(path, damaged);
}

const SMALL = logFiles(records(5), LOG_KEYS.journal, 3);
const MIDDLE = logFiles(records(600, 41), LOG_KEYS.journal, 300);
const EVENTS = logFiles(orderEvents(300, 7).map(orderEntry), LOG_KEYS.orders);

describe("the folder of a log", () => {
  it("holds when it is whole, in each of its sizes", async () => {
    for (const count of [0, 1, 2, 255, 256, 257, 511, 512, 600]) {
      const files = logFiles(records(count), LOG_KEYS.journal);
      const { findings } = await check(files, JOURNAL);
      expect(findings.filter(({ verdict }) => verdict === "no")).toEqual([]);
      expect(holds(findings)).toBe(true);
    }
    expect(await refusals(EVENTS, ORDERS)).toEqual([]);
    expect(await refusals(MIDDLE, JOURNAL)).toEqual([]);
  });

  it("says what it could not check", async () => {
    const { findings } = await check(new Map(SMALL).set("notes.txt", bytes("x")), NOTHING_KNOWN);
    const opened = findings.filter(({ verdict }) => verdict === "open").map(({ what, detail }) => `${what}: ${detail}`);
    expect(opened).toContain("Files that were not checked: 1: notes.txt");
    expect(opened).toContain("Signature of the log: no key of the log was given");
  });

  it("of another implementation's entries is checked as far as its tree", async () => {
    const files = logFiles([Buffer.from("one"), Buffer.from("two")], LOG_KEYS.journal);
    for (const path of ["first", "heads"]) files.delete(path);
    const named = bytes(
      Buffer.from(files.get("checkpoint")!).toString().replaceAll("isthmus.local/demo/journal", "example.com/log"),
    );
    const { findings } = await check(files.set("checkpoint", named), NOTHING_KNOWN);
    expect(findings.filter(({ verdict }) => verdict === "no")).toEqual([]);
  });

  it("goes on from a head that was known before, or is told to be another log's", async () => {
    const root = tree(records(600, 41).slice(0, 300).map(leaf)).toString("hex");
    const { findings } = await check(MIDDLE, { ...JOURNAL, head: `300 ${root}` });
    expect(findings).toContainEqual(
      expect.objectContaining({ verdict: "yes", detail: "the first 300 entries have the root that you know" }),
    );
    expect(await refusals(MIDDLE, { ...JOURNAL, head: `300 ${"0".repeat(64)}` })).toEqual([
      expect.stringMatching(/^forked /),
    ]);
    expect(await refusals(MIDDLE, { ...JOURNAL, head: `601 ${root}` })).toEqual([expect.stringMatching(/^old_head /)]);
    expect(await refusals(MIDDLE, { ...JOURNAL, head: "nonsense" })).toEqual([expect.stringMatching(/^malformed /)]);
  });
});

describe("a folder that was copied while its log grew", () => {
  it("holds as far as its head, and says that there is more", async () => {
    const head = checkpoint(records(300, 41).map(leaf), LOG_KEYS.journal);
    const grown = new Map(logFiles(records(600, 41), LOG_KEYS.journal)).set("checkpoint", bytes(head));
    grown.delete("heads");
    const { findings } = await check(grown, JOURNAL);
    expect(findings.filter(({ verdict }) => verdict === "no")).toEqual([]);
    expect(findings).toContainEqual(expect.objectContaining({ what: "What lies beyond the head", verdict: "open" }));
  });
});

describe("one turned bit", () => {
  it("in any byte of a tile or of the entries is found there", async () => {
    for (const [path, data] of SMALL) {
      if (path === "checkpoint" || path === "heads") continue;
      for (let byte = 0; byte < data.length; byte += 1) {
        const found = await refusals(flipped(SMALL, path, byte, byte % 8), NOTHING_KNOWN);
        const where =
          path === "first" ? /first/ : new RegExp(`^(tile|leaf)_(differs) ${path}: |^truncated_tile ${path}: `);
        expect(found.length, `${path}, byte ${byte}`).toBeGreaterThan(0);
        for (const one of found) expect(one, `byte ${byte}`).toMatch(where);
      }
    }
  });

  it("in any byte of a signed head, or of what is kept of it, is found", async () => {
    const files = logFiles(records(1), LOG_KEYS.journal);
    for (const path of ["checkpoint", "heads"]) {
      const data = files.get(path) as Uint8Array;
      for (let byte = 0; byte < data.length; byte += 1) {
        // Times beside the notes are signed by nobody; the report says so.
        const before = Buffer.from(data.subarray(0, byte)).toString("latin1");
        if (/"time":"[^"]*$/.test(before) && data[byte] !== 34) continue;
        const found = await refusals(flipped(files, path, byte, byte % 7), JOURNAL);
        expect(found.length, `${path}, byte ${byte}`).toBeGreaterThan(0);
      }
    }
  });

  it.each([
    ["an entry of a whole bundle", "tile/entries/000", 44 * 100 + 20, "leaf_differs", "entry 100, bytes 4400 on"],
    ["the length before an entry", "tile/entries/001", 44 * 3 + 1, "leaf_differs", "entry 259, bytes 132 on"],
    ["an entry of the last bundle", "tile/entries/002.p/88", 44 * 87 + 43, "leaf_differs", "entry 599, bytes 3828 on"],
    ["a hash of a whole tile", "tile/0/001", 32 * 17 + 31, "tile_differs", "hash 17 (bytes 544 on)"],
    ["a hash of the last tile", "tile/0/002.p/88", 32 * 87, "tile_differs", "hash 87 (bytes 2784 on)"],
    ["a hash of the tile above", "tile/1/000.p/2", 32, "tile_differs", "hash 1 (bytes 32 on)"],
    ["a shorter tile from before", "tile/0/001.p/44", 32 * 43 + 5, "tile_differs", "hash 43 (bytes 1376 on)"],
    ["a shorter bundle from before", "tile/entries/001.p/44", 44 * 2 + 9, "leaf_differs", "entry 258, bytes 88 on"],
  ])("in %s is located", async (_, path, byte, reason, where) => {
    const found = await refusals(flipped(MIDDLE, path, byte), JOURNAL);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`${reason} ${path}: `);
    expect(found[0]).toContain(where);
  });

  it("in a tile and one in an entry are both located", async () => {
    const twice = flipped(flipped(MIDDLE, "tile/entries/000", 4400), "tile/0/000", 32 * 7);
    const found = await refusals(twice, JOURNAL);
    expect(found).toEqual([
      expect.stringMatching(/^tile_differs tile\/0\/000: hash 7 /),
      expect.stringMatching(/^leaf_differs tile\/entries\/000: entry 100,/),
    ]);
  });

  it("in the signed head is a bad signature", async () => {
    const at = Buffer.from(MIDDLE.get("checkpoint")!).indexOf("600");
    expect(await refusals(flipped(MIDDLE, "checkpoint", at + 1), JOURNAL)).toContainEqual(
      expect.stringMatching(/^bad_signature /),
    );
  });
});

describe("a folder that was made otherwise", () => {
  it("with a cut file names it as truncated", async () => {
    for (const path of ["tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2", "tile/0/001.p/44"]) {
      const cut = new Map(MIDDLE).set(path, MIDDLE.get(path)!.slice(0, -1));
      expect(await refusals(cut, JOURNAL)).toEqual([expect.stringContaining(`truncated_tile ${path}: `)]);
    }
    for (const path of ["tile/entries/001", "tile/entries/002.p/88"]) {
      const cut = new Map(MIDDLE).set(path, MIDDLE.get(path)!.slice(0, -1));
      expect(await refusals(cut, JOURNAL)).toEqual([expect.stringContaining(`truncated_tile ${path}: `)]);
    }
  });

  it("without a file names it as missing, and without a head is nothing", async () => {
    for (const path of ["tile/0/001", "tile/1/000.p/2", "tile/entries/001"]) {
      const less = new Map(MIDDLE);
      less.delete(path);
      expect(await refusals(less, JOURNAL)).toEqual([expect.stringContaining(`missing_tile ${path}: `)]);
    }
    expect(await refusals(new Map(), JOURNAL)).toEqual([expect.stringContaining("no_checkpoint Head")]);
  });

  it("under the head of another tree of that size is forked", async () => {
    const other = records(600, 41)
      .map(leaf)
      .with(3, leaf(Buffer.from("other")));
    const forked = new Map(MIDDLE).set("checkpoint", bytes(checkpoint(other, LOG_KEYS.journal)));
    const found = await refusals(forked, JOURNAL);
    expect(found[0]).toMatch(/^root_differs Root: /);
    expect(found).toContainEqual(expect.stringMatching(/^forked heads, line 2/));
  });

  it("under an older head, with heads beyond it, is told so", async () => {
    const older = records(300, 41).map(leaf);
    const cut = new Map(MIDDLE).set("checkpoint", bytes(checkpoint(older, LOG_KEYS.journal)));
    expect(await refusals(cut, JOURNAL)).toContainEqual(expect.stringMatching(/^old_head heads, line 2/));
  });

  it("with records that leave one out is a wrong sequence, though it is signed", async () => {
    const entries = [...records(3), ...records(3, 5)];
    const found = await refusals(logFiles(entries, LOG_KEYS.journal), JOURNAL);
    expect(found[0]).toBe("wrong_sequence Entry 3: it is of record 5, not 4");
  });

  it("with an event that names another fingerprint before it breaks the order's chain", async () => {
    const events = orderEvents(20, 7);
    events[10] = { ...events[10]!, previous: sha256(Buffer.from("another")) };
    const found = await refusals(logFiles(events.map(orderEntry), LOG_KEYS.orders), ORDERS);
    expect(found).toEqual([expect.stringMatching(/^chain_breaks Entry 10: order 13/)]);
  });

  it("with events of numbers that are no order's has no chain of them", async () => {
    const none = Buffer.alloc(32);
    const stray = (sequence: number, order: number) => ({ ...orderEvents(1, 1)[0]!, sequence, order, previous: none });
    const events = [...orderEvents(9, 3), stray(30, 0), stray(31, 0), stray(32, 4_000), stray(33, 4_000)];
    expect(await refusals(logFiles(events.map(orderEntry), LOG_KEYS.orders), ORDERS)).toEqual([]);
    const second = { ...stray(34, 0), previous: sha256(Buffer.from("x")) };
    const wrong = logFiles([...events, second].map(orderEntry), LOG_KEYS.orders);
    expect(await refusals(wrong, ORDERS)).toEqual([expect.stringMatching(/^chain_breaks Entry 13: order 0/)]);
  });

  it("with entries of another log is the wrong log", async () => {
    const found = await refusals(
      logFiles([...records(2), orderEntry(orderEvents(1, 1)[0]!)], LOG_KEYS.journal),
      JOURNAL,
    );
    expect(found).toEqual([expect.stringMatching(/^wrong_log Entry 2/)]);
  });
});

describe("the path of a tile", () => {
  it.each([
    [0, 0, 256, "tile/0/000"],
    [0, 1_234_067, 256, "tile/0/x001/x234/067"],
    [2, 1_000, 9, "tile/2/x001/000.p/9"],
    [null, 999, 255, "tile/entries/999.p/255"],
  ])("of level %s, number %i, width %i is %s", (level, index, width, path) => {
    expect(tilePath({ level, index, width })).toBe(path);
    expect(placeOf(path)).toEqual({ level, index, width });
  });

  it.each([
    "tile/0/0",
    "tile/0/x000/001",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/0/000.p/01",
    "tile/00/000",
    "heads",
  ])("is not %s", (path) => expect(placeOf(path)).toBeNull());
});
