/** The proof of an event, fetched and checked here in the browser by the functions of the verifier's page. */
import { type ReactNode, useEffect, useState } from "react";
import type { AuditEvent } from "../wire/auditTypes";
import { readOrderProof, readRecordProof, Refusal } from "../wire/rest";
import { NOTHING_KNOWN } from "../verifier/heads";
import { checkProof, type ProofReport } from "../verifier/proof";
import { type Finding, holds, no, open, yes } from "../verifier/refusal";

const ASK_AGAIN_MS = 1_000;

interface AuditProofProps {
  order: string;
  /** What the page shows of the event: the proof must be of just that. */
  shown: AuditEvent;
}

type Asked =
  { step: "asking" } | { step: "waiting"; why: string } | { step: "checked"; text: string; report: ProofReport };

export function AuditProof({ order, shown }: AuditProofProps): ReactNode {
  const [asked, setAsked] = useState<Asked>({ step: "asking" });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let late = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = (): void => {
      timer = setTimeout(() => setAttempt(attempt + 1), ASK_AGAIN_MS);
    };
    proofOf(order, shown).then(
      (text) => {
        if (late) return;
        const report = checkProof(text, NOTHING_KNOWN);
        setAsked({ step: "checked", text, report });
        // Witnesses sign a head some time after the log did.
        if (report.findings.some(({ reason }) => reason === "not_cosigned")) again();
      },
      (fault: unknown) => {
        if (!(fault instanceof Refusal)) throw fault;
        if (late) return;
        setAsked({ step: "waiting", why: fault.message });
        // A proof is there at the next head; what is not there then is asked for again.
        again();
      },
    );
    return () => {
      late = true;
      clearTimeout(timer);
    };
  }, [order, shown, attempt]);
  if (asked.step === "asking") return <p className="audit-proof quiet">Asking for the proof…</p>;
  if (asked.step === "waiting")
    return (
      <p className="audit-proof warn" role="status">
        ◆ No proof yet: {asked.why} Asking again…
      </p>
    );
  return <Checked text={asked.text} report={asked.report} shown={shown} />;
}

/** Of the order's event; where the broker makes no log of these, of the journal's record, which proves less and says so. */
async function proofOf(order: string, shown: AuditEvent): Promise<string> {
  try {
    return await readOrderProof(order, shown);
  } catch (fault) {
    if (!(fault instanceof Refusal) || fault.problem.status !== 404 || fault.problem.field !== "path") throw fault;
    return readRecordProof(shown.sequence);
  }
}

const MARKS = { yes: "✓", no: "✕", open: "○", told: "·" } as const;
const TONES = { yes: "good", no: "bad", open: "warn", told: "quiet" } as const;

function Checked({ text, report, shown }: { text: string; report: ProofReport; shown: AuditEvent }): ReactNode {
  const findings = [...report.findings, shownIs(report, shown)];
  const good = holds(findings);
  const fields = findings.filter(({ what, verdict }) => what.startsWith("Field O") && verdict === "yes").length;
  const steps = findings.filter(
    ({ what, verdict }) => verdict !== "told" && !(what.startsWith("Field O") && verdict === "yes"),
  );
  const file = `data:application/json,${encodeURIComponent(text)}`;
  return (
    <section className="audit-proof" aria-label="Proof">
      <h3 className={good ? "good" : "bad"} role="status" data-proof={good ? "holds" : "refused"}>
        {good
          ? `✓ Proven in this browser: ${fields > 0 ? `${fields} fields` : "the record"}`
          : "✕ The proof does not hold"}
        <a className="link" href={file} download={`order-${shown.sequence}.proof.json`}>
          Save the proof
        </a>
      </h3>
      <ul>
        {steps.map(({ verdict, what, detail, reason }: Finding, at) => (
          <li key={at} data-verdict={verdict}>
            <span className={TONES[verdict]}>{MARKS[verdict]}</span> {what}:{" "}
            <span className="quiet">{`${reason ? `${reason}: ` : ""}${detail}`}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** A proof of something else than what is on the screen would be no proof of it. */
export function shownIs({ file, entry }: Pick<ProofReport, "file" | "entry">, shown: AuditEvent): Finding {
  const what = "What is shown is what is proven";
  if (entry?.log === "orders" && entry.place !== shown.place)
    return open(what, `the proof is of event ${entry.place} of this record, and event ${shown.place} is shown`);
  const order = file?.order ?? null;
  if (order === null)
    return open(
      what,
      "the proof is of the journal's record and discloses no field: that these are its values is not proven",
    );
  if (shown.fingerprint !== null && order.fingerprint !== shown.fingerprint)
    return no(what, "leaf_differs", "the event that is shown has another fingerprint");
  const differ = order.fields.filter(({ id, value }) => (shown.fields[id] ?? null) !== value).map(({ id }) => id);
  if (differ.length > 0) return no(what, "field_differs", differ.join(", "));
  return yes(what, `${order.fields.length} of ${Object.keys(shown.fields).length} fields compared`);
}
