/** What happened to one order, from its acceptance to its end. */
import { type ReactNode, useEffect, useState } from "react";
import { eventWords, isChild, isParent } from "../orderWords";
import { clock, quantity } from "../stores/text";
import { readLife, Refusal } from "../wire/rest";
import type { Order, OrderEvent } from "../wire/types";
import { ParentWork } from "./ParentWork";
import { RecordLink } from "./RecordLink";
import { textOf } from "./useTicket";

interface Life {
  events: readonly OrderEvent[];
  next: string | null;
  fault: string | null;
}

const NOTHING_READ: Life = { events: [], next: null, fault: null };

interface OrderLifeProps {
  order: string;
  /** As the account's stream tells it; null for an order of somebody else's. */
  known: Order | null;
  onClose: () => void;
}

export function OrderLife({ order, known, onClose }: OrderLifeProps): ReactNode {
  /** Changes whenever something new may have happened to the order. */
  const version = known?.record ?? "";
  const [life, setLife] = useState<Life>(NOTHING_READ);
  useEffect(() => {
    let late = false;
    read(order, null, []).then((found) => late || setLife(found));
    return () => {
      late = true;
    };
  }, [order, version]);
  return (
    <aside className="record life" aria-label={`Life of ${order}`} tabIndex={0}>
      <h3>
        {order}
        <button type="button" className="icon" onClick={onClose} aria-label={`Close the life of ${order}`}>
          ×
        </button>
      </h3>
      {known && isChild(known) && (
        <p className="why">
          Works {known.parent_order}. {known.routing}
        </p>
      )}
      {known && isParent(known) && <ParentWork order={order} version={version} />}
      <ol>
        {life.events.map((event, at) => (
          <li key={at} data-event={event.event}>
            <span className="quiet">{clock(event.time, 3)}</span>
            <span title={event.command}>{eventWords(event)}</span>
            <span className="quiet">left {quantity(event.left)}</span>
            <RecordLink record={event.record} />
          </li>
        ))}
      </ol>
      {life.fault !== null && <p className="bad">✕ {life.fault}</p>}
      {life.next !== null && (
        <button
          type="button"
          className="small more"
          onClick={() => void read(order, life.next, life.events).then(setLife)}
        >
          Go on
        </button>
      )}
    </aside>
  );
}

async function read(order: string, cursor: string | null, before: readonly OrderEvent[]): Promise<Life> {
  try {
    const { data, next } = await readLife(order, cursor);
    return { events: [...before, ...data], next, fault: null };
  } catch (fault) {
    if (!(fault instanceof Refusal)) throw fault;
    return { events: before, next: null, fault: textOf(fault.problem) };
  }
}
