/** Depth ladder and trade tape of the selected market, as two tabs of one panel. */
import { type ReactNode, useState } from "react";
import { useCell } from "../stores/cell";
import { amount, clock, quantity } from "../stores/text";
import type { BookKind } from "../wire/types";
import { useBook, useDesk } from "./context";
import { Ladder } from "./Ladder";
import { Requests } from "./Requests";

export function DepthPanel(): ReactNode {
  const desk = useDesk();
  const [shown, setShown] = useState<"ladder" | "tape">("ladder");
  const instrument = useCell(desk.instrument);
  const book = useBook();
  return (
    <section className="panel depth" aria-label="Depth">
      <header className="panel-head">
        <div className="tabs" role="tablist" aria-label="Depth and trades">
          {(["ladder", "tape"] as const).map((name) => (
            <button key={name} type="button" role="tab" aria-selected={shown === name} onClick={() => setShown(name)}>
              {name === "ladder" ? "Ladder" : "Trades"}
            </button>
          ))}
        </div>
      </header>
      {shown === "tape" ? <Tape /> : UNSEEN[book] ? <Unseen book={book} /> : <Ladder key={instrument.instrument} />}
    </section>
  );
}

/** Books without levels, and what they have in their place. */
const UNSEEN: Partial<Record<BookKind, string>> = {
  dark: "Dark book. It shows no price and no quantity to anybody; it trades at the reference price.",
  rfq: "No levels here: you ask for quotes, and take one of the responses.",
  negotiated: "No levels here: one seller offers, buyers answer, the seller takes one.",
  sealed: "No levels here: bids stay sealed until they are opened together.",
};

function Unseen({ book }: { book: BookKind }): ReactNode {
  const note = UNSEEN[book] ?? "";
  if (book !== "dark") return <Requests note={note} />;
  return (
    <p className="empty" role="note">
      {note}
    </p>
  );
}

function Tape(): ReactNode {
  const desk = useDesk();
  const instrument = useCell(desk.instrument);
  const trades = useCell(useCell(desk.trades).trades);
  return (
    <div className="tape" tabIndex={0} role="region" aria-label={`Trades of ${instrument.instrument}`}>
      <table>
        <thead>
          <tr>
            <th scope="col">Time (UTC)</th>
            <th scope="col" className="right">
              Price
            </th>
            <th scope="col" className="right">
              Quantity
            </th>
          </tr>
        </thead>
        <tbody>
          {trades.map((trade) => (
            <tr key={`${trade.venue} ${trade.id}`}>
              <td className="quiet">{clock(trade.time, 1)}</td>
              <td className={`right ${trade.taker_side === "buy" ? "up" : "down"}`}>
                <span aria-hidden>{trade.taker_side === "buy" ? "▲ " : "▼ "}</span>
                {amount(trade.price, instrument.price_decimals)}
              </td>
              <td className="right">{quantity(trade.quantity)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
