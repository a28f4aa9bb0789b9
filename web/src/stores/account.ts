/** One account's orders, fills, balances and positions, as the stream tells them. */
import { readPage } from "../wire/rest";
import type { Stream } from "../wire/stream";
import type { Balance, Fill, Order, Position } from "../wire/types";
import { Cell } from "./cell";

const PAGE = 100;
export const FILLS_KEPT = 2_000;
/** Above this the oldest that have ended are forgotten; they can be read again. */
export const ORDERS_KEPT = 5_000;

export class AccountFeed {
  readonly orders = new Cell<ReadonlyMap<string, Order>>(new Map());
  readonly fills = new Cell<readonly Fill[]>([]);
  readonly balances = new Cell<ReadonlyMap<string, Balance>>(new Map());
  readonly positions = new Cell<ReadonlyMap<string, Position>>(new Map());
  /** Cursor of the next older page of orders; null when there is none. */
  readonly olderOrders = new Cell<string | null>(null);

  constructor(readonly account: string) {}

  follow(stream: Stream): () => void {
    const account = this.account;
    if (account === "") return () => undefined;
    const ends = [
      stream.subscribe({ channel: "orders", account }, ({ type, data }) => {
        if (type === "snapshot") this.restart(data as Order[]);
        else this.mergeOrders([data as Order]);
      }),
      stream.subscribe({ channel: "fills", account }, ({ data }) => this.mergeFills([data].flat() as Fill[])),
      stream.subscribe({ channel: "balances", account }, ({ type, data }) =>
        merge(this.balances, type, data as Balance[], (balance) => balance.asset),
      ),
      stream.subscribe({ channel: "positions", account }, ({ type, data }) =>
        merge(this.positions, type, [data].flat() as Position[], (position) => position.instrument),
      ),
    ];
    return () => ends.forEach((end) => end());
  }

  mergeOrders(orders: readonly Order[]): void {
    const known = new Map(this.orders.get());
    for (const order of orders) {
      const before = known.get(order.id);
      if (!before || before.updated_at <= order.updated_at) known.set(order.id, order);
    }
    this.orders.set(known.size > ORDERS_KEPT ? withoutOldest(known) : known);
  }

  async readOlderOrders(): Promise<void> {
    const cursor = this.olderOrders.get();
    if (cursor !== null) await this.readOrders(cursor);
  }

  /** A snapshot lists what is open now; what happened in between comes by REST. */
  private restart(open: Order[]): void {
    const live = new Set(open.map((order) => order.id));
    const ended = [...this.orders.get().values()].filter((order) => live.has(order.id) || !isOpen(order));
    this.orders.set(new Map(ended.map((order) => [order.id, order])));
    this.mergeOrders(open);
    this.readOrders(null).catch(() => undefined);
  }

  private async readOrders(cursor: string | null): Promise<void> {
    const query = { status: "all", limit: PAGE, account: this.account, cursor };
    const page = await readPage<Order>("/v1/orders", query);
    this.mergeOrders(page.data);
    this.olderOrders.set(page.next);
  }

  private mergeFills(fills: readonly Fill[]): void {
    const known = new Map(this.fills.get().map((fill) => [fill.id, fill]));
    for (const fill of fills) known.set(fill.id, fill);
    const sorted = [...known.values()].sort((left, right) => (left.time < right.time ? 1 : -1));
    this.fills.set(sorted.slice(0, FILLS_KEPT));
  }
}

export function isOpen(order: Order): boolean {
  return order.status === "open" || order.status === "pending_cancel" || order.status === "pending_replace";
}

function withoutOldest(orders: ReadonlyMap<string, Order>): Map<string, Order> {
  const ended = [...orders.values()].filter((order) => !isOpen(order));
  ended.sort((left, right) => (left.created_at < right.created_at ? -1 : 1));
  const forgotten = new Set(ended.slice(0, orders.size - ORDERS_KEPT).map(({ id }) => id));
  return new Map([...orders].filter(([id]) => !forgotten.has(id)));
}

function merge<T>(
  cell: Cell<ReadonlyMap<string, T>>,
  type: "snapshot" | "delta",
  rows: T[],
  key: (row: T) => string,
): void {
  const next = type === "snapshot" ? new Map<string, T>() : new Map(cell.get());
  for (const row of rows) next.set(key(row), row);
  cell.set(next);
}
