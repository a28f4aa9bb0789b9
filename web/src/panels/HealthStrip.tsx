/** One line about the machine behind the desk, in plain words. */
import { type ReactNode, useEffect, useState } from "react";
import { useCell } from "../stores/cell";
import { shortHash } from "../stores/text";
import type { LinkState } from "../wire/stream";
import type { Health } from "../wire/types";
import { useDesk } from "./context";

export function HealthStrip(): ReactNode {
  const desk = useDesk();
  const health = useCell(desk.health);
  const instrument = useCell(desk.instrument);
  const link = useLink();
  const trouble = troubleOf(link, health);
  return (
    <footer className="health" aria-label="Health">
      <span className={link.link === "live" ? "good" : "bad"}>
        <i className="dot" />
        {link.link === "live" ? "Live" : link.link === "lost" ? "Link lost, reconnecting" : "Connecting"}
      </span>
      <Item name="Latency" wide>
        {link.latency_ms === null ? "–" : `${link.latency_ms.toFixed(link.latency_ms < 10 ? 1 : 0)} ms`}
      </Item>
      <Item name="Sequence">{health ? health.sequence.toLocaleString("en") : "–"}</Item>
      <Item name="Durable">{health ? health.durable.toLocaleString("en") : "–"}</Item>
      <Item name="Head">
        <code title={health?.head}>{shortHash(health?.head, 10)}</code>
      </Item>
      <Item name="Records/s" wide>
        {health?.rate ?? "–"}
      </Item>
      <Item name="Market" wide>
        {instrument.label ?? health?.mode ?? "–"}
      </Item>
      <span role="status" className={trouble ? "trouble bad" : "trouble"}>
        {trouble ?? (health ? "Journal: every acknowledged record is written" : "")}
      </span>
    </footer>
  );
}

function Item({ name, wide, children }: { name: string; wide?: boolean; children: ReactNode }): ReactNode {
  return (
    <span className={wide ? "item wide" : "item"}>
      <span className="quiet">{name}</span> <span className="figure">{children}</span>
    </span>
  );
}

function useLink(): LinkState {
  const { stream } = useDesk();
  const [state, setState] = useState(stream.state);
  useEffect(() => stream.watch(() => setState(stream.state)), [stream]);
  return state;
}

/** What a dealer must know now; null when all is well. */
function troubleOf(link: LinkState, health: Health | null): string | null {
  if (link.link === "lost") return `Figures stand still: the link to the server is down (${link.detail}).`;
  if (!health || health.status === "ok") return null;
  const why = health.reason ? ` (${health.reason})` : "";
  return `The journal cannot be written${why}. No order is acknowledged until it can; nothing acknowledged is lost.`;
}
