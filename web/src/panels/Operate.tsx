/** The operator's levers. Each is a journalled command; each is asked for twice. */
import { type ReactNode, useState } from "react";
import { useCell } from "../stores/cell";
import { operate, Refusal } from "../wire/rest";
import type { FieldValue } from "../wire/types";
import { useDesk } from "./context";
import { textOf } from "./useTicket";

interface Lever {
  name: string;
  what: string;
  command: string;
  body: Record<string, FieldValue>;
}

export function Operate(): ReactNode {
  const desk = useDesk();
  const { instrument } = useCell(desk.instrument);
  const { account } = useCell(desk.account);
  const [asked, setAsked] = useState<string | null>(null);
  const [answer, setAnswer] = useState<{ good: boolean; text: string } | null>(null);
  const levers = leversOf(instrument, account);
  const pull = async (lever: Lever): Promise<void> => {
    setAsked(null);
    try {
      await operate(lever.command, lever.body);
      setAnswer({ good: true, text: `✓ ${lever.name}: done and journalled.` });
    } catch (fault) {
      if (!(fault instanceof Refusal)) throw fault;
      setAnswer({ good: false, text: `✕ ${lever.name}: ${textOf(fault.problem)}` });
    }
  };
  return (
    <div className="operate">
      <ul>
        {levers.map((lever) => (
          <li key={lever.name}>
            <b>{lever.name}</b>
            <span className="quiet">{lever.what}</span>
            {asked === lever.name ? (
              <span>
                <button type="button" className="small strong" autoFocus onClick={() => void pull(lever)}>
                  Yes, do it
                </button>
                <button type="button" className="small" onClick={() => setAsked(null)}>
                  Back
                </button>
              </span>
            ) : (
              <button type="button" className="small" onClick={() => setAsked(lever.name)}>
                {lever.name}…
              </button>
            )}
          </li>
        ))}
      </ul>
      <p role="status" className={answer?.good === false ? "bad" : "good"}>
        {answer?.text}
      </p>
    </div>
  );
}

function leversOf(instrument: string, account: string): Lever[] {
  const every = { account: null, instrument: null, side: null };
  return [
    {
      name: `Halt ${instrument}`,
      what: "No new orders in this market; cancels stay allowed.",
      command: "halt",
      body: { instrument },
    },
    {
      name: `Resume ${instrument}`,
      what: "Orders in this market are taken again.",
      command: "resume",
      body: { instrument },
    },
    { name: "Halt everything", what: "No new orders anywhere.", command: "halt", body: { instrument: null } },
    { name: "Resume everything", what: "Ends the general halt.", command: "resume", body: { instrument: null } },
    {
      name: `Cancel all of ${account}`,
      what: "Every resting order of this account.",
      command: "cancel_all",
      body: { ...every, account },
    },
    {
      name: `Cancel all in ${instrument}`,
      what: "Every client's and house order in this market.",
      command: "cancel_all",
      body: { ...every, instrument },
    },
  ];
}
