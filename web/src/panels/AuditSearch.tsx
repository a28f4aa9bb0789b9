/** Finds orders in the audit store, by what is known of them; one of them in full beside. */
import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { count, plural } from "../auditWords";
import { amount, clock, quantity, words } from "../stores/text";
import type { AuditedOrder, AuditSearch as Found } from "../wire/auditTypes";
import { Refusal, searchAudit } from "../wire/rest";
import { AuditOrder } from "./AuditOrder";
import { type Column, Grid } from "./Grid";

const ROWS = "100";
const FILTERS = [
  ["text", "Any words", "an id, a reason, a name"],
  ["account", "Account", "acc-19"],
  ["instrument", "Market", "BTC-USD"],
  ["event", "Event", "reject"],
  ["reason", "Reason", "outside_collar"],
  ["from", "From (UTC)", "2026-11-29T08:00:00Z"],
  ["to", "To (UTC)", ""],
] as const;
type Filters = Record<string, string>;

const COLUMNS: readonly Column<AuditedOrder>[] = [
  {
    key: "time",
    head: "Time (UTC)",
    width: 148,
    narrow: 100,
    sort: ({ time }) => time,
    cell: ({ time }) => <span title={time}>{`${time.slice(5, 10)} ${clock(time, 3)}`}</span>,
  },
  { key: "order", head: "Order", width: 92, sort: ({ order }) => order, cell: ({ order }) => order },
  { key: "event", head: "Event", width: 78, sort: (row) => row.event ?? "", cell: (row) => <Event row={row} /> },
  {
    key: "market",
    head: "Market",
    width: 84,
    from: 1,
    sort: (row) => row.instrument ?? "",
    cell: (row) => row.instrument,
  },
  { key: "quantity", head: "Quantity", width: 92, from: 1, align: "right", cell: (row) => <Size row={row} /> },
  { key: "price", head: "Price", width: 80, from: 2, align: "right", cell: ({ price }) => amount(price) },
  { key: "account", head: "Account", width: 62, from: 2, sort: (row) => row.account ?? "", cell: (row) => row.account },
  { key: "by", head: "By", width: 76, from: 2, cell: ({ by }) => <span title={by ?? ""}>{by}</span> },
  { key: "reason", head: "Why", cell: ({ reason }) => <span title={reason ?? ""}>{words(reason)}</span> },
];

const NOTHING: Found = { orders: [], next: null, seconds: 0, rows_scanned: 0 };

export function AuditSearch(): ReactNode {
  const [filters, setFilters] = useState<Filters>({});
  const [found, setFound] = useState<Found>(NOTHING);
  const [refused, setRefused] = useState<string | null>(null);
  const [asking, setAsking] = useState(false);
  const [chosen, setChosen] = useState<AuditedOrder | null>(null);
  const search = async (before: Found["next"]): Promise<void> => {
    setAsking(true);
    try {
      const asked = { ...filters, limit: ROWS, ...(before === null ? {} : { before: String(before) }) };
      const more = await searchAudit(asked);
      setFound(before === null ? more : { ...more, orders: [...found.orders, ...more.orders] });
      setRefused(null);
    } catch (fault) {
      if (!(fault instanceof Refusal)) throw fault;
      setRefused(refusalWords(fault));
      if (before === null) setFound(NOTHING);
    } finally {
      setAsking(false);
    }
  };
  // The newest, at once; from then on what is asked for.
  useEffect(() => void search(null), []);
  const empty = refused !== null ? `✕ ${refused}` : asking ? "Searching…" : "No order in the store is like this.";
  return (
    <div className="audit-search">
      <section className="panel audit-found" aria-label="Orders in the audit store">
        <Form filters={filters} onChange={setFilters} onSearch={() => void search(null)} />
        <p className="audit-tally quiet" role="status">
          {refused === null ? tally(found) : ""}
        </p>
        <Grid
          label="Orders found"
          columns={COLUMNS}
          rows={found.orders}
          id={({ order, sequence, place }) => `${order} ${sequence}-${place}`}
          empty={empty}
          selected={chosen && `${chosen.order} ${chosen.sequence}-${chosen.place}`}
          onSelect={setChosen}
          footer={
            found.next !== null && (
              <button type="button" className="small more" onClick={() => void search(found.next)} disabled={asking}>
                Go on
              </button>
            )
          }
        />
      </section>
      {chosen ? (
        <AuditOrder key={chosen.order} order={chosen.order} at={chosen} onClose={() => setChosen(null)} />
      ) : (
        <section className="panel audit-order" aria-label="Order">
          <p className="empty">Choose an order to see its life: every event, its 78 fields, and the proof of each.</p>
        </section>
      )}
    </div>
  );
}

function tally({ orders, seconds, rows_scanned: scanned, next }: Found): string {
  const more = next === null ? "" : ", and there are more";
  return `${plural(orders.length, "row")}${more}; ${count(scanned)} read in ${(seconds * 1000).toFixed(0)} ms`;
}

/** A call that the broker does not know is told as that: it keeps no such store. */
function refusalWords({ problem, message }: Refusal): string {
  if (problem.status === 404) return "This broker answers no questions about an audit store (404).";
  return problem.field === null ? message : `${problem.field}: ${message}`;
}

interface FormProps {
  filters: Filters;
  onChange: (filters: Filters) => void;
  onSearch: () => void;
}

function Form({ filters, onChange, onSearch }: FormProps): ReactNode {
  const send = (event: FormEvent): void => {
    event.preventDefault();
    onSearch();
  };
  return (
    <form className="audit-filters" role="search" onSubmit={send}>
      {FILTERS.map(([name, title, example]) => (
        <label key={name}>
          <span className="quiet">{title}</span>
          <input
            id={`audit-filter-${name}`}
            value={filters[name] ?? ""}
            placeholder={example}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => onChange({ ...filters, [name]: event.target.value.trim() })}
          />
        </label>
      ))}
      <button type="submit" className="small strong">
        Search
      </button>
    </form>
  );
}

function Size({ row: { side, quantity: size } }: { row: AuditedOrder }): ReactNode {
  return (
    <span>
      <span className="quiet">{words(side)}</span> {quantity(size)}
    </span>
  );
}

function Event({ row: { event, status } }: { row: AuditedOrder }): ReactNode {
  return (
    <span title={words(status)} className={/reject|refused/.test(event) ? "bad" : ""}>
      {words(event)}
    </span>
  );
}
