import { createContext, useContext } from "react";
import type { Desk } from "../stores/desk";

export const DeskContext = createContext<Desk | null>(null);

/** The desk of this page; only called below the provider. */
export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (!desk) throw new Error("no desk above this panel");
  return desk;
}
