import type { ReactNode } from "react";
import { standing } from "../marketWords";
import type { MarketSession } from "../wire/types";

/** How a market stands, by mark, word and colour. */
export function StateMark({ session }: { session: MarketSession }): ReactNode {
  const { text, tone } = standing(session);
  const mark = tone === "bad" ? "✕" : tone === "warn" ? "◆" : "●";
  return (
    <span className={tone || "good"} title={text}>
      {mark} {text}
    </span>
  );
}
