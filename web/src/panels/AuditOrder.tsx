/** An order's whole life from the audit store: who, when, why refused, what the checks saw, and the proof of it. */
import { type ReactNode, useEffect, useState } from "react";
import { checksOf, type Checks, fieldsOf, plural, readable, whoOf } from "../auditWords";
import { clock, words } from "../stores/text";
import type { AuditedLife, AuditEvent } from "../wire/auditTypes";
import { readAuditLife, Refusal } from "../wire/rest";
import { AuditProof } from "./AuditProof";
import { RecordLink } from "./RecordLink";

interface AuditOrderProps {
  order: string;
  /** The event that is shown first. */
  at: { sequence: number; place: number };
  onClose: () => void;
}

export function AuditOrder({ order, at, onClose }: AuditOrderProps): ReactNode {
  const [life, setLife] = useState<AuditedLife | null>(null);
  const [refused, setRefused] = useState<string | null>(null);
  const [chosen, setChosen] = useState(-1);
  useEffect(() => {
    let late = false;
    readAuditLife(order).then(
      (found) => {
        if (late) return;
        setLife(found);
        setChosen(found.events.findIndex(({ sequence, place }) => sequence === at.sequence && place === at.place));
      },
      (fault: unknown) => {
        if (!(fault instanceof Refusal)) throw fault;
        if (!late) setRefused(fault.message);
      },
    );
    return () => {
      late = true;
    };
  }, [order, at]);
  const event = life?.events[chosen] ?? life?.events.at(-1);
  return (
    <section className="panel audit-order" aria-label={`Life of ${order}`} tabIndex={0}>
      <header className="panel-head">
        <h2>{order}</h2>
        {life && (
          <span className="quiet">
            {plural(life.events.length, "event")}, {plural(life.unknown, "field")} unknown
          </span>
        )}
        <button type="button" className="icon" onClick={onClose} aria-label={`Close the life of ${order}`}>
          ×
        </button>
      </header>
      <div className="audit-life">
        {refused !== null && <p className="empty bad">✕ {refused}</p>}
        {refused === null && life === null && <p className="empty">Reading…</p>}
        {life?.events.length === 0 && <p className="empty">The store has no event of it yet.</p>}
        {life && event && (
          <>
            <Events life={life} chosen={event} onChoose={setChosen} />
            <Told event={event} />
            <AuditProof
              key={`${event.sequence} ${event.place}`}
              order={order}

              shown={event}
            />
            <Fields event={event} />
          </>
        )}
      </div>
    </section>
  );
}

interface EventsProps {
  life: AuditedLife;
  chosen: AuditEvent;
  onChoose: (at: number) => void;
}

function Events({ life, chosen, onChoose }: EventsProps): ReactNode {
  return (
    <ol className="audit-events">
      {life.events.map((event, at) => (
        <li key={`${event.sequence} ${event.place}`} data-event={event.event}>
          <button type="button" aria-current={event === chosen} onClick={() => onChoose(at)}>
            <span className="quiet">{clock(event.time, 6)}</span>
            <b className={event.fields["O69"] ? "bad" : ""}>{words(event.event)}</b>
            <span>{words(event.fields["O66"])}</span>
            <span className="quiet">{whoOf(event)}</span>
          </button>
        </li>
      ))}
    </ol>
  );
}

/** Who, when and why, before all the fields. */
function Told({ event }: { event: AuditEvent }): ReactNode {
  const checks = checksOf(event);
  const reason = event.fields["O69"];
  return (
    <section className="audit-told">
      <h3>
        {words(event.event)} <RecordLink record={`rec-${event.sequence}`} />
      </h3>
      <p>
        {event.time.slice(0, 10)} {clock(event.time, 9)} UTC, {whoOf(event)}
      </p>
      {reason && <p className="bad">✕ Refused or ended: {words(reason)}</p>}
      {checks ? <ChecksMet checks={checks} /> : <p className="quiet">The event says nothing of checks.</p>}
    </section>
  );
}

const MARKS: Record<string, string> = { passed: "✓", failed: "✕", not_reached: "○" };
const TONES: Record<string, string> = { passed: "good", failed: "bad", not_reached: "quiet" };

function ChecksMet({ checks: { stages, limits } }: { checks: Checks }): ReactNode {
  return (
    <>
      <ul className="audit-stages" aria-label="Checks of the gate">
        {stages.map(({ name, verdict }) => (
          <li key={name} className={TONES[verdict] ?? "warn"} title={words(verdict)} data-verdict={verdict}>
            {MARKS[verdict] ?? "?"} {words(name)}
          </li>
        ))}
      </ul>
      {limits.length > 0 && (
        <ul className="audit-limits" aria-label="Limits in force">
          {limits.map(({ name, value, verdict }, at) => (
            <li key={at}>
              <span className={TONES[verdict] ?? "warn"}>{MARKS[verdict] ?? "?"}</span> {words(name)}{" "}
              <span className="quiet">{value}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Fields({ event }: { event: AuditEvent }): ReactNode {
  const { rows, unknown } = fieldsOf(event);
  return (
    <section className="audit-fields">
      <h3>
        Fields <span className="quiet">{rows.length - unknown} known, </span>
        <span className="quiet" data-unknown={unknown}>
          {unknown} unknown
        </span>
      </h3>
      <dl>
        {rows.map(({ id, name, value }) => (
          <div key={id} className={value === null ? "unknown" : ""} data-field={id}>
            <dt title={name}>
              <code>{id}</code> {name}
            </dt>
            <dd>{value === null ? "unknown" : value === "" ? <span className="quiet">none</span> : readable(value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
