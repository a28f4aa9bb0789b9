/** What the user chose on this machine; kept in the browser's storage. */
import type { Interval } from "../wire/types";
import { Cell } from "./cell";

export interface Settings {
  theme: "system" | "dark" | "light";
  palette: "green-red" | "blue-orange";
  instrument: string | null;
  account: string | null;
  interval: Interval;
  confirm: boolean;
}

const STORAGE_KEY = "isthmus.terminal";
const DEFAULTS: Settings = {
  theme: "system",
  palette: "green-red",
  instrument: null,
  account: null,
  interval: "1s",
  confirm: true,
};

export const settings = new Cell<Settings>(stored(), "at once");

export function change(part: Partial<Settings>): void {
  const next = { ...settings.get(), ...part };
  settings.set(next);
  dress(next);
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(next));
  } catch {
    // A browser without storage forgets the choice; nothing else depends on it.
  }
}

/** Puts theme and palette on the document; the style sheet does the rest. */
export function dress({ theme, palette }: Settings = settings.get()): void {
  document.documentElement.dataset["theme"] = shownTheme(theme);
  document.documentElement.dataset["palette"] = palette;
}

export function shownTheme(theme: Settings["theme"] = settings.get().theme): "dark" | "light" {
  if (theme !== "system") return theme;
  return matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
}

function stored(): Settings {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "{}") as Partial<Settings>) };
  } catch {
    return DEFAULTS;
  }
}
