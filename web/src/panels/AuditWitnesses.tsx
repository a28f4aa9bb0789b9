/** Who co-signs the heads of the log, up to where, what each may see; and what they reported. */
import type { ReactNode } from "react";
import { plural, witnessTone } from "../auditWords";
import { clock, words } from "../stores/text";
import type { AuditReport, AuditWitness, AuditWitnesses as Board } from "../wire/auditTypes";
import { readWitnesses } from "../wire/rest";
import { type Column, Grid } from "./Grid";
import { useAsked } from "./useAsked";

const MARKS = { good: "●", warn: "◆", bad: "✕" } as const;
const COLUMNS: readonly Column<AuditWitness>[] = [
  {
    key: "name",
    head: "Witness",
    width: 130,
    narrow: 120,
    sort: ({ name }) => name,
    cell: ({ name, url }) => <span title={url ?? ""}>{name}</span>,
  },
  {
    key: "place",
    head: "Jurisdiction",
    width: 96,
    from: 1,
    sort: (row) => row.jurisdiction,
    cell: (row) => row.jurisdiction,
  },
  {
    key: "authority",
    head: "Authority",
    width: 190,
    from: 1,
    sort: (row) => row.authority,
    cell: (row) => <span title={row.authority}>{row.authority}</span>,
  },
  { key: "state", head: "State", width: 86, sort: ({ state }) => state, cell: (row) => <State row={row} /> },
  {
    key: "size",
    head: "Signed up to",
    width: 96,
    align: "right",
    sort: (row) => row.size ?? -1,
    cell: ({ size }) => size?.toLocaleString("en") ?? "–",
  },
  {
    key: "time",
    head: "At (UTC)",
    width: 80,
    from: 1,
    cell: ({ time }) => (time ? <span title={time}>{clock(time, 0)}</span> : "–"),
  },
  {
    key: "blinded",
    head: "Blinded",
    width: 66,
    from: 2,
    align: "right",
    sort: (row) => row.blinded,
    cell: (row) => <Blinded row={row} />,
  },
  {
    key: "kept",
    head: "Kept",
    width: 60,
    from: 2,
    align: "right",
    sort: (row) => row.retention_years,
    cell: (row) => `${row.retention_years} y`,
  },
  {
    key: "why",
    head: "Why",
    width: 130,
    narrow: 90,
    cell: ({ reason }) => <span title={reason ?? ""}>{words(reason)}</span>,
  },
  { key: "rule", head: "Rule, as of", from: 2, cell: (row) => <Rule row={row} /> },
];
const NONE: readonly AuditWitness[] = [];

export function AuditWitnesses(): ReactNode {
  const { value, refused } = useAsked(readWitnesses, "witnesses");
  const none =
    "No witness is set up: heads are signed by the log alone, and nobody else vouches that there is one log.";
  return (
    <div className="audit-board">
      <section className="panel" aria-label="Witnesses">
        <header className="panel-head">
          <h2>Witnesses</h2>
          {value && <Quorum board={value} />}
        </header>
        <Grid
          label="Witnesses of the log"
          columns={COLUMNS}
          rows={value?.witnesses ?? NONE}
          id={({ name }) => name}
          empty={refused ?? (value === null ? "Reading…" : none)}
        />
      </section>
      <section className="panel" aria-label="Reports of witnesses">
        <header className="panel-head">
          <h2>Reports</h2>
          <span className="quiet">a fork proves itself by its two signed heads</span>
        </header>
        <Reports reports={value?.reports ?? []} />
      </section>
    </div>
  );
}

function Quorum({ board: { quorum, witnesses } }: { board: Board }): ReactNode {
  const tally = (["signed", "behind", "refused", "silent"] as const)
    .map((state) => [state, witnesses.filter((one) => one.state === state).length] as const)
    .filter(([, many]) => many > 0);
  const reached = quorum !== null && quorum.have >= quorum.needed;
  return (
    <>
      {quorum && (
        <span className={reached ? "good" : "bad"} data-quorum={reached}>
          {reached ? "●" : "✕"} {quorum.have} of {quorum.of} cosigned, {quorum.needed} needed
        </span>
      )}
      <span className="quiet">{tally.map(([state, many]) => `${many} ${state}`).join(", ")}</span>
    </>
  );
}

function State({ row: { state } }: { row: AuditWitness }): ReactNode {
  const tone = witnessTone(state);
  return (
    <span className={tone} data-witness-state={state}>
      {MARKS[tone]} {state}
    </span>
  );
}

function Blinded({ row }: { row: AuditWitness }): ReactNode {
  const sees = `sees ${row.may_see.join(", ") || "no field"}`;
  return <span title={sees}>{row.blinded} of 78</span>;
}

function Rule({ row }: { row: AuditWitness }): ReactNode {
  return (
    <span className={row.verified ? "" : "warn"} title={`${row.source}${row.verified ? "" : " (not verified)"}`}>
      {row.verified ? "" : "unverified: "}
      {row.source} <span className="quiet">{row.as_of}</span>
    </span>
  );
}

function Reports({ reports }: { reports: readonly AuditReport[] }): ReactNode {
  if (reports.length === 0) return <p className="empty">No witness saw a log that forked or shrank.</p>;
  return (
    <ol className="audit-reports" aria-label={plural(reports.length, "report")}>
      {reports.map(({ time, witness, kind, what }, at) => (
        <li key={at} data-report={kind}>
          <span className="quiet">
            {time.slice(0, 10)} {clock(time, 0)}
          </span>{" "}
          <b className="bad">{words(kind)}</b> {witness}: {what}
        </li>
      ))}
    </ol>
  );
}
