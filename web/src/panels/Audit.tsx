/** The audit trail: orders searched and proven, the witnesses of its heads, and the ceremonies of its keys. */
import { type KeyboardEvent, type ReactNode, useCallback, useState } from "react";
import { groupStanding, standing } from "../auditWords";
import { type PanelCall, usePanelCall } from "../shortcuts";
import { clock, shortHash } from "../stores/text";
import type { AuditStatus } from "../wire/auditTypes";
import { readAuditStatus } from "../wire/rest";
import { AuditCeremonies } from "./AuditCeremonies";
import { AuditSearch } from "./AuditSearch";
import { AuditWitnesses } from "./AuditWitnesses";
import { useAsked } from "./useAsked";

const TABS = [
  ["search", "Orders"],
  ["witnesses", "Witnesses"],
  ["ceremonies", "Ceremonies"],
] as const;
type AuditTab = (typeof TABS)[number][0];

export function Audit(): ReactNode {
  const [tab, setTab] = useState<AuditTab>("search");
  const status = useAsked(readAuditStatus, "status");
  const called = useCallback((call: PanelCall) => {
    const wished = call.panel === "blotter" ? TABS[call.tab] : undefined;
    if (wished) setTab(wished[0]);
  }, []);
  usePanelCall(called);
  return (
    <main className="panels audit-page">
      <section className="panel audit-status" aria-label="State of the trail">
        <header className="panel-head">
          <div className="tabs" role="tablist" aria-label="Audit" onKeyDown={(event) => arrows(event, tab, setTab)}>
            {TABS.map(([name, title]) => (
              <button
                key={name}
                type="button"
                role="tab"
                id={`audit-${name}`}
                aria-selected={name === tab}
                aria-controls="audit-body"
                tabIndex={name === tab ? 0 : -1}
                onClick={() => setTab(name)}
              >
                {title}
              </button>
            ))}
          </div>
          <Status status={status.value} refused={status.refused} />
        </header>
      </section>
      <div className="audit-body" id="audit-body" role="tabpanel" aria-labelledby={`audit-${tab}`}>
        {tab === "search" && <AuditSearch />}
        {tab === "witnesses" && <AuditWitnesses />}
        {tab === "ceremonies" && <AuditCeremonies />}
      </div>
    </main>
  );
}

function Status({ status, refused }: { status: AuditStatus | null; refused: string | null }): ReactNode {
  if (status === null)
    return (
      <span role="status" className={refused === null ? "quiet" : "warn"}>
        {refused === null ? "Reading…" : `◆ The state of the trail is not told here: ${refused}`}
      </span>
    );
  const { tone, text } = standing(status);
  const group = status.threshold && groupStanding(status.threshold);
  return (
    <>
      <span role="status" className={tone} data-trail={tone}>
        {text}
      </span>
      {group && (
        <span className={group.tone} data-group={group.tone}>
          {group.text}
        </span>
      )}
      <span className="audit-logs">
        {status.logs.map(({ log, origin, size, root, time }) => (
          <span key={log} title={`${origin}: root ${root}, signed ${time}`}>
            <span className="quiet">{log}</span> {size.toLocaleString("en")} <code>{shortHash(root)}</code>{" "}
            <span className="quiet">{clock(time, 0)}</span>
          </span>
        ))}
      </span>
      <a className="link" href="/verifier.html" target="_blank" rel="noreferrer">
        Verifier
      </a>
    </>
  );
}

function arrows(event: KeyboardEvent, tab: AuditTab, choose: (tab: AuditTab) => void): void {
  const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
  const at = TABS.findIndex(([name]) => name === tab);
  const next = TABS[(at + step + TABS.length) % TABS.length];
  if (step === 0 || !next) return;
  event.preventDefault();
  choose(next[0]);
  document.getElementById(`audit-${next[0]}`)?.focus();
}
