import { describe, expect, it } from "vitest";
import { crc32c } from "../../../src/verifier/crc32c";
import { checkJournal } from "../../../src/verifier/journal";
import { sha256 } from "./log";

const u32 = (value: number): Buffer => {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value >>> 0);
  return out;
};
const u64 = (value: number): Buffer => {
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(BigInt(value));
  return out;
};
const crc = (data: Buffer): Buffer => u32(crc32c(Uint8Array.from(data)));

function frame(magic: string, body: Buffer, hash: Buffer): Buffer {
  const summed = Buffer.concat([Buffer.from(magic), u32(8 + body.length + 40), body, hash]);
  return Buffer.concat([summed, crc(summed), Buffer.from("1RsI")]);
}

function header(index: number, first: number, prev: Buffer): Buffer {
  const summed = Buffer.concat([Buffer.from("IsJ1"), u32(1), u32(index), u32(0), u64(first), prev]);
  return Buffer.concat([summed, crc(summed), Buffer.from("1JsI")]);
}

const body = (sequence: number): Buffer => Buffer.concat([u64(sequence), u64(7), Buffer.alloc(8 * (sequence % 3), 3)]);
const HASHES: Buffer[] = [Buffer.alloc(32)];
for (let sequence = 1; sequence <= 6; sequence += 1) HASHES.push(sha256(HASHES[sequence - 1]!, body(sequence)));

function segment(index: number, first: number, last: number, end: Buffer): Buffer {
  const records = Array.from({ length: last - first + 1 }, (_, at) => first + at).map((sequence) =>
    frame(sequence === first ? "IsG1" : "IsR1", body(sequence), HASHES[sequence]!),
  );
  return Buffer.concat([header(index, first, HASHES[first - 1]!), ...records, end]);
}

const seal = (last: number, kind: number): Buffer =>
  frame("IsS1", Buffer.concat([u64(last), u64(kind)]), HASHES[last]!);
const WHOLE: Record<string, Buffer> = {
  "00000001.seg": segment(1, 1, 4, seal(4, 1)),
  "00000002.seg": segment(2, 5, 6, Buffer.alloc(48)),
};

async function told(files: Record<string, Buffer>, wanted = new Map<number, string>()): Promise<string[]> {
  const folder = {
    paths: Object.keys(files),
    read: async (path: string) => Uint8Array.from(files[path] ?? Buffer.alloc(0)),
  };
  const { findings } = await checkJournal(folder, wanted, async () => undefined);
  return findings.map(({ verdict, what, reason, detail }) => `${verdict} ${reason ?? what}: ${detail}`);
}

describe("CRC-32C", () => {
  it("has the values of RFC 3720, appendix B.4, and of its check", () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from(Buffer.from("123456789")))).toBe(0xe3069283);
  });
});

describe("a journal", () => {
  it("is whole to its end, which is open or sealed", async () => {
    expect((await told(WHOLE))[0]).toBe(`yes Journal: 6 records, tail open, head ${HASHES[6]!.toString("hex")}`);
    const sealed = { ...WHOLE, "00000002.seg": segment(2, 5, 6, seal(6, 2)) };
    expect((await told(sealed))[0]).toMatch(/^yes Journal: 6 records, sealed/);
  });

  it("may begin behind records that lie elsewhere, which is told", async () => {
    const rest = await told({ "00000002.seg": WHOLE["00000002.seg"]! });
    expect(rest[0]).toMatch(/^yes Journal: 2 records/);
    expect(rest).toContain("open Records before the first segment: 1 to 4 are not in this folder");
  });

  it("has the record that a proof names, or another", async () => {
    const wanted = new Map([
      [3, HASHES[3]!.toString("hex")],
      [9, "00"],
    ]);
    const found = await told(WHOLE, wanted);
    expect(found).toContainEqual(expect.stringMatching(/^yes Record 3 of the proof: is in the journal/));
    expect(found).toContainEqual(expect.stringMatching(/^open Record 9/));
    expect(await told(WHOLE, new Map([[3, "00"]]))).toContainEqual(expect.stringMatching(/^no record_differs/));
  });

  it("with one bit turned anywhere is refused, at the record or before it", async () => {
    for (const [name, data] of Object.entries(WHOLE)) {
      for (let at = 0; at < data.length; at += 1) {
        const flipped = Buffer.from(data);
        flipped[at] = (flipped[at] as number) ^ (1 << (at % 8));
        const [first] = await told({ ...WHOLE, [name]: flipped });
        expect(first, `${name}, byte ${at}`).toMatch(/^no (damaged|torn_tail): /);
        expect(first, `byte ${at}`).toContain(name);
      }
    }
  });

  it("tells the record, the file and the byte", async () => {
    const flipped = Buffer.from(WHOLE["00000002.seg"]!);
    flipped[64 + 20] = 1;
    const [first] = await told({ ...WHOLE, "00000002.seg": flipped });
    expect(first).toMatch(/^no damaged: record 5 in 00000002.seg at byte 64 \(crc\); 4 records before it/);
  });

  it.each<[string, Record<string, Buffer>, RegExp]>([
    ["a segment that is gone", { "00000001.seg": WHOLE["00000001.seg"]! }, /missing_segment/],
    [
      "a segment that follows on another",
      { ...WHOLE, "00000002.seg": segment(2, 6, 6, seal(6, 2)) },
      /missing_segment/,
    ],
    [
      "records behind a segment without a seal",
      { ...WHOLE, "00000001.seg": segment(1, 1, 4, Buffer.alloc(8)) },
      /\(seal\)/,
    ],
    ["a seal of other records", { "00000001.seg": segment(1, 1, 4, seal(3, 2)) }, /\(seal\)/],
    [
      "bytes behind a seal",
      { "00000001.seg": segment(1, 1, 4, Buffer.concat([seal(4, 2), Buffer.alloc(8)])) },
      /\(padding\)/,
    ],
    [
      "a write that was cut off",
      { "00000001.seg": segment(1, 1, 4, Buffer.alloc(0)).subarray(0, -10) },
      /^no torn_tail: .*record 4/,
    ],
    ["no header", { "00000001.seg": Buffer.alloc(10) }, /\(header\)/],
  ])("with %s is refused by name", async (_, files, reason) => {
    expect((await told(files))[0]).toMatch(reason);
  });
});
