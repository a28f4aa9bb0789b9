/** The audit trail in words: how far it is, what an event says, and which checks it met. */
import { DIMENSIONS } from "./dimensions";
import { clock, words } from "./stores/text";
import type { AuditEvent, AuditStatus, AuditThreshold, AuditWitness, Ceremony } from "./wire/auditTypes";

export interface Standing {
  tone: "good" | "warn" | "bad";
  text: string;
}

/** The state in one line: a fault before a lag, a lag before a quorum that is missing. */
export function standing(status: AuditStatus): Standing {
  const { state, lag_records: lag, lag_s: seconds, bounded_at: bound, quorum, fault } = status;
  if (state === "off") return { tone: "warn", text: "◆ No trail is made here: audit.enabled is off" };
  if (fault !== null || state === "stopped")
    return { tone: "bad", text: `✕ The trail stands still: ${fault ?? "its process has ended"}` };
  const behind = `${count(lag)} records, ${seconds.toFixed(1)} s behind the journal`;
  if (lag >= bound) return { tone: "bad", text: `✕ ${behind}: at its bound of ${count(bound)}` };
  const { orders_lag_records: late, orders_lag_s: age } = status;
  const orders = `${count(late)} records, ${age.toFixed(1)} s behind`;
  if (late > bound) return { tone: "bad", text: `✕ The log of orders is ${orders}: over the bound of ${count(bound)}` };
  if (quorum && quorum.have < quorum.needed)
    return { tone: "warn", text: `◆ ${quorum.have} of ${quorum.needed} witnesses needed have cosigned; ${behind}` };
  const said = lag === 0 ? "● Every record of the journal is under a signed head" : `● ${behind}`;
  return { tone: "good", text: late > lag ? `${said}; the log of orders ${orders}` : said };
}

/** The holders' key in one line: why it signs nothing, else who is missing, else the head that it signed last. */
export function groupStanding({ key, have, of, logs, holders, fault }: AuditThreshold): Standing {
  const failing = logs.find(({ state }) => state !== "signed");
  if (fault !== null) return { tone: "bad", text: `✕ Key ${key} signs no head: ${fault}` };
  if (failing)
    return {
      tone: "bad",
      text: `✕ Key ${key} signs no head of ${failing.log} since ${clock(failing.since, 0)}: ${failing.reason ?? ""}`,
    };
  const missing = holders.filter(({ state }) => state !== "present");
  if (missing.length > 0) {
    const who = missing
      .map(({ holder, state, since }) => `holder ${holder} ${words(state)} since ${clock(since, 0)}`)
      .join(", ");
    return { tone: "warn", text: `◆ Key ${key} signs heads, ${have} of ${of} holders there: ${who}` };
  }
  const first = logs[0];
  const last = first ? `, the last of ${count(first.size)} entries` : "";
  return { tone: "good", text: `● Key ${key} signs heads, ${have} of ${of} holders there${last}` };
}

export function count(value: number): string {
  return value.toLocaleString("en");
}

export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

export interface FieldRow {
  id: string;
  name: string;
  value: string | null;
}

/** All 78 of an event in their order, those that the answer lacks as unknown; and how many are. */
export function fieldsOf({ fields }: Pick<AuditEvent, "fields">): { rows: FieldRow[]; unknown: number } {
  const rows = Object.entries(DIMENSIONS).map(([id, name]) => ({ id, name, value: fields[id] ?? null }));
  return { rows, unknown: rows.filter(({ value }) => value === null).length };
}

/** Who, as far as the event says: who sent it (O75), who executes and who decided (persons or algorithms), for whom. */
export function whoOf({ fields }: Pick<AuditEvent, "fields">): string {
  const sent = jsonOf(fields["O75"] ?? null) as { role?: unknown; user?: unknown } | null;
  const said = [
    ["sent by", sent === null ? null : `${String(sent.role ?? "unknown")} ${String(sent.user)}`],
    ["executed by", fields["O11"]],
    ["decided by", fields["O09"]],
    ["for", fields["O03"]],
  ].flatMap(([word, value]) => (value ? [`${word} ${value}`] : []));
  return said.join(", ") || "nobody is named";
}

export interface Checks {
  stages: { name: string; verdict: string }[];
  limits: { name: string; value: string; verdict: string }[];
}

/** O71: the stages of the gate and the limits in force; null where it is unknown or of another form. */
export function checksOf({ fields }: Pick<AuditEvent, "fields">): Checks | null {
  const found = jsonOf(fields["O71"] ?? null);
  if (found === null || typeof found !== "object") return null;
  const { stages, limits } = found as { stages?: unknown; limits?: unknown };
  if (!Array.isArray(stages)) return null;
  return {
    stages: stages.filter(Array.isArray).map(([name, verdict]) => ({ name: String(name), verdict: String(verdict) })),
    limits: (Array.isArray(limits) ? limits : []).map((row: Record<string, unknown>) => {
      const measured = row["measured"] === undefined ? "" : `${String(row["measured"])} of `;
      const scope = row["scope"] === undefined ? "" : ` (${String(row["scope"])})`;
      return {
        name: `${String(row["limit"])}${scope}`,
        value: measured + String(row["value"]),
        verdict: String(row["verdict"]),
      };
    }),
  };
}

/** Lists and changes are JSON texts; those are shown with spaces between their parts. */
export function readable(value: string): string {
  const found = /^[[{]/.test(value) ? jsonOf(value) : null;
  return found === null ? value : JSON.stringify(found).replaceAll(",", ", ").replaceAll('":', '": ');
}

function jsonOf(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

export function witnessTone(state: AuditWitness["state"]): "good" | "warn" | "bad" {
  return state === "signed" ? "good" : state === "behind" ? "warn" : "bad";
}

const OVER: readonly string[] = ["done", "finished", "signed", "complete", "completed", "executed"];
const FAILED: readonly string[] = ["refused", "failed", "expired", "aborted", "rejected"];

export function ceremonyTone({ state }: Pick<Ceremony, "state">): "good" | "warn" | "bad" {
  if (OVER.includes(state)) return "good";
  return FAILED.includes(state) ? "bad" : "warn";
}

export interface StepRun {
  time: string;
  verdict: string;
  attested: boolean;
  holders: number[];
}

/** By whose own word a ceremony came to what it came to. */
export function attestedBy(holders: number[]): string {
  if (holders.length === 0) return "attested by no holder: the coordinator's word";
  return `attested by ${holders.join(", ")}`;
}

/** Steps in their order, those that follow one another with one verdict in the same second as one; what was attested apart. */
export function stepRuns(steps: Ceremony["steps"]): StepRun[] {
  const runs: StepRun[] = [];
  for (const { holder, time, verdict, attested } of steps) {
    const last = runs.at(-1);
    const same =
      last?.verdict === verdict && last.attested === attested && last.time.slice(0, 19) === time.slice(0, 19);
    if (last && same && !last.holders.includes(holder)) last.holders.push(holder);
    else runs.push({ time, verdict, attested, holders: [holder] });
  }
  return runs;
}
