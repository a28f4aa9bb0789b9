import { createContext, useContext } from "react";
import { useCell } from "../stores/cell";
import type { Desk } from "../stores/desk";
import type { BookKind, MarketSession } from "../wire/types";

export const DeskContext = createContext<Desk | null>(null);

/** The desk of this page; only called below the provider. */
export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (!desk) throw new Error("no desk above this panel");
  return desk;
}

/** The trading state of the selected market; undefined until the stream told it. */
export function useSession(): MarketSession | undefined {
  const desk = useDesk();
  const { instrument } = useCell(desk.instrument);
  return useCell(desk.sessions.markets).get(instrument);
}

/** The kind of book that the selected market has. */
export function useBook(): BookKind {
  const instrument = useCell(useDesk().instrument);
  return useSession()?.book ?? instrument.book ?? "lit";
}
