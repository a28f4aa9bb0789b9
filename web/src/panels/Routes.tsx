/** The ways to the venues: who may be used, who is quarantined or locked and why, and the one book over all of them. */
import { type ReactNode, useEffect, useState } from "react";
import { useCell } from "../stores/cell";
import { amount, clock, quantity } from "../stores/text";
import { readConsolidated, readRouteEvents, readRoutes, Refusal } from "../wire/rest";
import type { Consolidated, ConsolidatedLevel, RouteEvent, RouteFacts } from "../wire/types";
import { useDesk } from "./context";
import { type Column, Grid } from "./Grid";

const ASK_EVERY_MS = 1_000;
const DEPTH = 12;

const COLUMNS: readonly Column<RouteFacts>[] = [
  { key: "market", head: "Market", width: 92, sort: (route) => route.instrument, cell: (route) => route.instrument },
  { key: "venue", head: "Venue", width: 120, sort: (route) => route.venue, cell: (route) => route.venue },
  { key: "kind", head: "Kind", width: 64, from: 1, cell: (route) => route.kind },
  {
    key: "state",
    head: "State",
    width: 130,
    sort: (route) => route.state,
    cell: ({ state, why }) => (
      <span className={state === "open" ? "good" : "bad"} title={why ?? ""} data-route-state={state}>
        {state === "open" ? "● open" : `✕ ${state}`}
      </span>
    ),
  },
  { key: "bid", head: "Bid", width: 96, align: "right", from: 1, cell: ({ bid }) => amount(bid) },
  { key: "ask", head: "Ask", width: 96, align: "right", from: 1, cell: ({ ask }) => amount(ask) },
  {
    key: "latency",
    head: "Latency",
    width: 84,
    align: "right",
    from: 2,
    cell: ({ latency_ms }) => unit(latency_ms, "ms"),
  },
  { key: "fills", head: "Filled", width: 72, align: "right", from: 2, cell: ({ fill_rate }) => share(fill_rate) },
  {
    key: "rejects",
    head: "Refused",
    width: 72,
    align: "right",
    from: 2,
    cell: ({ reject_rate }) => share(reject_rate),
  },
  {
    key: "toxicity",
    head: "Toxicity",
    width: 84,
    align: "right",
    from: 2,
    cell: ({ toxicity_bps }) => unit(toxicity_bps, "bps"),
  },
  {
    key: "why",
    head: "Why",
    from: 1,
    cell: ({ why, votes }) => <span title={why ?? ""}>{why ?? votesOf(votes)}</span>,
  },
];

export function Routes(): ReactNode {
  const desk = useDesk();
  const instrument = useCell(desk.instrument);
  const routes = useAsked(readRoutes, "routes") ?? [];
  const events = useAsked(readRouteEvents, "events") ?? [];
  const book = useAsked(() => readConsolidated(instrument.instrument, DEPTH), instrument.instrument);
  const shut = routes.filter(({ state }) => state !== "open").length;
  return (
    <main className="panels routes-page">
      <section className="panel routes" aria-label="Routes">
        <header className="panel-head">
          <h2>Routes</h2>
          <span className={shut === 0 ? "good" : "bad"}>{shut === 0 ? "● All open" : `✕ ${shut} not used`}</span>
        </header>
        <Grid
          label="Routes"
          columns={COLUMNS}
          rows={routes}
          id={(route) => `${route.instrument} ${route.venue}`}
          empty="No venue is known."
        />
      </section>
      <section className="panel consolidated" aria-label="Consolidated book">
        <header className="panel-head">
          <h2>{instrument.instrument} over all venues</h2>
          <span className="quiet">by the price with fees</span>
        </header>
        {book && <Ladder book={book} />}
      </section>
      <section className="panel route-events" aria-label="What happened to routes">
        <header className="panel-head">
          <h2>What happened</h2>
        </header>
        <Events events={events} />
      </section>
    </main>
  );
}

function Ladder({ book }: { book: Consolidated }): ReactNode {
  return (
    <div className="consolidated-sides">
      <SideOf name="Asks" tone="down" levels={book.asks.slice().reverse()} />
      <p className="middle">{amount(book.middle)}</p>
      <SideOf name="Bids" tone="up" levels={book.bids} />
    </div>
  );
}

function SideOf({ name, tone, levels }: { name: string; tone: "up" | "down"; levels: ConsolidatedLevel[] }): ReactNode {
  return (
    <table aria-label={name}>
      <tbody>
        {levels.map(([price, lots, venue, allIn], at) => (
          <tr key={at}>
            <td className={`right ${tone}`}>{amount(price)}</td>
            <td className="right">{quantity(lots)}</td>
            <td>{venue}</td>
            <td className="right quiet">{quantity(allIn)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Events({ events }: { events: readonly RouteEvent[] }): ReactNode {
  if (events.length === 0) return <p className="empty">Nothing yet: no source was marked, no route locked.</p>;
  return (
    <ol className="event-list">
      {events.map(({ time, instrument, venue, event, why }, at) => (
        <li key={at} data-route-event={event}>
          <span className="quiet">{clock(time)}</span> <b>{venue}</b> {instrument} <span className="warn">{event}</span>{" "}
          {why}
        </li>
      ))}
    </ol>
  );
}

function votesOf(votes: Record<string, boolean>): string {
  const against = Object.keys(votes).filter((name) => votes[name] === true);
  return against.length === 0 ? "" : `against: ${against.join(", ")}`;
}

function unit(value: number | null, name: string): string {
  return value === null ? "–" : `${value.toFixed(2)} ${name}`;
}

function share(value: number | null): string {
  return value === null ? "–" : `${(value * 100).toFixed(0)} %`;
}

/** Asks now and then again each second while the page is shown; a refusal leaves what was known. */
function useAsked<T>(ask: () => Promise<T>, key: string): T | null {
  const [known, setKnown] = useState<{ key: string; value: T } | null>(null);
  useEffect(() => {
    let late = false;
    const again = (): void => {
      ask().then(
        (value) => late || setKnown({ key, value }),
        (fault: unknown) => {
          if (!(fault instanceof Refusal)) throw fault;
        },
      );
    };
    again();
    const timer = setInterval(again, ASK_EVERY_MS);
    return () => {
      late = true;
      clearInterval(timer);
    };
    // `ask` is made anew by every render; what it asks for is told by `key`
  }, [key]);
  return known?.key === key ? known.value : null;
}
