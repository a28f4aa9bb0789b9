import { describe, expect, it } from "vitest";
import { checkProof } from "../../../src/verifier/proof";
import { type Known, NOTHING_KNOWN } from "../../../src/verifier/heads";
import { holds, type Reason } from "../../../src/verifier/refusal";
import { LOG_KEYS, orderProof, recordProof, Signer, WITNESSES } from "./log";

const ORDER = orderProof(9, [0, 2, 77]);
const RECORD = recordProof(7, 4);
const KNOWN: Known = {
  logKeys: LOG_KEYS.orders.vkey,
  witnessKeys: WITNESSES.map(({ vkey }) => vkey).join("\n"),
  needed: 2,
  head: "",
};

function reasons(text: string, known: Known = NOTHING_KNOWN): Reason[] {
  return checkProof(text, known).findings.flatMap(({ reason }) => reason ?? []);
}

/** The proof with members replaced; by path: "order.order". */
function changed(text: string, path: string, change: (value: never) => unknown): string {
  const file = JSON.parse(text) as Record<string, unknown>;
  const names = path.split(".");
  const last = names.pop() as string;
  const place = names.reduce((at, name) => at[name] as Record<string, unknown>, file);
  place[last] = change(place[last] as never);
  return JSON.stringify(file);
}

describe("a proof of an order", () => {
  it("holds, and says what it proves", () => {
    const { findings } = checkProof(ORDER, KNOWN);
    expect(holds(findings)).toBe(true);
    const proven = findings.filter(({ verdict }) => verdict === "yes").map(({ what, detail }) => `${what}: ${detail}`);
    expect(proven).toContain("Field O01: value 0 ü");
    expect(proven).toContain("Field O03: unknown");
    expect(proven).toContain("Inclusion: leaf 8 of 9, by 1 hashes");
    expect(proven).toContain("Witnesses: 2 of 3 cosigned, 2 needed");
  });

  it("says that the keys are its own when none was given", () => {
    const opened = checkProof(ORDER, NOTHING_KNOWN).findings.filter(({ verdict }) => verdict === "open");
    expect(opened.map(({ what }) => what)).toContain("Whose key it is");
    expect(opened.map(({ what }) => what)).toContain("Whose witnesses they are");
  });

  it.each<[string, string, (value: never) => unknown, Reason]>([
    ["a field's value", "order.fields.0.value", () => "other", "field_differs"],
    ["a value that is made known", "order.fields.1.value", () => "", "field_differs"],
    ["a value that is made unknown", "order.fields.0.value", () => null, "field_differs"],
    ["a field under another id", "order.fields.0.id", () => "O02", "field_differs"],
    ["a field beyond the 78", "order.fields.0.id", () => "O79", "field_differs"],
    ["half a character", "order.fields.0.value", () => "\ud800", "malformed"],
    ["a field's way cut", "order.fields.0.proof", (way: string[]) => way.slice(1), "field_differs"],
    ["the order's number", "order.order", () => 77, "leaf_differs"],
    ["the sequence", "sequence", () => 77, "leaf_differs"],
    ["the fingerprint", "order.fingerprint", () => "00".repeat(32), "leaf_differs"],
    ["the entry", "entry", () => "AA==", "leaf_differs"],
    ["the index", "index", () => 7, "inclusion_fails"],
    ["a hash of the way", "proof", () => ["00".repeat(32)], "inclusion_fails"],
    ["the way cut", "proof", () => [], "inclusion_fails"],
    ["the size", "tree_size", () => 10, "old_head"],
    ["the root", "root", () => "00".repeat(32), "old_head"],
    ["the log's name", "log", () => "journal", "wrong_log"],
    ["the key of another log", "log_vkey", () => LOG_KEYS.journal.vkey, "wrong_log"],
    ["another key of that name", "log_vkey", () => new Signer("isthmus.local/demo/orders", 4).vkey, "bad_key"],
    ["the head of another log", "checkpoint", () => JSON.parse(RECORD).checkpoint as string, "wrong_log"],
    ["a missing member", "checkpoint", () => undefined, "malformed"],
    ["another format", "format", () => "isthmus-proof/2", "malformed"],
  ])("is refused for %s", (_, path, change, reason) => {
    expect(reasons(changed(ORDER, path, change))).toContain(reason);
  });

  it("is refused when another key of the log is the one that is known", () => {
    const impostor = new Signer("isthmus.local/demo/other", 1).vkey;
    expect(reasons(ORDER, { ...KNOWN, logKeys: impostor })).toContain("wrong_log");
  });

  it("is checked with the log's own among several keys", () => {
    const several = [LOG_KEYS.journal, LOG_KEYS.orders].map(({ vkey }) => vkey).join("\n");
    expect(reasons(ORDER, { ...KNOWN, logKeys: several })).toEqual([]);
    expect(reasons(ORDER, { ...KNOWN, logKeys: LOG_KEYS.journal.vkey })).toEqual(["wrong_log", "wrong_log"]);
  });

  it("is refused when too few of the witnesses that are known cosigned", () => {
    expect(reasons(ORDER, { ...KNOWN, needed: 3 })).toEqual(["not_cosigned"]);
    expect(reasons(ORDER, { ...KNOWN, witnessKeys: WITNESSES[2]!.vkey, needed: null })).toEqual(["not_cosigned"]);
  });

  it("counts a witness that is named twice once", () => {
    const twice = `${WITNESSES[0]!.vkey} ${WITNESSES[0]!.vkey}`;
    expect(reasons(ORDER, { ...KNOWN, witnessKeys: twice })).toEqual(["bad_key", "not_cosigned"]);
  });

  it("stands against a head that was seen before", () => {
    const { root, tree_size: size, checkpoint } = JSON.parse(ORDER) as Record<string, string>;
    expect(reasons(ORDER, { ...KNOWN, head: `${size} ${root}` })).toEqual([]);
    expect(reasons(ORDER, { ...KNOWN, head: checkpoint! })).toEqual([]);
    expect(reasons(ORDER, { ...KNOWN, head: `${size} ${"0".repeat(64)}` })).toEqual(["forked"]);
    expect(reasons(ORDER, { ...KNOWN, head: `10 ${root}` })).toEqual(["old_head"]);
    expect(reasons(ORDER, { ...KNOWN, head: "no head" })).toEqual(["malformed"]);
    const newer = checkProof(ORDER, { ...KNOWN, head: `4 ${root}` }).findings;
    expect(newer.find(({ what }) => what === "Against a head seen before")?.verdict).toBe("open");
  });

  it("names a member that it does not know instead of passing it over", () => {
    const more = changed(ORDER, "extra", () => 1);
    expect(checkProof(more, KNOWN).findings).toContainEqual(
      expect.objectContaining({ verdict: "open", detail: "extra" }),
    );
  });
});

describe("a proof of a record", () => {
  it("holds with the record's hash, and without it", () => {
    expect(reasons(RECORD)).toEqual([]);
    expect(reasons(recordProof(7, 7, false))).toEqual([]);
    expect(reasons(recordProof(1, 1))).toEqual([]);
  });

  it.each<[string, string, (value: never) => unknown, Reason]>([
    ["another hash", "record.hash", () => "00".repeat(32), "record_differs"],
    ["another salt", "record.salt", () => "00".repeat(16), "record_differs"],
    ["an order", "order", () => ({ order: 1, fingerprint: "00".repeat(32), fields: [] }), "wrong_log"],
  ])("is refused for %s", (_, path, change, reason) => {
    expect(reasons(changed(RECORD, path, change))).toContain(reason);
  });
});

describe("a changed byte", () => {
  /** The one part of a proof file that no hash covers; the report says so beside it. */
  const UNPROVEN = "What the file calls the fields (a name proves nothing)";
  const signed = orderProof(3, [4]);
  const unsigned = changed(
    changed(signed, "log_vkey", () => ""),
    "witness_vkeys",
    () => [],
  );
  const conclusion = (text: string): string => {
    const { findings } = checkProof(text, NOTHING_KNOWN);
    const proven = findings.filter(({ what }) => what !== UNPROVEN);
    return holds(findings) ? JSON.stringify(proven) : "refused";
  };
  /** At which bytes the texts of these members lie in a file. */
  const placesOf = (file: string, names: readonly string[]): Set<number> => {
    const text = Buffer.from(file).toString("latin1");
    const places = new Set<number>();
    for (const name of names) {
      const value = new RegExp(`"${name}":("[^"]*"|\\[[^\\]]*\\])`).exec(text);
      if (value) for (let at = 0; at < value[1]!.length; at += 1) places.add(value.index + name.length + 3 + at);
    }
    return places;
  };
  const flip = (text: string, at: number, bits: number): string => {
    const raw = Buffer.from(text, "utf8");
    raw[at] = (raw[at] as number) ^ bits;
    return raw.toString("utf8");
  };

  it.each([0x01, 0x20, 0x80])("outside of what is signed (bits %i) is refused, or nothing else is proven", (bits) => {
    const whole = conclusion(unsigned);
    const passed = placesOf(unsigned, ["checkpoint", "name", "log_vkey"]);
    for (let at = 0; at < Buffer.byteLength(unsigned); at += 1) {
      if (passed.has(at)) continue;
      const seen = conclusion(flip(unsigned, at, bits));
      if (seen !== "refused") expect(seen, `byte ${at}, after ${unsigned.slice(Math.max(0, at - 30), at)}`).toBe(whole);
    }
  });

  it("in the head, its signatures or the keys is refused", () => {
    const [first, second] = WITNESSES.map(({ name }) => name);
    const one = changed(signed, "witness_vkeys", (keys: string[]) => keys.filter((key) => key.startsWith(`${first}+`)));
    const small = changed(one, "checkpoint", (note: string) => note.slice(0, note.indexOf(`\u2014 ${second}`)));
    expect(conclusion(small)).not.toBe("refused");
    for (const at of placesOf(small, ["checkpoint", "log_vkey", "witness_vkeys"])) {
      const seen = conclusion(flip(small, at, 1 << (at % 7)));
      expect(seen, `byte ${at}, after ${small.slice(at - 30, at)}`).toBe("refused");
    }
  });
});
