/**
 * Values that live outside React. Data is told at most once per animation frame; what the user does is told at once, so
 * that the next key already meets it.
 */
import { useSyncExternalStore } from "react";

const due = new Set<() => void>();
let requested = false;

/** Runs `task` in the next animation frame; asking again before then changes nothing. */
export function inNextFrame(task: () => void): void {
  due.add(task);
  if (requested) return;
  requested = true;
  requestAnimationFrame(runDue);
}

function runDue(): void {
  requested = false;
  const tasks = [...due];
  due.clear();
  for (const task of tasks) task();
}

export class Cell<T> {
  private readonly watchers = new Set<() => void>();

  constructor(
    private value: T,
    private readonly pace: "each frame" | "at once" = "each frame",
  ) {}

  readonly get = (): T => this.value;

  readonly subscribe = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  readonly set = (next: T): void => {
    if (Object.is(next, this.value)) return;
    this.value = next;
    if (this.pace === "at once") this.tell();
    else inNextFrame(this.tell);
  };

  private readonly tell = (): void => {
    for (const watcher of this.watchers) watcher();
  };
}

export function useCell<T>(cell: Cell<T>): T {
  return useSyncExternalStore(cell.subscribe, cell.get);
}
