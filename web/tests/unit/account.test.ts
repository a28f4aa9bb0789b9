import { beforeEach, describe, expect, it, vi } from "vitest";
import { AccountFeed, ORDERS_KEPT } from "../../src/stores/account";
import type { Order } from "../../src/wire/types";

beforeEach(() => vi.stubGlobal("requestAnimationFrame", () => 0));

function order(number: number, part: Partial<Order> = {}): Order {
  const time = `2026-11-23T10:00:00.${String(number).padStart(9, "0")}Z`;
  return { id: `ord-${number}`, status: "filled", created_at: time, updated_at: time, ...part } as Order;
}

describe("the orders of an account", () => {
  it("keep the newer of two reports, in whatever order they come", () => {
    const feed = new AccountFeed("acc-16");
    const late = order(1, { status: "filled", updated_at: "2026-11-23T10:00:02Z" });
    const early = order(1, { status: "open", updated_at: "2026-11-23T10:00:01Z" });
    feed.mergeOrders([late]);
    feed.mergeOrders([early]);
    expect(feed.orders.get().get("ord-1")?.status).toBe("filled");
  });

  it("forget the oldest that have ended, and never one that is open", () => {
    const feed = new AccountFeed("acc-16");
    feed.mergeOrders([order(1, { status: "open" })]);
    feed.mergeOrders(Array.from({ length: ORDERS_KEPT + 9 }, (_, at) => order(at + 2)));
    const kept = feed.orders.get();
    expect(kept.size).toBe(ORDERS_KEPT);
    expect(kept.has("ord-1")).toBe(true);
    expect(kept.has("ord-2")).toBe(false);
    expect(kept.has(`ord-${ORDERS_KEPT + 10}`)).toBe(true);
  });
});
