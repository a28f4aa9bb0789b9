/** The market desk: every market's trading state, one market in full, and the market makers. */
import { type ReactNode, useMemo } from "react";
import { BOOK_NAMES, isInCall, rulesOf, standing } from "../marketWords";
import { useCell } from "../stores/cell";
import { amount, clock, quantity } from "../stores/text";
import type { Instrument, MarketSession } from "../wire/types";
import { useDesk } from "./context";
import { type Column, Grid } from "./Grid";
import { MakersTable } from "./MakersTable";
import { MarketDetail } from "./MarketDetail";
import { StateMark } from "./StateMark";

interface Row {
  instrument: Instrument;
  session: MarketSession;
}

export function MarketDesk(): ReactNode {
  const desk = useDesk();
  const { instrument } = useCell(desk.instrument);
  const instruments = useCell(desk.instruments);
  const sessions = useCell(desk.sessions.markets);
  const rows = useMemo(
    () =>
      instruments.flatMap((one): Row[] => {
        const session = sessions.get(one.instrument);
        return session ? [{ instrument: one, session }] : [];
      }),
    [instruments, sessions],
  );
  const chosen = rows.find((row) => row.instrument.instrument === instrument);
  return (
    <main className="panels market-desk">
      <section className="panel states" aria-label="Trading states">
        <header className="panel-head">
          <h2>Markets</h2>
          {!desk.isOperator && <span className="quiet">You may look; an operator changes trading states.</span>}
        </header>
        <Grid
          label="Trading states of all markets"
          columns={COLUMNS}
          rows={rows}
          id={(row) => row.instrument.instrument}
          empty="Waiting for the trading states."
          selected={instrument}
          onSelect={(row) => desk.select(row.instrument.instrument)}
        />
      </section>
      {chosen ? (
        <MarketDetail key={chosen.instrument.instrument} instrument={chosen.instrument} session={chosen.session} />
      ) : (
        <section className="panel detail" aria-label="Market" />
      )}
      <section className="panel makers" aria-label="Market makers">
        <header className="panel-head">
          <h2>Market makers</h2>
        </header>
        <MakersTable />
      </section>
    </main>
  );
}

/** What an auction would find now, or found last. */
function auctionText({ instrument, session }: Row): string {
  const found = isInCall(session) ? session.indicative : session.auction;
  if (!found) return "–";
  return found.price === null ? "no price" : amount(found.price, instrument.price_decimals);
}

function bandText({ session }: Row): string {
  const bands = rulesOf(session.rules).filter(([name]) => name.endsWith("band") && name !== "At the band");
  return bands.map(([name, text]) => `${name.split(" ")[0]?.toLowerCase()} ${text}`).join(", ") || "none";
}

const COLUMNS: readonly Column<Row>[] = [
  {
    key: "market",
    head: "Market",
    width: 118,
    sort: (row) => row.instrument.instrument,
    cell: (row) => <b>{row.instrument.instrument}</b>,
  },
  {
    key: "state",
    head: "State",
    width: 158,
    sort: (row) => standing(row.session).text,
    cell: (row) => <StateMark session={row.session} />,
  },
  {
    key: "since",
    head: "Since (UTC)",
    width: 84,
    from: 1,
    sort: (row) => row.session.since ?? "",
    cell: (row) => (row.session.since ? clock(row.session.since, 0) : "–"),
  },
  {
    key: "auction",
    head: "Auction price",
    width: 104,
    align: "right",
    cell: (row) => (
      <span className={isInCall(row.session) ? "warn" : ""} title={isInCall(row.session) ? "indicative" : "last"}>
        {auctionText(row)}
      </span>
    ),
  },
  {
    key: "volume",
    head: "Volume",
    width: 84,
    align: "right",
    from: 1,
    cell: ({ session }) => quantity((isInCall(session) ? session.indicative : session.auction)?.volume),
  },
  { key: "bands", head: "Bands", width: 160, from: 2, cell: bandText },
  { key: "book", head: "Book", from: 1, cell: ({ session }) => BOOK_NAMES[session.book] },
];
