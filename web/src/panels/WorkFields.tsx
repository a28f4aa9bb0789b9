/** How an order is worked: as it is, by the tree's choice, or by one of the paths. */
import { type ReactNode, useEffect, useState } from "react";
import { isWorked } from "../ticket";
import { readPaths, Refusal } from "../wire/rest";
import type { PathFacts } from "../wire/types";
import type { Ticket } from "./useTicket";

export function WorkFields({ ticket }: { ticket: Ticket }): ReactNode {
  const { form, errors, set } = ticket;
  const paths = usePaths();
  if (form.type !== "limit" && form.type !== "market") return null;
  const chosen = paths.find(({ name }) => name === form.path);
  const error = errors.path ?? errors.until ?? errors.max_participation;
  return (
    <div className="work">
      <label className="work-by">
        <span className="quiet">Work by</span>
        <select value={form.path ?? ""} onChange={(event) => set({ path: event.target.value || null })}>
          <option value="">– (placed as it is)</option>
          <option value="auto">auto · the decision tree chooses</option>
          {paths.map(({ name, title }) => (
            <option key={name} value={name}>
              {name} · {title}
            </option>
          ))}
        </select>
      </label>
      {isWorked(form) && (
        <div className="work-terms">
          <label>
            <span className="quiet">Done within, min</span>
            <input
              inputMode="decimal"
              aria-label="Done within, minutes"
              value={form.minutes}
              placeholder="its own"
              onChange={(event) => set({ minutes: event.target.value })}
            />
          </label>
          <label>
            <span className="quiet">Of volume, % at most</span>
            <input
              inputMode="decimal"
              aria-label="Of volume at most, percent"
              value={form.share}
              placeholder="any"
              onChange={(event) => set({ share: event.target.value })}
            />
          </label>
        </div>
      )}
      {chosen && (
        <p className="quiet source" title={`${chosen.title}: ${chosen.source}`}>
          {chosen.source}
        </p>
      )}
      {form.path === "auto" && <p className="quiet source">Its reasons stand in the order's life.</p>}
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

/** The paths do not change while the page is open. */
let known: readonly PathFacts[] = [];

function usePaths(): readonly PathFacts[] {
  const [paths, setPaths] = useState(known);
  useEffect(() => {
    if (known.length > 0) return;
    readPaths().then(
      (read) => {
        known = read;
        setPaths(read);
      },
      (fault: unknown) => {
        if (!(fault instanceof Refusal)) throw fault;
      },
    );
  }, []);
  return paths;
}
