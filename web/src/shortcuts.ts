/** Single-key shortcuts. They are quiet while the user types in a field. */
import { useEffect } from "react";
import type { Desk } from "./stores/desk";
import { change, settings, shownTheme } from "./stores/settings";

export const SHORTCUTS: readonly (readonly [keys: string, what: string])[] = [
  ["b", "Buy: ticket to buy, cursor in the quantity"],
  ["s", "Sell: ticket to sell, cursor in the quantity"],
  ["Enter", "In the ticket: review the order, once more to send it"],
  ["Esc", "Back out of a review, a replacement or this page"],
  ["↑ ↓", "In price or quantity: one tick or lot (with Shift ten)"],
  ["l", "Cursor into the price ladder; ↑ ↓ move, Enter takes the price"],
  ["r", "Re-centre the ladder"],
  ["[ ]", "Previous, next market"],
  ["d o v a k", "Dealing, market desk, routes to the venues, audit trail, kill switch"],
  ["1 … 7", "Tabs of the blotter, of the audit trail"],
  ["m", "Tall blotter, or chart and ladder back"],
  ["t", "Light or dark"],
  ["?", "This page"],
];

/** Sent to the panels by name, so that a shortcut needs no hold of them. */
export type PanelCall = { panel: "ladder"; what: "centre" | "focus" } | { panel: "blotter"; tab: number };

export const PANEL_CALL = "isthmus:panel";

export function callPanel(call: PanelCall): void {
  window.dispatchEvent(new CustomEvent<PanelCall>(PANEL_CALL, { detail: call }));
}

export function usePanelCall(answer: (call: PanelCall) => void): void {
  useEffect(() => {
    const hear = (event: Event): void => answer((event as CustomEvent<PanelCall>).detail);
    window.addEventListener(PANEL_CALL, hear);
    return () => window.removeEventListener(PANEL_CALL, hear);
  }, [answer]);
}

export function useShortcuts(desk: Desk, toggles: { help: () => void; tall: () => void }): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
      const act = actionOf(event.key, desk, toggles);
      if (!act) return;
      event.preventDefault();
      act();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  });
}

function actionOf(key: string, desk: Desk, toggles: { help: () => void; tall: () => void }): (() => void) | null {
  if (/^[1-7]$/.test(key)) return () => callPanel({ panel: "blotter", tab: Number(key) - 1 });
  switch (key) {
    case "b":
      return () => desk.fillTicket({ side: "buy", focus: "quantity" });
    case "s":
      return () => desk.fillTicket({ side: "sell", focus: "quantity" });
    case "l":
      return () => callPanel({ panel: "ladder", what: "focus" });
    case "r":
      return () => callPanel({ panel: "ladder", what: "centre" });
    case "[":
      return () => neighbour(desk, -1);
    case "]":
      return () => neighbour(desk, 1);
    case "d":
      return () => desk.show("dealing");
    case "o":
      return () => desk.show("markets");
    case "v":
      return () => desk.show("routes");
    case "a":
      return () => desk.show("audit");
    case "k":
      return () => desk.show("kill");
    case "m":
      return toggles.tall;
    case "t":
      return () => change({ theme: shownTheme(settings.get().theme) === "dark" ? "light" : "dark" });
    case "?":
      return toggles.help;
    default:
      return null;
  }
}

function neighbour(desk: Desk, step: number): void {
  const all = desk.instruments.get();
  const at = all.indexOf(desk.instrument.get());
  const next = all[(at + step + all.length) % all.length];
  if (next) desk.select(next.instrument);
}

function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return target.type !== "checkbox" && target.type !== "radio";
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}
