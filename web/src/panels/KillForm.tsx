/** The form that kills: scope, target, and the scope's name typed by hand before anything is sent. */
import { type FormEvent, type ReactNode, useState } from "react";
import { scopeBody, scopeName, scopeWords } from "../marketWords";
import { useCell } from "../stores/cell";
import { words } from "../stores/text";
import { operate, Refusal } from "../wire/rest";
import type { KillScope } from "../wire/types";
import { useDesk } from "./context";
import { textOf } from "./useTicket";

const SCOPES: readonly (readonly [KillScope, string])[] = [
  ["everything", "Everything"],
  ["account", "Account"],
  ["group", "Group"],
  ["firm", "Firm"],
  ["session", "Session"],
  ["instrument", "Market"],
  ["venue", "Venue"],
];

export function KillForm(): ReactNode {
  const [scope, setScope] = useState<KillScope>("account");
  const [of, setOf] = useState("");
  const [typed, setTyped] = useState("");
  const [answer, setAnswer] = useState<{ good: boolean; text: string } | null>(null);
  const target = scope === "everything" ? null : of.trim();
  const name = scopeName(scope, target);
  const ready = name.trim() !== "" && target !== "" && typed.trim() === name;
  const kill = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!ready) return;
    setTyped("");
    try {
      await operate("kill", scopeBody({ scope, of: target }));
      setAnswer({ good: true, text: `✓ Killed: ${scopeWords({ scope, of: target })}. What was purged stands beside.` });
    } catch (fault) {
      if (!(fault instanceof Refusal)) throw fault;
      setAnswer({ good: false, text: `✕ ${textOf(fault.problem)}` });
    }
  };
  const choose = (next: KillScope): void => {
    setScope(next);
    setOf("");
    setTyped("");
    setAnswer(null);
  };
  return (
    <form className="kill" onSubmit={(event) => void kill(event)} noValidate>
      <label>
        <span>Scope</span>
        <select value={scope} onChange={(event) => choose(event.target.value as KillScope)}>
          {SCOPES.map(([one, text]) => (
            <option key={one} value={one}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <Target scope={scope} of={of} onChoose={setOf} />
      <p className="quiet">{consequence(scope)}</p>
      <label>
        <span>
          Type <b>{target === "" ? "…" : name}</b> to confirm
        </span>
        <input
          aria-label="Type the scope's name to confirm"
          autoComplete="off"
          value={typed}
          disabled={target === ""}
          onChange={(event) => setTyped(event.target.value)}
        />
      </label>
      <button type="submit" className="danger" disabled={!ready}>
        Kill {target === "" ? "…" : scopeWords({ scope, of: target })}
      </button>
      <p role="status" className={answer?.good === false ? "bad" : "good"}>
        {answer?.text}
      </p>
    </form>
  );
}

function consequence(scope: KillScope): string {
  const where =
    scope === "venue" ? "Every order at the venue is asked back" : "Every resting order in the scope goes at once";
  return `${where}; new orders and changes are refused at every gateway until two operators re-arm. Cancels pass.`;
}

interface TargetProps {
  scope: KillScope;
  of: string;
  onChoose: (of: string) => void;
}

function Target({ scope, of, onChoose }: TargetProps): ReactNode {
  const desk = useDesk();
  const instruments = useCell(desk.instruments);
  if (scope === "everything") return null;
  const listed: Partial<Record<KillScope, readonly string[]>> = {
    account: desk.session.accounts,
    instrument: instruments.map(({ instrument }) => instrument),
    venue: [...new Set(instruments.flatMap(({ venues }) => venues))].filter((venue) => venue !== "house"),
  };
  const choices = listed[scope];
  const label = scope === "instrument" ? "Market" : words(scope).replace(/^./, (first) => first.toUpperCase());
  return (
    <label>
      <span>{label}</span>
      <input
        list={choices ? "kill-targets" : undefined}
        inputMode={choices ? "text" : "numeric"}
        autoComplete="off"
        aria-label={`Target: ${label.toLowerCase()}`}
        placeholder={choices ? (choices[0] ?? "") : "a number"}
        value={of}
        onChange={(event) => onChoose(event.target.value)}
      />
      {choices && (
        <datalist id="kill-targets">
          {choices.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      )}
    </label>
  );
}
