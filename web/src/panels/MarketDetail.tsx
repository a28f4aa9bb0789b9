/** One market in full: its state and the levers for it, its auctions, its rules, its day, its depth, its orders. */
import { type ReactNode, useEffect, useState } from "react";
import { BOOK_NAMES, causeWords, isInCall, rulesOf, STATE_NAMES, STATES } from "../marketWords";
import { useCell } from "../stores/cell";
import { amount, clock, NOTHING, quantity, signed } from "../stores/text";
import { operate, readStatistics, Refusal } from "../wire/rest";
import type { Indicative, Instrument, MarketSession, Statistics, TradingState } from "../wire/types";
import { BookOrders } from "./BookOrders";
import { useDesk } from "./context";
import { DepthProfile } from "./DepthProfile";
import { RecordLink } from "./RecordLink";
import { StateMark } from "./StateMark";
import { textOf } from "./useTicket";

interface DetailProps {
  instrument: Instrument;
  session: MarketSession;
}

const STATISTICS_EVERY_MS = 2_000;

export function MarketDetail({ instrument, session }: DetailProps): ReactNode {
  const desk = useDesk();
  const statistics = useStatistics(instrument.instrument);
  return (
    <section className="panel detail" aria-label={`Market ${instrument.instrument}`}>
      <header className="panel-head">
        <h2>{instrument.instrument}</h2>
        <StateMark session={session} />
        <span className="quiet">
          {causeWords(session.cause)}
          {session.since && ` since ${clock(session.since, 0)}`}
        </span>
      </header>
      <div className="detail-body">
        {desk.isOperator && <StateLevers instrument={instrument} session={session} />}
        <AuctionFacts instrument={instrument} session={session} />
        <Rules instrument={instrument} session={session} />
        <Day instrument={instrument} statistics={statistics} />
        {session.book === "dark" ? (
          <p className="dark-note">Dark book: it shows no price and no quantity to anybody.</p>
        ) : (
          <DepthProfile instrument={instrument} statistics={statistics} />
        )}
        {desk.mayReadJournal && <BookOrders instrument={instrument} />}
      </div>
    </section>
  );
}

/** The day's figures, read again every other second while they are looked at. */
function useStatistics(symbol: string): Statistics | null {
  const [found, setFound] = useState<Statistics | null>(null);
  useEffect(() => {
    let over = false;
    const read = (): void => {
      readStatistics(symbol).then(
        (statistics) => over || setFound(statistics),
        () => undefined,
      );
    };
    read();
    const timer = setInterval(read, STATISTICS_EVERY_MS);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [symbol]);
  return found;
}

interface Lever {
  name: string;
  command: string;
  body: Record<string, string>;
}

/** Each lever is a journalled command and is asked for twice. */
function StateLevers({ instrument, session }: DetailProps): ReactNode {
  const symbol = instrument.instrument;
  const [asked, setAsked] = useState<Lever | null>(null);
  const [answer, setAnswer] = useState<{ good: boolean; text: string } | null>(null);
  const pull = async ({ name, command, body }: Lever): Promise<void> => {
    setAsked(null);
    try {
      await operate(command, body);
      setAnswer({ good: true, text: `✓ ${name}: done and journalled.` });
    } catch (fault) {
      if (!(fault instanceof Refusal)) throw fault;
      setAnswer({ good: false, text: `✕ ${name}: ${textOf(fault.problem)}` });
    }
  };
  const to = (state: TradingState): Lever => ({
    name: STATE_NAMES[state],
    command: "set_session",
    body: { instrument: symbol, state },
  });
  const open: Lever = { name: "Open the bids", command: "clear_sealed", body: { instrument: symbol } };
  const uncross: Lever = { name: "Uncross", command: "uncross", body: { instrument: symbol } };
  return (
    <div className="state-levers" role="group" aria-label={`Trading state of ${symbol}`}>
      <div className="lever-row">
        {STATES.map((state) => (
          <button
            key={state}
            type="button"
            className="small"
            aria-pressed={session.state === state}
            disabled={session.state === state}
            onClick={() => setAsked(to(state))}
          >
            {STATE_NAMES[state]}
          </button>
        ))}
        <button
          type="button"
          className="small"
          disabled={!isInCall(session)}
          title={isInCall(session) ? "One price for all that can trade, then as the state says" : "Only in a call"}
          onClick={() => setAsked(uncross)}
        >
          Uncross
        </button>
        {session.book === "sealed" && (
          <button type="button" className="small" onClick={() => setAsked(open)}>
            Open the bids
          </button>
        )}
      </div>
      <div className="lever-ask" role="status">
        {asked ? (
          <>
            <span>
              {symbol}: <b>{asked.name}</b>?
            </span>
            <button type="button" className="small strong" autoFocus onClick={() => void pull(asked)}>
              Yes, do it
            </button>
            <button type="button" className="small" onClick={() => setAsked(null)}>
              Back
            </button>
          </>
        ) : (
          <span className={answer?.good === false ? "bad" : "good"}>{answer?.text}</span>
        )}
      </div>
    </div>
  );
}

function AuctionFacts({ instrument, session }: DetailProps): ReactNode {
  const { auction, indicative, limit_state: edge } = session;
  return (
    <div className="auction-facts">
      {isInCall(session) && (
        <Facts title="Would trade now" found={indicative} instrument={instrument} className="indicative" />
      )}
      <Facts title="Last auction" found={auction} instrument={instrument}>
        {auction && (
          <div>
            <dt>At (UTC)</dt>
            <dd>
              {clock(auction.time, 0)} <RecordLink record={auction.record} />
            </dd>
          </div>
        )}
      </Facts>
      {edge && (
        <p className="warn">
          ◆ Limit state: {edge.side}s stand at the edge, {amount(edge.price, instrument.price_decimals)}.
        </p>
      )}
    </div>
  );
}

interface FactsProps {
  title: string;
  found: Indicative | null;
  instrument: Instrument;
  className?: string;
  children?: ReactNode;
}

function Facts({ title, found, instrument, className, children }: FactsProps): ReactNode {
  return (
    <section className={className}>
      <h4>{title}</h4>
      <dl className="fields">
        <div>
          <dt>Price</dt>
          <dd>
            <b>
              {found ? (found.price === null ? "no price" : amount(found.price, instrument.price_decimals)) : NOTHING}
            </b>
          </dd>
        </div>
        <div>
          <dt>Volume</dt>
          <dd>{quantity(found?.volume)}</dd>
        </div>
        <div>
          <dt>Imbalance</dt>
          <dd>{found ? imbalanceWords(found.imbalance) : NOTHING}</dd>
        </div>
        {children}
      </dl>
    </section>
  );
}

function imbalanceWords(imbalance: string): string {
  if (/^-?[0.]*$/.test(imbalance)) return "none";
  return `${signed(imbalance)} ${imbalance.startsWith("-") ? "to sell" : "to buy"}`;
}

function Rules({ instrument, session }: DetailProps): ReactNode {
  const marks = useCell(useDesk().marks);
  const rows: (readonly [string, string])[] = [
    ["Book", BOOK_NAMES[session.book]],
    ["Reference price", amount(marks.get(instrument.instrument), instrument.price_decimals)],
    ...rulesOf(session.rules),
    ["Tick", [instrument.tick_size, ...session.ticks.map(([from, tick]) => `${tick} from ${from}`)].join(", ")],
    ["Lot", instrument.lot_size],
  ];
  return (
    <section>
      <h4>Rules</h4>
      <dl className="fields">
        {rows.map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Day({ instrument, statistics }: { instrument: Instrument; statistics: Statistics | null }): ReactNode {
  const places = instrument.price_decimals;
  const rows: (readonly [string, string])[] = [
    ["Open", amount(statistics?.open, places)],
    ["High", amount(statistics?.high, places)],
    ["Low", amount(statistics?.low, places)],
    ["Last", amount(statistics?.close, places)],
    ["Average, by volume", amount(statistics?.vwap)],
    ["Volume", quantity(statistics?.volume)],
    ["Trades", statistics ? statistics.trades.toLocaleString("en") : NOTHING],
  ];
  return (
    <section>
      <h4>Day {statistics?.day} (UTC)</h4>
      <dl className="fields">
        {rows.map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
