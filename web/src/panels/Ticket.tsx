/** The order ticket: always in sight, filled by keyboard, ladder or hand, reviewed before it is sent. */
import { type FormEvent, type KeyboardEvent, type ReactNode, useEffect, useRef } from "react";
import { formatGrouped, formatPlain, parseDecimal, trimmed } from "../decimal";
import { useCell } from "../stores/cell";
import { amount } from "../stores/text";
import { affordable, type Form, stepped } from "../ticket";
import type { Instrument, TimeInForce } from "../wire/types";
import { useDesk } from "./context";
import { CostEstimate } from "./CostEstimate";
import { MarketFacts } from "./MarketFacts";
import { Outcome } from "./Outcome";
import { TouchQuotes } from "./TouchQuotes";
import { useSurroundings } from "./useSurroundings";
import { type Ticket as TicketState, useTicket } from "./useTicket";

const TIFS: readonly (readonly [TimeInForce, string])[] = [
  ["gtc", "GTC"],
  ["day", "Day"],
  ["ioc", "IOC"],
  ["fok", "FOK"],
];
const PRESETS = [10, 25, 50, 100] as const;

export function Ticket(): ReactNode {
  const desk = useDesk();
  const instrument = useCell(desk.instrument);
  const ticket = useTicket(desk);
  const { form, set } = ticket;
  const send = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (ticket.reviewing) send.current?.focus();
  }, [ticket.reviewing]);

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    ticket.submit();
  };
  const escape = (event: KeyboardEvent): void => {
    if (event.key !== "Escape") return;
    if (ticket.reviewing) ticket.back();
    else (document.activeElement as HTMLElement | null)?.blur();
  };
  return (
    <section className="panel ticket" data-side={form.side} id="ticket" aria-label="Order ticket" tabIndex={-1}>
      <header className="panel-head">
        <h2>Order</h2>
        <MarketChoice instrument={instrument} />
      </header>
      <form onSubmit={submit} onKeyDown={escape} noValidate>
        <TouchQuotes onTake={(price) => desk.fillTicket({ price, focus: "quantity" })} />
        <Choice
          label="Side"
          name="side"
          className="sides"
          value={form.side}
          choices={[
            ["buy", "Buy"],
            ["sell", "Sell"],
          ]}
          onChoose={(side) => set({ side })}
        />
        <Choice
          label="Order type"
          name="type"
          value={form.type}
          choices={[
            ["limit", "Limit"],
            ["market", "Market"],
          ]}
          onChoose={(type) => set({ type })}
        />
        <PriceField ticket={ticket} instrument={instrument} />
        <QuantityField ticket={ticket} instrument={instrument} />
        <Choice label="Time in force" name="tif" value={form.tif} choices={TIFS} onChoose={(tif) => set({ tif })} />
        <Extras ticket={ticket} instrument={instrument} />
        <CostEstimate form={form} />
        <SendButton ticket={ticket} instrument={instrument} mayTrade={desk.mayTrade} button={send} />
        <Outcome ticket={ticket} />
        <MarketFacts />
      </form>
    </section>
  );
}

function MarketChoice({ instrument }: { instrument: Instrument }): ReactNode {
  const desk = useDesk();
  const instruments = useCell(desk.instruments);
  return (
    <select aria-label="Market" value={instrument.instrument} onChange={(event) => desk.select(event.target.value)}>
      {instruments.map((one) => (
        <option key={one.instrument}>{one.instrument}</option>
      ))}
    </select>
  );
}

interface ChoiceProps<T extends string> {
  label: string;
  name: string;
  className?: string;
  value: T;
  choices: readonly (readonly [T, string])[];
  onChoose: (value: T) => void;
}

/** Radio buttons in the shape of segments: arrows move within, Tab moves on. */
function Choice<T extends string>({ label, name, className, value, choices, onChoose }: ChoiceProps<T>): ReactNode {
  return (
    <fieldset className={`segments ${className ?? ""}`}>
      <legend className="hidden">{label}</legend>
      {choices.map(([choice, text]) => (
        <label key={choice} data-choice={choice}>
          <input type="radio" name={name} checked={choice === value} onChange={() => onChoose(choice)} />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  );
}

function PriceField({ ticket, instrument }: { ticket: TicketState; instrument: Instrument }): ReactNode {
  const { form, errors, set } = ticket;
  const desk = useDesk();
  const market = useCell(desk.markets.rows).get(instrument.instrument);
  const field = useRef<HTMLInputElement>(null);
  useFocusDraft(field, "price");
  const start = market?.last ?? instrument.last_price;
  const isMarket = form.type === "market";
  return (
    <NumberField
      id="price"
      field={field}
      label={`Price, ${instrument.quote}`}
      hint={`tick ${instrument.tick_size}`}
      value={isMarket ? "" : form.price}
      placeholder={isMarket ? "at market" : ""}
      disabled={isMarket}
      error={errors.price}
      onChange={(price) => set({ price })}
      onStep={(steps) => set({ price: stepped(form.price, instrument.tick_size, steps, start) })}
    />
  );
}

function QuantityField({ ticket, instrument }: { ticket: TicketState; instrument: Instrument }): ReactNode {
  const { form, errors, set } = ticket;
  const around = useSurroundings(form.side);
  const field = useRef<HTMLInputElement>(null);
  useFocusDraft(field, "quantity");
  const preset = (percent: number): void => {
    const priced =
      form.type === "limit" && form.price === "" ? { price: bestOpposite(around.opposite, instrument) } : {};
    const quantity = affordable({ ...form, ...priced }, percent, around);
    if (quantity !== null) set({ ...priced, quantity });
  };
  return (
    <div>
      <NumberField
        id="quantity"
        field={field}
        label={`Quantity, ${instrument.kind === "linear_perpetual" ? "contracts" : instrument.base}`}
        hint={`lot ${instrument.lot_size}`}
        value={form.quantity}
        placeholder=""
        disabled={false}
        error={errors.quantity}
        onChange={(quantity) => set({ quantity })}
        onStep={(steps) => set({ quantity: stepped(form.quantity, instrument.lot_size, steps, "0") })}
      />
      <div className="presets" role="group" aria-label="Share of the buying power">
        {PRESETS.map((percent) => (
          <button key={percent} type="button" className="small" onClick={() => preset(percent)}>
            {percent === 100 ? "Max" : `${percent} %`}
          </button>
        ))}
      </div>
    </div>
  );
}

function bestOpposite(opposite: readonly (readonly [number, number])[], instrument: Instrument): string {
  const best = opposite[0];
  return best ? formatPlain({ units: BigInt(best[0]), scale: instrument.price_decimals }) : "";
}

/** A shortcut may ask for the cursor in this field. */
function useFocusDraft(field: React.RefObject<HTMLInputElement | null>, name: "price" | "quantity"): void {
  const draft = useCell(useDesk().draft);
  useEffect(() => {
    if (draft.focus !== name) return;
    field.current?.focus();
    field.current?.select();
  }, [draft, field, name]);
}

interface NumberFieldProps {
  id: string;
  field: React.RefObject<HTMLInputElement | null>;
  label: string;
  hint: string;
  value: string;
  placeholder: string;
  disabled: boolean;
  error: string | undefined;
  onChange: (text: string) => void;
  onStep: (steps: number) => void;
}

function NumberField(props: NumberFieldProps): ReactNode {
  const { id, field, label, hint, value, placeholder, disabled, error, onChange, onStep } = props;
  const press = (event: KeyboardEvent): void => {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    onStep((event.key === "ArrowUp" ? 1 : -1) * (event.shiftKey ? 10 : 1));
  };
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <span className="hint">{hint}</span>
      <span className="number">
        <button type="button" tabIndex={-1} disabled={disabled} onClick={() => onStep(-1)} aria-label={`${id} down`}>
          −
        </button>
        <input
          id={id}
          ref={field}
          inputMode="decimal"
          autoComplete="off"
          value={value}
          placeholder={placeholder}
          disabled={disabled}
          aria-invalid={error !== undefined}
          aria-describedby={`${id}-error`}
          onChange={(event) => onChange(event.target.value)}
          onKeyDown={press}
        />
        <button type="button" tabIndex={-1} disabled={disabled} onClick={() => onStep(1)} aria-label={`${id} up`}>
          +
        </button>
      </span>
      <p className="error" id={`${id}-error`} role={error ? "alert" : undefined}>
        {error}
      </p>
    </div>
  );
}

function Extras({ ticket, instrument }: { ticket: TicketState; instrument: Instrument }): ReactNode {
  const { form, errors, set } = ticket;
  const error = errors.post_only ?? errors.time_in_force ?? errors.venue ?? errors.instrument ?? errors.account;
  return (
    <div className="extras">
      <label className="check">
        <input type="checkbox" checked={form.postOnly} onChange={(event) => set({ postOnly: event.target.checked })} />
        Post-only
      </label>
      <label className="venue">
        <span className="quiet">Venue</span>
        <select value={form.venue ?? ""} onChange={(event) => set({ venue: event.target.value || null })}>
          <option value="">best price</option>
          {instrument.venues.map((venue) => (
            <option key={venue}>{venue}</option>
          ))}
        </select>
      </label>
      <p className="error" role={error ? "alert" : undefined}>
        {error}
      </p>
    </div>
  );
}

interface SendProps {
  ticket: TicketState;
  instrument: Instrument;
  mayTrade: boolean;
  button: React.RefObject<HTMLButtonElement | null>;
}

function SendButton({ ticket, instrument, mayTrade, button }: SendProps): ReactNode {
  const { form, reviewing, sending } = ticket;
  const text = sending ? "Sending…" : !mayTrade ? "An auditor cannot trade" : sentence(form, instrument);
  return (
    <div className="send">
      <button ref={button} type="submit" className={reviewing ? "primary armed" : "primary"} disabled={!mayTrade}>
        {reviewing ? `Send: ${text}` : text}
      </button>
      <p className="quiet">
        {reviewing ? (
          <>
            <kbd>Enter</kbd> sends · <kbd>Esc</kbd> goes back
          </>
        ) : (
          <>
            <kbd>b</kbd> buy · <kbd>s</kbd> sell · <kbd>Enter</kbd> review
          </>
        )}
      </p>
    </div>
  );
}

function sentence(form: Form, instrument: Instrument): string {
  const quantity = parseDecimal(form.quantity);
  const shown = quantity ? formatGrouped(trimmed(quantity)) : "…";
  const at = form.type === "market" ? "at market" : `at ${form.price === "" ? "…" : amount(form.price)}`;
  return `${form.side === "buy" ? "Buy" : "Sell"} ${shown} ${instrument.base} ${at}`;
}
