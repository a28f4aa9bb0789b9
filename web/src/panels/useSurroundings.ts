/** What the ticket's arithmetic needs of the book, the balances and the market; refreshed a few times a second. */
import { useEffect, useState } from "react";
import { useCell } from "../stores/cell";
import type { BookFeed } from "../stores/market";
import type { Surroundings } from "../ticket";
import type { Side } from "../wire/types";
import { useDesk } from "./context";

/** An estimate that changes with every tick cannot be read. */
const REFRESH_MS = 250;

export function useSurroundings(side: Side): Surroundings {
  const desk = useDesk();
  const book = useCell(desk.book);
  const instrument = useCell(desk.instrument);
  const balances = useCell(useCell(desk.account).balances);
  const market = useCell(desk.markets.rows).get(instrument.instrument);
  const opposite = useOpposite(book, side);
  const mark = useCell(desk.marks).get(instrument.instrument);
  const reference = mark ?? market?.last ?? instrument.last_price;
  return { instrument, balances, opposite, reference };
}

/** The side of the book that an order of `side` would meet, best first. */
function useOpposite(book: BookFeed, side: Side): (readonly [number, number])[] {
  const [levels, setLevels] = useState<(readonly [number, number])[]>([]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null;
    const read = (): void => {
      timer = null;
      const entries = [...(side === "buy" ? book.asks : book.bids).entries()];
      setLevels(entries.sort((left, right) => (side === "buy" ? left[0] - right[0] : right[0] - left[0])));
    };
    read();
    const stop = book.onChange(() => {
      timer ??= setTimeout(read, REFRESH_MS);
    });
    return () => {
      stop();
      if (timer) clearTimeout(timer);
    };
  }, [book, side]);
  return levels;
}
