/** Open requests for quotes, or lots on offer: answer one, or take a response to one's own. */
import { type ReactNode, useCallback, useEffect, useState } from "react";
import { useCell } from "../stores/cell";
import { amount, quantity } from "../stores/text";
import { acceptResponse, readRequests, Refusal } from "../wire/rest";
import type { Instrument, QuoteRequest, QuoteResponse } from "../wire/types";
import { SideMark } from "./AccountTables";
import { useDesk } from "./context";
import { textOf } from "./useTicket";

const READ_EVERY_MS = 2_000;

export function Requests({ note }: { note: string }): ReactNode {
  const desk = useDesk();
  const instrument = useCell(desk.instrument);
  const orders = useCell(useCell(desk.account).orders);
  const [rows, setRows] = useState<readonly QuoteRequest[]>([]);
  const [fault, setFault] = useState<string | null>(null);
  const read = useCallback(
    () =>
      readRequests(instrument.instrument).then(setRows, (problem: unknown) => {
        if (!(problem instanceof Refusal)) throw problem;
      }),
    [instrument],
  );
  useEffect(() => {
    void read();
    const timer = setInterval(() => void read(), READ_EVERY_MS);
    return () => clearInterval(timer);
  }, [read, orders]);
  const take = async (response: QuoteResponse): Promise<void> => {
    try {
      await acceptResponse(response.id, desk.session.role === "client" ? null : desk.account.get().account);
      setFault(null);
    } catch (problem) {
      if (!(problem instanceof Refusal)) throw problem;
      setFault(textOf(problem.problem));
    }
    await read();
  };
  return (
    <div className="requests" role="region" aria-label={`Requests in ${instrument.instrument}`} tabIndex={0}>
      <p className="quiet" role="note">
        {note}
      </p>
      {fault !== null && (
        <p className="bad" role="alert">
          ✕ {fault}
        </p>
      )}
      {rows.length === 0 && <p className="empty">No request is open.</p>}
      <ul>
        {rows.map((row) => (
          <Request key={row.id} {...{ row, instrument, take }} mayTrade={desk.mayTrade} />
        ))}
      </ul>
    </div>
  );
}

interface RequestProps {
  row: QuoteRequest;
  instrument: Instrument;
  take: (response: QuoteResponse) => Promise<void>;
  mayTrade: boolean;
}

function Request({ row, instrument, take, mayTrade }: RequestProps): ReactNode {
  const desk = useDesk();
  const account = useCell(desk.account).account;
  const mine = row.own || row.account === account;
  const answer = (): void =>
    desk.fillTicket({
      side: row.side === "buy" ? "sell" : "buy",
      quantity: row.quantity,
      request: row.id,
      focus: "price",
    });
  return (
    <li data-request={row.id}>
      <div className="request-head">
        <SideMark side={row.side} /> <b>{quantity(row.quantity)}</b>
        <span className="quiet">
          {row.id}
          {row.price === null ? "" : `, ${row.side === "buy" ? "at most" : "at least"} ${amount(row.price)}`}
        </span>
        {mayTrade && !mine && (
          <button type="button" className="small" onClick={answer} aria-label={`Answer ${row.id}`}>
            Answer
          </button>
        )}
      </div>
      <ol>
        {row.responses.map((response) => (
          <li key={response.id}>
            <b>{amount(response.price, instrument.price_decimals)}</b>
            <span>{quantity(response.quantity)}</span>
            <span className="quiet">{response.own ? "yours" : response.id}</span>
            {mayTrade && mine && (
              <button
                type="button"
                className="small strong"
                onClick={() => void take(response)}
                aria-label={`Take ${response.id}`}
              >
                Take
              </button>
            )}
          </li>
        ))}
      </ol>
    </li>
  );
}
