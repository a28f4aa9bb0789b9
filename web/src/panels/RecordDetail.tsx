/** One record in full: the proof first, then command, effects and origin. */
import type { ReactNode } from "react";
import { type Fields as Values, instrumentOf, type Lexicon, meaning } from "../recordWords";
import type { CheckedRecord } from "../stores/journal";
import { clock } from "../stores/text";
import type { Instrument } from "../wire/types";

export function RecordDetail({ row, lexicon }: { row: CheckedRecord | null; lexicon: Lexicon }): ReactNode {
  if (!row)
    return (
      <aside className="record" aria-label="Record">
        <p className="empty">Choose a record to see its command, its effects, and how its hash is made.</p>
      </aside>
    );
  const { record } = row;
  const about = instrumentOf(record.command, lexicon);
  return (
    <aside className="record" aria-label={`Record ${record.sequence}`} tabIndex={0}>
      <h3>
        {record.kind} <span className="quiet">rec-{record.sequence}</span>
      </h3>
      <p className="quiet">{`${record.time.slice(0, 10)} ${clock(record.time, 9)} UTC`}</p>
      <Proof row={row} />
      <Fields title="Command" message={record.kind} fields={record.command} about={about} />
      {record.effects.map(({ kind, ...fields }, at) => (
        <Fields
          key={at}
          title={`Effect ${at + 1}: ${kind}`}
          message={kind}
          fields={fields}
          about={instrumentOf(fields, lexicon) ?? about}
        />
      ))}
      <Fields title="Origin" message="Origin" fields={record.origin} about={undefined} />
    </aside>
  );
}

function Proof({ row: { record, check } }: { row: CheckedRecord }): ReactNode {
  return (
    <section>
      <h4>Proof</h4>
      <dl className="proof">
        <Verdict name="SHA-256(previous ‖ body)" good={check && check.hash} text={check?.computed ?? ""} />
        <Verdict name="is the record's hash" good={check && check.hash} text={record.hash} />
        <Verdict
          name="previous is the hash before"
          good={check && (check.chain ?? undefined)}
          text={record.prev}
          unknown="the record before was not seen here"
        />
        <Verdict name="sequence within the body" good={check && check.body} text={String(record.sequence)} />
      </dl>
      <details>
        <summary>Body, {record.body.length / 2} bytes</summary>
        <code className="hex">{record.body.match(/.{1,16}/g)?.join(" ")}</code>
      </details>
    </section>
  );
}

interface VerdictProps {
  name: string;
  /** Null while computing, undefined when it cannot be told. */
  good: boolean | null | undefined;
  text: string;
  unknown?: string;
}

function Verdict({ name, good, text, unknown }: VerdictProps): ReactNode {
  const mark = good === null ? "…" : good === undefined ? "?" : good ? "✓" : "✕";
  return (
    <div className={good === true ? "good" : good === false ? "bad" : ""}>
      <dt>
        <span className="mark">{mark}</span> {name}
      </dt>
      <dd>
        <code>{text}</code>
        {good === undefined && <small className="quiet"> {unknown}</small>}
      </dd>
    </div>
  );
}

interface FieldsProps {
  title: string;
  message: string;
  fields: Values;
  about: Instrument | undefined;
}

/** Each number as it stands in the record, and what it means. */
function Fields({ title, message, fields, about }: FieldsProps): ReactNode {
  const entries = Object.entries(fields);
  return (
    <section>
      <h4>{title}</h4>
      {entries.length === 0 && <p className="quiet">no fields</p>}
      <dl className="fields">
        {entries.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {value !== null && typeof value === "object" ? JSON.stringify(value) : String(value ?? "–")}
              <span className="quiet"> {meaning(message, name, value, about)}</span>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
