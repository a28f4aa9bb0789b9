import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  attestedBy,
  ceremonyTone,
  checksOf,
  fieldsOf,
  groupStanding,
  plural,
  readable,
  standing,
  stepRuns,
  whoOf,
} from "../../src/auditWords";
import { DIMENSIONS } from "../../src/dimensions";
import { shownIs } from "../../src/panels/AuditProof";
import { NOTHING_KNOWN } from "../../src/verifier/heads";
import { checkProof } from "../../src/verifier/proof";
import type { AuditEvent, AuditStatus } from "../../src/wire/auditTypes";
import { FINGERPRINT, fieldValue, orderProof } from "./verifier/log";

const STATUS: AuditStatus = {
  name: "demo",
  state: "current",
  logs: [],
  journal_sequence: 100,
  lag_records: 0,
  lag_s: 0,
  bounded_at: 1_000,
  quorum: null,
  fault: null,
  orders_sequence: 100,
  orders_lag_records: 0,
  orders_lag_s: 0,
  threshold: null,
};

function event(fields: AuditEvent["fields"]): AuditEvent {
  return { sequence: 14, place: 0, time: "", event: "new", fields, fingerprint: FINGERPRINT.toString("hex") };
}

describe("the state of the trail", () => {
  it("is good when nothing is behind, and when a little is", () => {
    expect(standing(STATUS)).toMatchObject({ tone: "good", text: expect.stringContaining("under a signed head") });
    const behind = standing({ ...STATUS, lag_records: 3, lag_s: 0.24 });
    expect(behind).toEqual({ tone: "good", text: "● 3 records, 0.2 s behind the journal" });
  });

  it("tells of the log of orders where it is farther behind than the journal's, and warns beyond the bound", () => {
    const late = { ...STATUS, lag_records: 3, lag_s: 0.24, orders_lag_records: 900, orders_lag_s: 1.5 };
    expect(standing(late)).toEqual({
      tone: "good",
      text: "● 3 records, 0.2 s behind the journal; the log of orders 900 records, 1.5 s behind",
    });
    expect(standing({ ...late, orders_lag_records: 1_001 })).toEqual({
      tone: "bad",
      text: "✕ The log of orders is 1,001 records, 1.5 s behind: over the bound of 1,000",
    });
    expect(standing({ ...late, orders_lag_records: 3, orders_lag_s: 0.24 }).text).not.toContain("orders");
  });

  it("is not good where none is made, or where it was stopped", () => {
    expect(standing({ ...STATUS, state: "off" })).toMatchObject({ tone: "warn", text: expect.stringContaining("off") });
    expect(standing({ ...STATUS, state: "stopped" })).toMatchObject({ tone: "bad" });
  });

  it("tells a fault before a lag, and a lag at its bound before a quorum that is missing", () => {
    const bad = { ...STATUS, lag_records: 1_000, quorum: { needed: 2, have: 1, of: 3 } };
    expect(standing({ ...bad, fault: "disk full" }).text).toContain("disk full");
    expect(standing(bad)).toMatchObject({ tone: "bad", text: expect.stringContaining("at its bound of 1,000") });
    expect(standing({ ...bad, lag_records: 1 })).toMatchObject({
      tone: "warn",
      text: expect.stringMatching(/^◆ 1 of 2/),
    });
  });
});

describe("the key that signs heads", () => {
  const since = "2026-11-29T08:00:00.000000000Z";
  const log = { log: "journal", size: 1_200, time: since, state: "signed", since, reason: null };
  const there = [1, 2, 3].map((holder) => ({ holder, state: "present", since }));
  const key = { key: "heads", needed: 2, have: 3, of: 3, logs: [log], holders: there, fault: null };

  it("says what it signed last, and who is missing since when", () => {
    expect(groupStanding(key)).toEqual({
      tone: "good",
      text: "● Key heads signs heads, 3 of 3 holders there, the last of 1,200 entries",
    });
    const away = { ...key, have: 2, holders: [...there.slice(0, 2), { holder: 3, state: "silent", since }] };
    expect(groupStanding(away)).toMatchObject({
      tone: "warn",
      text: expect.stringMatching(/holder 3 silent since \d\d:/),
    });
  });

  it("says why it signs no head", () => {
    const failing = { ...key, logs: [{ ...log, state: "failing", reason: "old_head: a head of 9" }] };
    expect(groupStanding(failing)).toMatchObject({ tone: "bad", text: expect.stringContaining("old_head") });
    expect(groupStanding({ ...failing, fault: "no roster" }).text).toContain("no roster");
  });
});

describe("the dimensions", () => {
  it("have the names that the store has", () => {
    const table = readFileSync(new URL("../../../src/isthmus/audit/dimensions.toml", import.meta.url), "utf8");
    const rows = [...table.matchAll(/^\[(O\d\d)\]\nname = (".*")$/gm)].map(([, id, name]) => [id, JSON.parse(name!)]);
    expect(rows).toHaveLength(78);
    expect(Object.entries(DIMENSIONS)).toEqual(rows);
  });
});

describe("an event", () => {
  it("has 78 fields, and what is not said of them is counted", () => {
    const { rows, unknown } = fieldsOf(event({ O01: "LEI", O57: "", O78: null }));
    expect(rows.map(({ id }) => id)).toEqual(
      Array.from({ length: 78 }, (_, at) => `O${String(at + 1).padStart(2, "0")}`),
    );
    expect(unknown).toBe(76);
  });

  it("says who, as far as it knows", () => {
    expect(whoOf(event({ O11: "path-7", O03: "acc-16", O09: null, O75: '{"role":"client","user":3}' }))).toBe(
      "sent by client 3, executed by path-7, for acc-16",
    );
    expect(whoOf(event({}))).toBe("nobody is named");
  });

  it("tells the checks that it met, in their order", () => {
    const said = {
      limits: [{ limit: "order_quantity", of: 16, scope: "account", value: 50, measured: 70, verdict: "failed" }],
      reason: "order_too_large",
      stages: [
        ["account", "passed"],
        ["limits", "failed"],
        ["funds", "not_reached"],
      ],
    };
    const found = checksOf(event({ O71: JSON.stringify(said) }));
    expect(found?.stages.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
      "account passed",
      "limits failed",
      "funds not_reached",
    ]);
    expect(found?.limits).toEqual([{ name: "order_quantity (account)", value: "70 of 50", verdict: "failed" }]);
  });

  it.each([null, "", "{", "[]", "{}", "7"])("with %j for checks has none", (text) => {
    expect(checksOf(event({ O71: text }))).toBeNull();
  });

  it("shows lists with spaces, and every other text as it is", () => {
    expect(readable('["a","b"]')).toBe('["a", "b"]');
    expect(readable("[no list")).toBe("[no list");
    expect(readable("1,000")).toBe("1,000");
  });
});

describe("the proof of an event", () => {
  const report = checkProof(orderProof(9, [0, 1, 2]), NOTHING_KNOWN);
  const fields = Object.fromEntries([0, 1, 2].map((field) => [`O0${field + 1}`, fieldValue(field)]));

  it("is of what is shown", () => {
    expect(shownIs(report, event(fields))).toMatchObject({ verdict: "yes", detail: "3 of 3 fields compared" });
  });

  it("is not of another value, another event, or of no field", () => {
    expect(shownIs(report, event({ ...fields, O02: "other" }))).toMatchObject({
      reason: "field_differs",
      detail: "O02",
    });
    expect(shownIs(report, { ...event(fields), fingerprint: "00" })).toMatchObject({ reason: "leaf_differs" });
  });

  it("leaves open what it does not disclose, and compares fields where the store has no fingerprint", () => {
    expect(shownIs({ file: null, entry: null }, event(fields))).toMatchObject({ verdict: "open" });
    expect(shownIs(report, { ...event(fields), fingerprint: null })).toMatchObject({ verdict: "yes" });
    expect(shownIs(report, { ...event(fields), place: 1 })).toMatchObject({ verdict: "open" });
    expect(shownIs(report, { ...event({ O01: "x" }), fingerprint: null })).toMatchObject({ reason: "field_differs" });
  });
});

describe("the steps of a ceremony", () => {
  it("are told by verdict, each holder once in a round", () => {
    const step = (holder: number, verdict: string, second = 0) => ({
      holder,
      time: `2026-11-29T05:14:4${second}.1Z`,
      verdict,
      attested: true,
    });
    const runs = stepRuns([step(1, "done"), step(2, "done"), step(1, "done"), step(2, "silent"), step(3, "silent", 1)]);
    expect(runs.map(({ holders, verdict }) => `${holders.join(" ")} ${verdict}`)).toEqual([
      "1 2 done",
      "1 done",
      "2 silent",
      "3 silent",
    ]);
  });
});

describe("who attests a ceremony", () => {
  it("are the holders, or nobody but the coordinator", () => {
    expect(attestedBy([1, 2, 3, 4])).toBe("attested by 1, 2, 3, 4");
    expect(attestedBy([])).toContain("coordinator's word");
  });

  it("keeps what a holder signed apart from what is told of him", () => {
    const steps = [true, false].map((attested, at) => ({ holder: at + 1, time: "t", verdict: "done", attested }));
    expect(stepRuns(steps).map(({ holders, attested }) => [holders, attested])).toEqual([
      [[1], true],
      [[2], false],
    ]);
  });
});

describe("words", () => {
  it("count one and many, and give ceremonies their tone", () => {
    expect([plural(1, "row"), plural(2_000, "row")]).toEqual(["1 row", "2,000 rows"]);
    expect(["signed", "expired", "open"].map((state) => ceremonyTone({ state }))).toEqual(["good", "bad", "warn"]);
  });
});
