/** Each record as it arrives, its hash recomputed here; one record in full beside it. */
import { type FormEvent, memo, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { type Lexicon, summaryOf } from "../recordWords";
import { useCell } from "../stores/cell";
import { canCheck, type Check, type CheckedRecord, isGood } from "../stores/journal";
import { clock, shortHash, words } from "../stores/text";
import type { JournalRecord } from "../wire/types";
import { useDesk } from "./context";
import { type Column, Grid } from "./Grid";
import { RecordDetail } from "./RecordDetail";

export function Journal(): ReactNode {
  const desk = useDesk();
  const arriving = useCell(desk.journal.records);
  const [frozen, setFrozen] = useState<readonly CheckedRecord[] | null>(null);
  const [kind, setKind] = useState("");
  const wanted = useCell(desk.recordWanted);
  useEffect(() => desk.journal.follow(desk.stream), [desk]);

  const records = frozen ?? arriving;
  const kinds = useMemo(() => [...new Set(records.map(({ record }) => record.kind))].sort(), [records]);
  const rows = useMemo(
    () => records.filter(({ record }) => kind === "" || record.kind === kind).reverse(),
    [records, kind],
  );
  const selected = useRecord(wanted, records);
  const lexicon = useLexicon();
  const columns = useMemo(
    () => columnsOf(lexicon, (row) => desk.recordWanted.set(row.record.sequence)),
    [desk, lexicon],
  );
  return (
    <div className="journal">
      <div className="journal-list">
        <div className="journal-tools">
          <Tally />
          <GoTo />
          <label>
            <span className="hidden">Kind of record</span>
            <select value={kind} onChange={(event) => setKind(event.target.value)}>
              <option value="">all kinds</option>
              {kinds.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          </label>
          <button
            type="button"
            className="small"
            aria-pressed={frozen !== null}
            onClick={() => setFrozen(frozen ? null : arriving)}
          >
            {frozen ? "Follow" : "Hold still"}
          </button>
        </div>
        <Grid
          label="Journal records, newest first"
          columns={columns}
          rows={rows}
          id={(row) => String(row.record.sequence)}
          empty="Waiting for a record."
          selected={wanted === null ? null : String(wanted)}
          onSelect={(row) => desk.recordWanted.set(row.record.sequence)}
        />
      </div>
      <RecordDetail row={selected} lexicon={lexicon} />
    </div>
  );
}

/** The record wanted: one of those at hand, else read from the journal. */
function useRecord(wanted: number | null, records: readonly CheckedRecord[]): CheckedRecord | null {
  const { journal } = useDesk();
  const [read, setRead] = useState<CheckedRecord | null>(null);
  const atHand = records.find(({ record }) => record.sequence === wanted) ?? null;
  const seen = useRef<CheckedRecord | null>(null);
  if (atHand) seen.current = atHand;
  const known = [atHand, seen.current, read].find((row) => row?.record.sequence === wanted) ?? null;
  const missing = wanted !== null && known === null;
  useEffect(() => {
    if (!missing) return undefined;
    let late = false;
    journal.read(wanted).then(
      (row) => late || setRead(row),
      () => late || setRead(null),
    );
    return () => {
      late = true;
    };
  }, [journal, wanted, missing]);
  return known;
}

/** A sequence to look up. */
function GoTo(): ReactNode {
  const desk = useDesk();
  const [text, setText] = useState("");
  const go = (event: FormEvent): void => {
    event.preventDefault();
    const sequence = Number(text.replace(/^rec-|,/g, ""));
    if (Number.isSafeInteger(sequence) && sequence > 0) desk.recordWanted.set(sequence);
  };
  return (
    <form onSubmit={go} className="go-to">
      <input
        aria-label="Sequence of a record"
        placeholder="record no."
        inputMode="numeric"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </form>
  );
}

function useLexicon(): Lexicon {
  const desk = useDesk();
  const instruments = useCell(desk.instruments);
  return useMemo(() => {
    const byId = new Map(instruments.map((instrument) => [instrument.id, instrument]));
    return {
      instrument: (id) => byId.get(id),
      instrumentOfOrder: (order) => byId.get(desk.journal.instrumentOfOrder(order) ?? 0),
    };
  }, [desk, instruments]);
}

function Tally(): ReactNode {
  const desk = useDesk();
  const { checked, failed, firstFailed } = useCell(desk.journal.tally);
  const agrees = useHeadVerdict();
  if (!canCheck())
    return <span className="bad">This address is neither https nor this machine: the browser cannot hash here.</span>;
  if (failed > 0)
    return (
      <span className="bad" role="alert">
        ✕ {failed.toLocaleString("en")} of {checked.toLocaleString("en")} records do not match, the first is{" "}
        {firstFailed}
      </span>
    );
  if (agrees === false)
    return (
      <span className="bad" role="alert">
        ✕ the head that the server reports is not the hash of that record
      </span>
    );
  return (
    <span className="good">
      ✓ {checked.toLocaleString("en")} records checked in this browser, all match{agrees && ", and so does the head"}
    </span>
  );
}

/** Whether the last head reported was the hash of its record; it stays false once it was. */
function useHeadVerdict(): boolean | null {
  const desk = useDesk();
  const health = useCell(desk.health);
  const [verdict, setVerdict] = useState<boolean | null>(null);
  useEffect(() => {
    if (!health) return;
    const found = desk.journal.agrees(health.durable, health.head);
    setVerdict((before) => (before === false ? false : (found ?? before)));
  }, [desk, health]);
  return verdict;
}

function columnsOf(lexicon: Lexicon, open: (row: CheckedRecord) => void): Column<CheckedRecord>[] {
  return [
    {
      key: "sequence",
      head: "Sequence",
      width: 76,
      align: "right",
      cell: (row) => (
        <button type="button" className="link" onClick={() => open(row)}>
          {row.record.sequence.toLocaleString("en")}
        </button>
      ),
    },
    { key: "time", head: "Time (UTC)", width: 100, from: 2, cell: ({ record }) => clock(record.time) },
    { key: "kind", head: "Record", width: 100, cell: ({ record }) => record.kind },
    {
      key: "what",
      head: "What happened",
      from: 1,
      cell: ({ record }) => <Summary record={record} lexicon={lexicon} />,
    },
    { key: "hash", head: "Hash", width: 92, from: 2, cell: ({ record }) => <code>{shortHash(record.hash)}</code> },
    { key: "check", head: "Check", width: 96, cell: ({ check }) => <Verdict check={check} /> },
  ];
}

const Summary = memo(function Summary({ record, lexicon }: { record: JournalRecord; lexicon: Lexicon }): ReactNode {
  const text = summaryOf(record, lexicon);
  return <span title={text}>{text}</span>;
});

export function Verdict({ check }: { check: Check | null }): ReactNode {
  if (!check) return <span className="quiet">…</span>;
  if (isGood(check)) return <span className="good">✓ {check.chain === null ? "hash" : "hash, chain"}</span>;
  const wrong = !check.hash ? "hash" : check.chain === false ? "chain" : "body";
  return <span className="bad">✕ {words(wrong)} differs</span>;
}
