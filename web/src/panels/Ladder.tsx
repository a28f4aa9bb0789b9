/** The depth ladder. React lays the rows out; their figures are painted straight into the document, once a frame at most. */
import { type KeyboardEvent, type ReactNode, type RefObject, useCallback, useEffect, useRef, useState } from "react";
import { formatGrouped, formatPlain, trimmed } from "../decimal";
import { type Axis, centredAxis, fittingStep, isInSight, type OwnOrder, rungsOf, stepsOf } from "../ladder";
import { usePanelCall } from "../shortcuts";
import { inNextFrame, useCell } from "../stores/cell";
import { isOpen } from "../stores/account";
import { type BookFeed, unitsOf } from "../stores/market";
import type { Instrument, Order } from "../wire/types";
import { useDesk } from "./context";
import { LadderPainter } from "./ladderPainter";

const ROW_PX = 20;
/** Nearer to an end of the axis than this, the market has left it. */
const MARGIN_ROWS = 2;

export function Ladder(): ReactNode {
  const desk = useDesk();
  const book = useCell(desk.book);
  const orders = useCell(useCell(desk.account).orders);
  const body = useRef<HTMLDivElement>(null);
  const rows = useRowCount(body);
  const [cursor, setCursor] = useState<number | null>(null);
  const { axis, setAxis, centre } = useAxis(book, rows);
  const { instrument } = book;

  usePainter(body, book, axis, ownOrders(orders, instrument), cursor);
  usePanelCall(
    useCallback(
      (call) => {
        if (call.panel !== "ladder") return;
        if (call.what === "focus") body.current?.focus();
        else centre();
      },
      [centre],
    ),
  );

  const take = (price: number, side?: "buy" | "sell"): void => {
    const draft = { price: plain(price, instrument.price_decimals), focus: "quantity" as const };
    desk.fillTicket(side ? { ...draft, side } : draft);
  };
  const press = (event: KeyboardEvent): void => {
    if (!axis) return;
    const here = cursor ?? axis.top - Math.floor(axis.rows / 2) * axis.step;
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const next = here + (event.key === "ArrowUp" ? axis.step : -axis.step);
      setCursor(next);
      if (!isInSight(axis, next)) setAxis({ ...axis, top: axis.top + (next - here) });
    } else if (event.key === "Enter") take(here);
    else return;
    event.preventDefault();
  };
  const click = (event: React.MouseEvent): void => {
    const row = (event.target as HTMLElement).closest<HTMLElement>("[data-price]");
    const column = (event.target as HTMLElement).closest<HTMLElement>("[data-side]")?.dataset["side"];
    if (row) take(Number(row.dataset["price"]), column === "buy" || column === "sell" ? column : undefined);
  };
  return (
    <div className="ladder">
      <LadderTools axis={axis} instrument={instrument} onStep={(step) => centre(step)} onCentre={() => centre()} />
      <div className="ladder-head" aria-hidden>
        <span>Own</span>
        <span>Bid</span>
        <span>Price</span>
        <span>Ask</span>
        <span>Own</span>
      </div>
      <div
        ref={body}
        className="ladder-body"
        tabIndex={0}
        role="listbox"
        aria-label={`Price ladder of ${instrument.instrument}: arrows move, Enter takes the price into the ticket`}
        onKeyDown={press}
        onBlur={() => setCursor(null)}
        onClick={click}
        onWheel={(event) => axis && setAxis({ ...axis, top: axis.top - Math.sign(event.deltaY) * 3 * axis.step })}
      />
    </div>
  );
}

interface ToolsProps {
  axis: Axis | null;
  instrument: Instrument;
  onStep: (step: number) => void;
  onCentre: () => void;
}

function LadderTools({ axis, instrument, onStep, onCentre }: ToolsProps): ReactNode {
  const steps = stepsOf(unitsOf(instrument.tick_size, instrument.price_decimals));
  const at = axis ? steps.indexOf(axis.step) : 0;
  const move = (by: number): void => {
    const step = steps[at + by];
    if (step !== undefined) onStep(step);
  };
  const value = { units: BigInt(axis?.step ?? 0), scale: instrument.price_decimals };
  return (
    <div className="ladder-tools">
      <button type="button" className="small" onClick={() => move(-1)} disabled={at <= 0} aria-label="Finer prices">
        −
      </button>
      <span className="quiet" aria-live="polite">
        step {formatGrouped(trimmed(value))}
      </span>
      <button type="button" className="small" onClick={() => move(1)} aria-label="Coarser prices">
        +
      </button>
      <button type="button" className="small centre" onClick={onCentre} title="Re-centre (r)">
        Re-centre
      </button>
    </div>
  );
}

function useRowCount(body: RefObject<HTMLDivElement | null>): number {
  const [rows, setRows] = useState(0);
  useEffect(() => {
    const element = body.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setRows(Math.max(3, Math.floor(element.clientHeight / ROW_PX))));
    observer.observe(element);
    return () => observer.disconnect();
  }, [body]);
  return rows;
}

interface AxisState {
  axis: Axis | null;
  setAxis: (axis: Axis) => void;
  centre: (step?: number) => void;
}

/** The axis stands still until it is moved, re-centred, or the market has left it altogether. */
function useAxis(book: BookFeed, rows: number): AxisState {
  const [axis, setAxis] = useState<Axis | null>(null);
  const centre = useCallback(
    (wished?: number) => {
      const middle = middleOf(book);
      if (middle === null || rows === 0) return;
      const tick = unitsOf(book.instrument.tick_size, book.instrument.price_decimals);
      setAxis((now) => centredAxis(middle, wished ?? now?.step ?? fittingStep(book, tick, rows), rows));
    },
    [book, rows],
  );
  useEffect(() => {
    centre();
    return book.onChange(() => {
      const middle = middleOf(book);
      if (middle === null) return;
      setAxis((now) => {
        if (now && now.rows === rows && isInSight(now, middle, MARGIN_ROWS)) return now;
        const tick = unitsOf(book.instrument.tick_size, book.instrument.price_decimals);
        return rows === 0 ? now : centredAxis(middle, now?.step ?? fittingStep(book, tick, rows), rows);
      });
    });
  }, [book, rows, centre]);
  return { axis, setAxis, centre };
}

function usePainter(
  body: RefObject<HTMLDivElement | null>,
  book: BookFeed,
  axis: Axis | null,
  own: OwnOrder[],
  cursor: number | null,
): void {
  const painter = useRef<LadderPainter | null>(null);
  useEffect(() => {
    if (!body.current || !axis) return undefined;
    painter.current ??= new LadderPainter(body.current, book.instrument);
    const paint = (): void => painter.current?.paint(axis, rungsOf(axis, book, own), bestOf(book), cursor);
    inNextFrame(paint);
    return book.onChange(paint);
  });
}

function bestOf(book: BookFeed): { bid: number | null; ask: number | null } {
  return { bid: book.bestBid, ask: book.bestAsk };
}

function middleOf(book: BookFeed): number | null {
  const { bestBid, bestAsk } = book;
  if (bestBid !== null && bestAsk !== null) return (bestBid + bestAsk) / 2;
  return bestBid ?? bestAsk;
}

function ownOrders(orders: ReadonlyMap<string, Order>, instrument: Instrument): OwnOrder[] {
  return [...orders.values()]
    .filter((order) => isOpen(order) && order.instrument === instrument.instrument && order.price !== null)
    .map((order) => ({
      price: unitsOf(order.price ?? "0", instrument.price_decimals),
      left: unitsOf(order.remaining, instrument.quantity_decimals),
      buy: order.side === "buy",
    }));
}

function plain(units: number, decimals: number): string {
  return formatPlain({ units: BigInt(units), scale: decimals });
}
