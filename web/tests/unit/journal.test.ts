import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { checkRecord, isGood } from "../../src/stores/journal";
import type { JournalRecord } from "../../src/wire/types";

function chained(sequence: number, prev: string): JournalRecord {
  const body = Buffer.alloc(40, sequence);
  body.writeBigUInt64LE(BigInt(sequence));
  const hash = createHash("sha256").update(Buffer.from(prev, "hex")).update(body).digest("hex");
  return {
    sequence,
    time: "",
    kind: "TimePassed",
    command: {},
    effects: [],
    origin: {},
    prev,
    hash,
    body: body.toString("hex"),
  };
}

const FIRST = chained(1, "00".repeat(32));
const SECOND = chained(2, FIRST.hash);

describe("a record's check", () => {
  it("passes a true record in a true chain", async () => {
    const check = await checkRecord(SECOND, FIRST.hash);
    expect(check).toEqual({ computed: SECOND.hash, hash: true, chain: true, body: true });
    expect(isGood(check)).toBe(true);
  });

  it("says nothing of the chain when the record before was not seen", async () => {
    const check = await checkRecord(SECOND, undefined);
    expect(check.chain).toBeNull();
    expect(isGood(check)).toBe(true);
  });

  it.each([0, 16, 79])("finds a flipped digit at %i of the body", async (at) => {
    const digit = SECOND.body[at] === "f" ? "e" : "f";
    const body = SECOND.body.slice(0, at) + digit + SECOND.body.slice(at + 1);
    expect(isGood(await checkRecord({ ...SECOND, body }, FIRST.hash))).toBe(false);
  });

  it("finds a record that does not follow the one before", async () => {
    expect((await checkRecord(SECOND, SECOND.hash)).chain).toBe(false);
  });

  it("finds a true body shown under another sequence", async () => {
    expect((await checkRecord({ ...SECOND, sequence: 3 }, FIRST.hash)).body).toBe(false);
  });
});
