/** The special terms of the ticket: those that the order needs, and those that it may have. Only what goes is shown. */
import { type ReactNode, useState } from "react";
import { useCell } from "../stores/cell";
import { words } from "../stores/text";
import { neededTerms, shownTerms, type TermField, type Terms } from "../terms";
import { type FieldErrors, NAME_OF_TERM, stepped } from "../ticket";
import type { Instrument } from "../wire/types";
import { Choice } from "./Choice";
import { useDesk } from "./context";
import { NumberField } from "./NumberField";
import type { Ticket } from "./useTicket";

interface TermsProps {
  ticket: Ticket;
  instrument: Instrument;
}

const PEGS = [
  ["primary", "Own side"],
  ["mid", "Middle"],
  ["market", "Other side"],
] as const;

/** What the chosen type cannot do without; it stands with price and quantity. */
export function NeededTerms({ ticket, instrument }: TermsProps): ReactNode {
  return neededTerms(ticket.form).map((field) => <Term key={field} {...{ field, ticket, instrument }} needed />);
}

/** What it may have, folded away until it is wanted. */
export function SpecialTerms({ ticket, instrument }: TermsProps): ReactNode {
  const { form, errors } = ticket;
  const [open, setOpen] = useState(false);
  const needed = neededTerms(form);
  const fields = shownTerms(form).filter((field) => !needed.includes(field));
  const set = fields.filter((field) => form.terms[field] !== "" && form.terms[field] !== false && field !== "peg");
  const wrong = fields.some((field) => errors[NAME_OF_TERM[field]] !== undefined);
  if (fields.length === 0) return null;
  return (
    <details className="terms" open={open || wrong} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        Special terms
        <span className="quiet">{set.length === 0 ? "none" : set.map(shortName).join(", ")}</span>
      </summary>
      <div className="term-list">
        {fields.map((field) => (
          <Term key={field} {...{ field, ticket, instrument }} />
        ))}
      </div>
    </details>
  );
}

function shortName(field: TermField): string {
  return words(NAME_OF_TERM[field]).replace(" quantity", "");
}

interface TermProps extends TermsProps {
  field: TermField;
  needed?: boolean;
}

function Term({ field, ticket, instrument }: TermProps): ReactNode {
  const { form, errors, set } = ticket;
  const { terms } = form;
  const change = (part: Partial<Terms>): void => set({ terms: { ...terms, ...part } });
  switch (field) {
    case "stop":
    case "offset":
    case "display":
    case "displayMax":
    case "minimum":
      return <Figure {...{ field, instrument, errors, change }} value={terms[field]} pegged={form.type === "peg"} />;
    case "oneCancels":
    case "parent":
    case "request":
    case "expires":
      return <Text {...{ field, errors, change }} value={terms[field]} />;
    case "peg":
      return (
        <Labelled field={field}>
          <Choice label="Pegged to" name="peg" value={terms.peg} choices={PEGS} onChoose={(peg) => change({ peg })} />
        </Labelled>
      );
    case "trigger":
      return <Pick field={field} value={terms.trigger} choices={TRIGGERS} onPick={(trigger) => change({ trigger })} />;
    case "postOnly":
      return <Pick field={field} value={terms.postOnly} choices={POSTS} onPick={(postOnly) => change({ postOnly })} />;
    default:
      return (
        <label className="check">
          <input
            type="checkbox"
            checked={terms[field]}
            onChange={(event) => change({ [field]: event.target.checked })}
          />
          {LABELS[field]}
        </label>
      );
  }
}

const LABELS: Record<TermField, string> = {
  stop: "Starts at",
  offset: "Distance",
  trigger: "Watches",
  peg: "Pegged to",
  display: "Shows at a time",
  displayMax: "Shows at most",
  minimum: "Fills of at least",
  expires: "Until (UTC)",
  oneCancels: "One cancels the other",
  parent: "After its parent",
  request: "Answers the request",
  postOnly: "Post-only",
  hidden: "Hidden",
  allOrNone: "All or none",
  reduceOnly: "Reduce only",
  short: "Short sale",
};

const TRIGGERS = [
  ["", "the market's rule"],
  ["last", "last trade"],
  ["mark", "mark"],
  ["either", "either"],
] as const;
const POSTS = [
  ["", "no"],
  ["reject", "or not at all"],
  ["slide", "slides back"],
] as const;

function Labelled({ field, children }: { field: TermField; children: ReactNode }): ReactNode {
  return (
    <div className="term">
      <span>{LABELS[field]}</span>
      {children}
    </div>
  );
}

interface PickProps<T extends string> {
  field: TermField;
  value: T;
  choices: readonly (readonly [T, string])[];
  onPick: (value: T) => void;
}

function Pick<T extends string>({ field, value, choices, onPick }: PickProps<T>): ReactNode {
  return (
    <label className="term">
      <span>{LABELS[field]}</span>
      <select value={value} onChange={(event) => onPick(event.target.value as T)}>
        {choices.map(([choice, text]) => (
          <option key={choice} value={choice}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

interface FigureProps {
  field: "stop" | "offset" | "display" | "displayMax" | "minimum";
  instrument: Instrument;
  errors: FieldErrors;
  change: (part: Partial<Terms>) => void;
  value: string;
  pegged: boolean;
}

function Figure({ field, instrument, errors, change, value, pegged }: FigureProps): ReactNode {
  const desk = useDesk();
  const last = useCell(desk.markets.rows).get(instrument.instrument)?.last ?? null;
  const priced = field === "stop" || field === "offset";
  const step = priced ? instrument.tick_size : instrument.lot_size;
  return (
    <NumberField
      id={NAME_OF_TERM[field]}
      label={field === "offset" && pegged ? "Away from it (+ or −)" : LABELS[field]}
      hint={`${priced ? "tick" : "lot"} ${step}`}
      value={value}
      placeholder=""
      error={errors[NAME_OF_TERM[field]]}
      onChange={(text) => change({ [field]: text })}
      onStep={(steps) => change({ [field]: stepped(value, step, steps, field === "stop" ? last : "0") })}
    />
  );
}

interface TextProps {
  field: "oneCancels" | "parent" | "request" | "expires";
  errors: FieldErrors;
  change: (part: Partial<Terms>) => void;
  value: string;
}

function Text({ field, errors, change, value }: TextProps): ReactNode {
  const id = NAME_OF_TERM[field];
  const error = errors[id];
  const dated = field === "expires";
  return (
    <div className="field">
      <label htmlFor={id}>{LABELS[field]}</label>
      <span className="hint">{dated ? "" : "an order's id"}</span>
      <input
        id={id}
        className="number"
        type={dated ? "datetime-local" : "text"}
        step={dated ? 1 : undefined}
        autoComplete="off"
        placeholder={dated ? "" : "ord-…"}
        value={value}
        aria-invalid={error !== undefined}
        aria-describedby={`${id}-error`}
        onChange={(event) => change({ [field]: event.target.value })}
      />
      <p className="error" id={`${id}-error`} role={error ? "alert" : undefined}>
        {error}
      </p>
    </div>
  );
}
