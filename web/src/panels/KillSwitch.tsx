/** The kill switch: what is killed, who agreed to end it, and the form that kills. */
import { type ReactNode, useState } from "react";
import { scopeBody, scopeWords } from "../marketWords";
import { useCell } from "../stores/cell";
import { clock, money } from "../stores/text";
import { operate, Refusal } from "../wire/rest";
import type { Kill, Problem } from "../wire/types";
import { useDesk } from "./context";
import { KillForm } from "./KillForm";
import { RecordLink } from "./RecordLink";
import { textOf } from "./useTicket";

export function KillSwitch(): ReactNode {
  const desk = useDesk();
  const kills = useCell(desk.sessions.kills);
  return (
    <main className="panels kill-page">
      <section className="panel standing" aria-label="Standing kills">
        <header className="panel-head">
          <h2>Standing kills</h2>
          <span className={kills.length === 0 ? "good" : "bad"}>
            {kills.length === 0 ? "● Nothing is killed" : `✕ ${kills.length} in force`}
          </span>
        </header>
        <ul className="kill-list">
          {kills.map((kill) => (
            <StandingKill key={`${kill.scope} ${kill.of}`} kill={kill} />
          ))}
        </ul>
        {kills.length === 0 && (
          <p className="empty">
            A kill purges every resting order in its scope at once and refuses new ones until two operators re-arm it.
            Cancels always pass.
          </p>
        )}
      </section>
      <section className="panel kill-form" aria-label="Kill">
        <header className="panel-head">
          <h2>Kill</h2>
        </header>
        {desk.isOperator ? <KillForm /> : <p className="empty">You may look; an operator kills and re-arms.</p>}
      </section>
    </main>
  );
}

function StandingKill({ kill }: { kill: Kill }): ReactNode {
  const desk = useDesk();
  return (
    <li>
      <h3>
        <span className="bad">✕</span> {scopeWords(kill)}
      </h3>
      <dl className="fields">
        <Fact name="Since (UTC)">{`${kill.since.slice(0, 10)} ${clock(kill.since, 3)}`}</Fact>
        <Fact name="By">{nameOf(kill.user, kill.user_name)}</Fact>
        <Fact name="Orders purged">
          <b data-purged>{kill.orders.toLocaleString("en")}</b> <RecordLink record={kill.record} />
        </Fact>
        <Fact name="Released">
          {kill.released.length === 0
            ? "nothing was held"
            : kill.released.map(({ asset, amount }) => `${money(amount)} ${asset}`).join(", ")}
        </Fact>
        <Fact name="Digest">
          <code title="SHA-256 over (order, lots left) of each purged order, by order">{kill.digest}</code>
        </Fact>
        <Fact name="Re-arm">
          {kill.agreed === null ? (
            <span className="quiet">two operators must agree</span>
          ) : (
            <span className="warn">
              ◆ {nameOf(kill.agreed, kill.agreed_name)} agreed; another operator must agree too
            </span>
          )}
        </Fact>
      </dl>
      {desk.isOperator && <Rearm kill={kill} />}
    </li>
  );
}

function nameOf(user: number, name: string | null): string {
  return name === null ? `user ${user}` : name;
}

function Fact({ name, children }: { name: string; children: ReactNode }): ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** One agreement. The server refuses the second one of the same operator. */
function Rearm({ kill }: { kill: Kill }): ReactNode {
  const [sure, setSure] = useState(false);
  const [refused, setRefused] = useState<Problem | null>(null);
  const agree = async (): Promise<void> => {
    setSure(false);
    try {
      await operate("rearm", scopeBody(kill));
      setRefused(null);
    } catch (fault) {
      if (!(fault instanceof Refusal)) throw fault;
      setRefused(fault.problem);
    }
  };
  return (
    <div className="rearm">
      {sure ? (
        <>
          <button type="button" className="small strong" autoFocus onClick={() => void agree()}>
            Yes, I agree to end it
          </button>
          <button type="button" className="small" onClick={() => setSure(false)}>
            Back
          </button>
        </>
      ) : (
        <button type="button" className="small" onClick={() => setSure(true)}>
          Agree to re-arm {scopeWords(kill)}…
        </button>
      )}
      {refused && (
        <p className="bad" role="alert">
          ✕{" "}
          {refused.reason === "same_operator"
            ? "You agreed already: the second agreement must be another operator's."
            : textOf(refused)}
        </p>
      )}
    </div>
  );
}
