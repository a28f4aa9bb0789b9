/** Best bid and ask at the head of the ticket; each is a button that takes its price. */
import { type ReactNode, useEffect, useState } from "react";
import { compact, formatGrouped, formatPlain } from "../decimal";
import { inNextFrame, useCell } from "../stores/cell";
import type { BookFeed } from "../stores/market";
import { NOTHING } from "../stores/text";
import { useDesk } from "./context";

interface Touch {
  bid: number | null;
  bidSize: number;
  ask: number | null;
  askSize: number;
}

export function TouchQuotes({ onTake }: { onTake: (price: string) => void }): ReactNode {
  const desk = useDesk();
  const book = useCell(desk.book);
  const touch = useTouch(book);
  const { price_decimals, quantity_decimals } = book.instrument;
  const take = (price: number | null) => (): void => {
    if (price !== null) onTake(formatPlain({ units: BigInt(price), scale: price_decimals }));
  };
  const price = (units: number | null): string =>
    units === null ? NOTHING : formatGrouped({ units: BigInt(units), scale: price_decimals });
  const size = (units: number): string => compact({ units: BigInt(units), scale: quantity_decimals }, 6);
  const spread = touch.bid !== null && touch.ask !== null ? price(touch.ask - touch.bid) : NOTHING;
  return (
    <div className="touch">
      <button type="button" className="bid" onClick={take(touch.bid)} aria-label={`Best bid ${price(touch.bid)}`}>
        <small>Bid</small>
        <b>{price(touch.bid)}</b>
        <small>{size(touch.bidSize)}</small>
      </button>
      <span className="spread" title="Spread">
        <small>Spread</small>
        {spread}
      </span>
      <button type="button" className="ask" onClick={take(touch.ask)} aria-label={`Best ask ${price(touch.ask)}`}>
        <small>Ask</small>
        <b>{price(touch.ask)}</b>
        <small>{size(touch.askSize)}</small>
      </button>
    </div>
  );
}

function useTouch(book: BookFeed): Touch {
  const [touch, setTouch] = useState<Touch>(touchOf(book));
  useEffect(() => {
    const read = (): void => setTouch((before) => kept(before, touchOf(book)));
    inNextFrame(read);
    return book.onChange(read);
  }, [book]);
  return touch;
}

function touchOf(book: BookFeed): Touch {
  const [bid, ask] = [book.bestBid, book.bestAsk];
  return { bid, bidSize: book.bids.get(bid ?? -1) ?? 0, ask, askSize: book.asks.get(ask ?? -1) ?? 0 };
}

function kept(before: Touch, now: Touch): Touch {
  const same =
    before.bid === now.bid &&
    before.ask === now.ask &&
    before.bidSize === now.bidSize &&
    before.askSize === now.askSize;
  return same ? before : now;
}
