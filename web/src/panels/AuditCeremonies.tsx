/** The keys that no one holds alone, who holds their shares, and each ceremony with its steps. */
import type { ReactNode } from "react";
import { attestedBy, ceremonyTone, plural, stepRuns } from "../auditWords";
import { clock, words } from "../stores/text";
import type { Ceremony, CeremonyKey } from "../wire/auditTypes";
import { readCeremonies } from "../wire/rest";
import { useAsked } from "./useAsked";

/** What a holder did; every other word is the name of a refusal. */
const STEP_TONES: Record<string, string> = { approved: "good", done: "good", waiting: "warn", silent: "warn" };
const MARKS = { good: "●", warn: "◆", bad: "✕" } as const;

export function AuditCeremonies(): ReactNode {
  const { value, refused } = useAsked(readCeremonies, "ceremonies");
  const waiting = refused ?? (value === null ? "Reading…" : null);
  return (
    <div className="audit-board even">
      <section className="panel" aria-label="Keys">
        <header className="panel-head">
          <h2>Keys</h2>
          <span className="quiet">shares of each lie with its holders; no key is whole anywhere</span>
        </header>
        <ul className="audit-keys">
          {value?.keys.map((key) => (
            <Key key={key.key} held={key} />
          ))}
        </ul>
        {waiting !== null && <p className="empty">{waiting}</p>}
        {value?.keys.length === 0 && <p className="empty">No key is shared among holders yet: isthmus keys create.</p>}
      </section>
      <section className="panel" aria-label="Ceremonies">
        <header className="panel-head">
          <h2>Ceremonies</h2>
          {value && <span className="quiet">{plural(value.ceremonies.length, "ceremony").replace("ys", "ies")}</span>}
        </header>
        <ul className="audit-ceremonies">
          {value?.ceremonies.map((one) => (
            <Steps key={one.ceremony} ceremony={one} />
          ))}
        </ul>
        {waiting !== null && <p className="empty">{waiting}</p>}
        {value?.ceremonies.length === 0 && <p className="empty">There was no ceremony yet.</p>}
      </section>
    </div>
  );
}

function Key({ held }: { held: CeremonyKey }): ReactNode {
  const present = held.holders.filter(({ state }) => state === "present").length;
  const enough = present >= held.threshold;
  return (
    <li data-key={held.key}>
      <h3>
        {held.key} <span className="quiet">{held.use === held.key ? "" : words(held.use)}</span>{" "}
        <span className={enough ? "good" : "bad"}>
          {enough ? "●" : "✕"} {present} of {held.of} present, {held.threshold} needed
        </span>
      </h3>
      <p>
        <span className="quiet">{held.suite}</span> <code>{held.public_key}</code>
      </p>
      {held.address !== null && (
        <p>
          <span className="quiet">address</span> <code>{held.address}</code>
        </p>
      )}
      <ul className="audit-holders">
        {held.holders.map(({ holder, state }) => (
          <li key={holder} className={state === "present" ? "good" : state === "silent" ? "warn" : "bad"}>
            holder {holder} <span className="quiet">{words(state)}</span>
          </li>
        ))}
      </ul>
    </li>
  );
}

function Steps({ ceremony }: { ceremony: Ceremony }): ReactNode {
  const { kind, key, what, opened, state, needed, steps, reason, sequence, attested } = ceremony;
  const tone = ceremonyTone(ceremony);
  return (
    <li data-ceremony={state}>
      <h3>
        <span className={tone}>
          {MARKS[tone]} {words(kind)} {words(state)}
        </span>{" "}
        {what}
      </h3>
      <p className="quiet">
        {key}, opened {opened.slice(0, 10)} {clock(opened, 0)} UTC, {plural(needed, "holder")} needed, entry {sequence}{" "}
        of the log of ceremonies
      </p>
      <p className={attested.length > 0 ? "quiet" : "warn"} data-attested={attested.join(" ")}>
        {attestedBy(attested)}
      </p>
      {reason !== null && <p className={tone === "bad" ? "bad" : "warn"}>{words(reason)}</p>}
      <ol>
        {stepRuns(steps).map(({ time, verdict, holders, attested: own }, at) => (
          <li key={at} title={own ? "as these holders signed it" : "as the coordinator tells it"}>
            <span className="quiet">{clock(time, 0)}</span> {holders.length > 1 ? "holders" : "holder"}{" "}
            {holders.join(", ")} <b className={STEP_TONES[verdict] ?? "bad"}>{words(verdict)}</b>
            {!own && <span className="quiet"> as told</span>}
          </li>
        ))}
      </ol>
    </li>
  );
}
