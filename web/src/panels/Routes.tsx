/** The ways to the venues: who may be used, who is quarantined or locked and why, and the one book over all of them. */
import { type ReactNode, useMemo } from "react";
import { useCell } from "../stores/cell";
import { amount, clock, quantity } from "../stores/text";
import { readConsolidated, readRouteEvents, readRoutes } from "../wire/rest";
import type { Consolidated, ConsolidatedLevel, RouteEvent, RouteFacts } from "../wire/types";
import { useDesk } from "./context";
import { type Column, Grid } from "./Grid";
import { useAsked } from "./useAsked";

const DEPTH = 12;
/** Out of use by its own fault; a stand-in that waits is not. */
const FIT: readonly string[] = ["open", "reserve"];

const columnsOf = (select: (instrument: string) => void): readonly Column<RouteFacts>[] => [
  {
    key: "market",
    head: "Market",
    width: 112,
    narrow: 84,
    sort: (route) => route.instrument,
    cell: ({ instrument }) => (
      <button type="button" className="link" onClick={() => select(instrument)} title="Show its book over all venues">
        {instrument}
      </button>
    ),
  },
  { key: "venue", head: "Venue", width: 100, sort: (route) => route.venue, cell: (route) => route.venue },
  {
    key: "state",
    head: "State, since (UTC)",
    width: 166,
    narrow: 170,
    sort: ({ state }) => (FIT.includes(state) ? `1 ${state}` : `0 ${state}`),
    cell: (route) => <State route={route} />,
  },
  { key: "checks", head: "Checks", width: 148, from: 2, cell: ({ votes }) => <Votes votes={votes} /> },
  { key: "bid", head: "Bid", width: 84, align: "right", from: 1, cell: ({ bid }) => amount(bid) },
  { key: "ask", head: "Ask", width: 84, align: "right", from: 1, cell: ({ ask }) => amount(ask) },
  { key: "latency", head: "Latency", width: 74, align: "right", from: 2, cell: ({ latency_ms: ms }) => unit(ms, "ms") },
  { key: "fills", head: "Filled", width: 58, align: "right", from: 2, cell: ({ fill_rate }) => share(fill_rate) },
  { key: "rejects", head: "Refused", width: 62, align: "right", from: 2, cell: (route) => share(route.reject_rate) },
  {
    key: "toxicity",
    head: "Toxicity",
    width: 82,
    align: "right",
    from: 2,
    cell: ({ toxicity_bps: toxicity }) => unit(toxicity, "bps"),
  },
  { key: "why", head: "Why", from: 1, cell: ({ why }) => <span title={why ?? ""}>{why}</span> },
];

export function Routes(): ReactNode {
  const desk = useDesk();
  const instrument = useCell(desk.instrument);
  const routes = useAsked(readRoutes, "routes").value;
  const events = useAsked(readRouteEvents, "events").value;
  const book = useAsked(() => readConsolidated(instrument.instrument, DEPTH), instrument.instrument).value;
  const rows = useMemo(() => routes ?? [], [routes]);
  const columns = useMemo(() => columnsOf((wanted) => desk.select(wanted)), [desk]);
  return (
    <main className="panels routes-page">
      <section className="panel routes" aria-label="Routes">
        <header className="panel-head">
          <h2>Routes</h2>
          {routes && <Tally routes={routes} />}
        </header>
        <Grid
          label="Routes to the venues"
          columns={columns}
          rows={rows}
          id={nameOf}
          empty={routes === null ? "Reading…" : "No venue is known."}
        />
      </section>
      <section className="panel consolidated" aria-label="Consolidated book">
        <header className="panel-head">
          <h2>{instrument.instrument} over all venues</h2>
          <span className="quiet">best price with fees first</span>
        </header>
        {book && <Ladder book={book} />}
      </section>
      <section className="panel route-events" aria-label="What happened to routes">
        <header className="panel-head">
          <h2>What happened</h2>
          <span className="quiet">latest first</span>
        </header>
        <Events events={events} />
      </section>
    </main>
  );
}

function nameOf({ instrument, venue }: RouteFacts): string {
  return `${instrument} ${venue}`;
}

function Tally({ routes }: { routes: readonly RouteFacts[] }): ReactNode {
  const out = routes.filter(({ state }) => !FIT.includes(state)).length;
  if (out === 0) return <span className="good">● All {routes.length} can be used</span>;
  return (
    <span className="bad" role="status">
      ✕ {out} of {routes.length} not used
    </span>
  );
}

function State({ route: { state, since } }: { route: RouteFacts }): ReactNode {
  const fit = FIT.includes(state);
  return (
    <span className="state" data-route-state={state}>
      <span className={state === "open" ? "good" : fit ? "quiet" : "bad"}>
        {state === "open" ? "●" : fit ? "◌" : "✕"} {state.replaceAll("_", " ")}
      </span>
      {since !== null && <span className="quiet"> {clock(since, 0)}</span>}
    </span>
  );
}

const CHECKS: readonly (readonly [name: string, meaning: string])[] = [
  ["own", "against its own past"],
  ["others", "against the other venues"],
  ["band", "against the hard band"],
];

/** How the three checks of the breaker voted last. */
function Votes({ votes }: { votes: Record<string, boolean> }): ReactNode {
  return (
    <span className="votes">
      {CHECKS.map(([name, meaning]) => (
        <span
          key={name}
          className={votes[name] ? "bad" : "quiet"}
          title={`${meaning}: ${votes[name] ? "votes to lock" : "no objection"}`}
          data-vote={votes[name] ? `${name} against` : undefined}
        >
          {votes[name] ? "✕" : "✓"} {name}
        </span>
      ))}
    </span>
  );
}

function Ladder({ book }: { book: Consolidated }): ReactNode {
  const out = book.venues.filter(({ state }) => state !== "open");
  const most = Math.max(1, ...[...book.asks, ...book.bids].map(([, lots]) => Number(lots)));
  return (
    <div className="consolidated-sides" tabIndex={0} role="region" aria-label="Levels of all venues">
      <table>
        <thead>
          <tr>
            <th className="right">Price</th>
            <th className="right">Quantity</th>
            <th>Venue</th>
            <th className="right">With fees</th>
          </tr>
        </thead>
        <Levels name="Asks" side="sell" levels={book.asks.slice().reverse()} most={most} />
        <tbody className="middle">
          <tr>
            <td className="right">{amount(book.middle)}</td>
            <td colSpan={3} className="quiet">
              {book.middle === null ? "no middle: a side is empty" : "middle"}
            </td>
          </tr>
        </tbody>
        <Levels name="Bids" side="buy" levels={book.bids} most={most} />
      </table>
      {out.length > 0 && (
        <ul className="left-out" aria-label="Not in this book">
          {out.map((route) => (
            <li key={route.venue}>
              <b>{route.venue}</b> <State route={route} /> <span className="quiet because">{route.why}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

interface LevelsProps {
  name: string;
  side: "buy" | "sell";
  levels: ConsolidatedLevel[];
  /** The largest quantity shown, which has the whole bar. */
  most: number;
}

function Levels({ name, side, levels, most }: LevelsProps): ReactNode {
  return (
    <tbody aria-label={name} data-side={side}>
      {levels.map(([price, lots, venue, allIn], at) => (
        <tr key={at} data-venue={venue}>
          <td className={`right ${side === "sell" ? "down" : "up"}`}>{amount(price)}</td>
          <td className="right size">
            <i style={{ transform: `scaleX(${Number(lots) / most})` }} />
            <span>{quantity(lots)}</span>
          </td>
          <td>{venue}</td>
          <td className="right quiet">{quantity(allIn)}</td>
        </tr>
      ))}
    </tbody>
  );
}

function Events({ events }: { events: readonly RouteEvent[] | null }): ReactNode {
  if (events === null) return null;
  if (events.length === 0) return <p className="empty">Nothing yet: no source was marked, no route locked.</p>;
  return (
    <ol className="event-list" tabIndex={0} aria-label="Events, latest first">
      {events.map(({ time, instrument, venue, event, why }, at) => (
        <li key={at} data-route-event={event} data-venue={venue}>
          <span className="quiet">{clock(time)}</span>
          <span>{instrument}</span>
          <b>{venue}</b>
          <Happened event={event} />
          <span className="why">{why}</span>
        </li>
      ))}
    </ol>
  );
}

function Happened({ event }: { event: string }): ReactNode {
  if (event.startsWith("no longer ")) return <span className="good">✓ {event}</span>;
  if (event === "backup") return <span className="quiet">◌ stands in</span>;
  return <span className={event === "doubted" ? "warn" : "bad"}>✕ {event}</span>;
}

function unit(value: number | null, name: string): string {
  return value === null ? "–" : `${value.toFixed(2)} ${name}`;
}

function share(value: number | null): string {
  return value === null ? "–" : `${(value * 100).toFixed(0)} %`;
}
