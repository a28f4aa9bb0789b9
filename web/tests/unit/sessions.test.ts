import { describe, expect, it, vi } from "vitest";
import { Sessions } from "../../src/stores/sessions";
import type { Kill, Maker, MarketSession } from "../../src/wire/types";

vi.stubGlobal("requestAnimationFrame", () => 0);

const MARKET = { instrument: "BTC-USD", halted: false } as MarketSession;
const MAKER = { account: "acc-20", instrument: "BTC-USD" } as Maker;

describe("what the stream tells of sessions", () => {
  it("is the whole first, then markets one by one, makers and kills as a list", () => {
    const sessions = new Sessions();
    const other = { ...MARKET, instrument: "ETH-USD" };
    sessions.take("snapshot", { markets: [MARKET, other], makers: [MAKER], kills: [] });
    sessions.take("delta", { markets: [{ ...MARKET, halted: true }], kills: [{ scope: "everything" } as Kill] });
    expect(sessions.markets.get().get("BTC-USD")?.halted).toBe(true);
    expect(sessions.markets.get().get("ETH-USD")).toBe(other);
    expect(sessions.makers.get()).toEqual([MAKER]);
    expect(sessions.kills.get()).toHaveLength(1);
    sessions.take("delta", { kills: [] });
    expect(sessions.kills.get()).toEqual([]);
    sessions.take("snapshot", { markets: [other], makers: [] });
    expect([...sessions.markets.get().keys()]).toEqual(["ETH-USD"]);
  });
});
