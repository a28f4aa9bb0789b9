import { describe, expect, it } from "vitest";
import { canonical, checkSeal, PIECE_BYTES } from "../../../src/verifier/daySeal";
import type { LogFolder } from "../../../src/verifier/folder";
import { type Known, NOTHING_KNOWN } from "../../../src/verifier/heads";
import { holds } from "../../../src/verifier/refusal";
import kept from "./seal.json";

const KNOWN: Known = { ...NOTHING_KNOWN, logKeys: kept.vkey };
const [JOURNAL, ROWS, EXPORT] = kept.seal.files.map(({ path }) => path) as [string, string, string];

/** The files that the seal was made of. */
function files(): Map<string, Uint8Array<ArrayBuffer>> {
  const utf8 = new TextEncoder();
  return new Map([
    [JOURNAL, Uint8Array.from({ length: 256 * 300 }, (_, at) => at % 256)],
    [ROWS, utf8.encode("PAR1".repeat(40_000)) as Uint8Array<ArrayBuffer>],
    [EXPORT, utf8.encode("größe;1\n".repeat(11)) as Uint8Array<ArrayBuffer>],
  ]);
}

async function check(of: Map<string, Uint8Array<ArrayBuffer>>, raw = JSON.stringify(kept.seal), known = KNOWN) {
  const folder: LogFolder = { paths: [...of.keys()], read: async (path) => of.get(path) ?? new Uint8Array() };
  return checkSeal(raw, folder, known, async () => undefined);
}

async function refusals(of: Map<string, Uint8Array<ArrayBuffer>>, raw?: string, known?: Known): Promise<string[]> {
  const findings = await check(of, raw, known);
  return findings
    .filter(({ verdict }) => verdict === "no")
    .map(({ what, reason, detail }) => `${reason} ${what}: ${detail}`);
}

describe("a sealed day", () => {
  it("holds as the command line sealed it", async () => {
    const findings = await check(files());
    expect(findings.filter(({ verdict }) => verdict === "no")).toEqual([]);
    expect(holds(findings)).toBe(true);
  });

  it("names the file and the piece of one changed bit", async () => {
    for (const [path, place] of [
      [JOURNAL, 0],
      [JOURNAL, PIECE_BYTES],
      [ROWS, 2 * PIECE_BYTES + 5],
      [EXPORT, 98],
    ] as const) {
      const changed = files();
      changed.get(path)![place]! ^= 4;
      const first = Math.floor(place / PIECE_BYTES) * PIECE_BYTES;
      const end = Math.min(first + PIECE_BYTES, changed.get(path)!.length) - 1;
      expect(await refusals(changed)).toEqual([`changed ${path}: between bytes ${first} and ${end}`]);
    }
  });

  it("lets a segment grow, and nothing else", async () => {
    const grown = files();
    for (const path of [JOURNAL, ROWS]) grown.set(path, Uint8Array.from([...grown.get(path)!, 1]));
    expect(await refusals(grown)).toEqual([`longer ${ROWS}: it had 160000 bytes and has 160001`]);
  });

  it("names what is gone, cut or new", async () => {
    const gone = files();
    gone.delete(EXPORT);
    gone.set(ROWS, gone.get(ROWS)!.slice(0, -1));
    gone.set("audit/store/day=2026-11-29/x", new Uint8Array());
    expect((await refusals(gone)).map((one) => one.split(" ")[0])).toEqual(["shorter", "missing", "unlisted"]);
  });

  it("refuses a seal in which anything was changed", async () => {
    const raw = JSON.stringify(kept.seal);
    const whole = files();
    for (let place = 0; place < raw.length; place += 97) {
      const code = raw.charCodeAt(place) ^ 1;
      const changed = raw.slice(0, place) + String.fromCharCode(code) + raw.slice(place + 1);
      expect(await refusals(whole, changed), `at ${place}`).not.toEqual([]);
    }
  });

  it("asks for the key, and refuses another's", async () => {
    const open = await check(files(), undefined, NOTHING_KNOWN);
    expect(open.some(({ verdict, what }) => verdict === "open" && what === "Signature of the seal")).toBe(true);
  });

  it("writes JSON canonically", () => {
    expect(canonical({ b: [1, "é\n"], a: { d: true, c: null } })).toBe('{"a":{"c":null,"d":true},"b":[1,"é\\n"]}');
  });
});
