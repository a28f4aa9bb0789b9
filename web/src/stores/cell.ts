/** Values that live outside React. Whoever watches is told at most once per animation frame. */
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

  constructor(private value: T) {}

  readonly get = (): T => this.value;

  readonly subscribe = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  set(next: T): void {
    if (Object.is(next, this.value)) return;
    this.value = next;
    inNextFrame(this.tell);
  }

  private readonly tell = (): void => {
    for (const watcher of this.watchers) watcher();
  };
}

export function useCell<T>(cell: Cell<T>): T {
  return useSyncExternalStore(cell.subscribe, cell.get);
}
