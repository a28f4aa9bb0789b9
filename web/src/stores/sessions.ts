/** Trading states, auctions, limit states, market makers and kills of all markets, as the stream tells them. */
import type { Stream } from "../wire/stream";
import type { Kill, Maker, MarketSession } from "../wire/types";
import { Cell } from "./cell";

/** A snapshot has all of it; a delta the markets that changed, and all makers or kills when one of them did. */
export interface SessionsTold {
  markets?: MarketSession[];
  makers?: Maker[];
  /** Told to operators and auditors only. */
  kills?: Kill[];
}

export class Sessions {
  readonly markets = new Cell<ReadonlyMap<string, MarketSession>>(new Map());
  readonly makers = new Cell<readonly Maker[]>([]);
  readonly kills = new Cell<readonly Kill[]>([]);

  follow(stream: Stream): () => void {
    return stream.subscribe({ channel: "sessions" }, ({ type, data }) => this.take(type, data as SessionsTold));
  }

  take(type: "snapshot" | "delta", { markets, makers, kills }: SessionsTold): void {
    if (markets) {
      const rows = new Map(type === "snapshot" ? [] : this.markets.get());
      for (const row of markets) rows.set(row.instrument, row);
      this.markets.set(rows);
    }
    if (makers) this.makers.set(makers);
    if (kills) this.kills.set(kills);
  }
}
