/** The order ticket: always in sight, filled by keyboard, ladder or hand, reviewed before it is sent. */
import { type FormEvent, type KeyboardEvent, type ReactNode, useEffect, useRef } from "react";
import { formatGrouped, formatPlain, parseDecimal, trimmed } from "../decimal";
import { useCell } from "../stores/cell";
import { amount } from "../stores/text";
import { affordable, type Form, isWorked, stepped } from "../ticket";
import { PRICED, TIF_NAMES, tifsOf, TYPE_NAMES, typesOf } from "../terms";
import type { Instrument, OrderType, TimeInForce } from "../wire/types";
import { Choice } from "./Choice";
import { useBook, useDesk } from "./context";
import { CostEstimate } from "./CostEstimate";
import { MarketFacts } from "./MarketFacts";
import { NumberField } from "./NumberField";
import { Outcome } from "./Outcome";
import { NeededTerms, SpecialTerms } from "./SpecialTerms";
import { TouchQuotes } from "./TouchQuotes";
import { useSurroundings } from "./useSurroundings";
import { type Ticket as TicketState, useTicket } from "./useTicket";
import { WorkFields } from "./WorkFields";

/** Those that most orders are; the others stand in a list. */
const COMMON_TYPES: readonly OrderType[] = ["limit", "market"];
const COMMON_TIFS: readonly TimeInForce[] = ["gtc", "day", "ioc", "fok"];
const PRESETS = [10, 25, 50, 100] as const;

export function Ticket(): ReactNode {
  const desk = useDesk();
  const instrument = useCell(desk.instrument);
  const book = useBook();
  const ticket = useTicket(desk, book);
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
          {...parted(typesOf(book), COMMON_TYPES, TYPE_NAMES)}
          onChoose={(type) => set({ type })}
        />
        <NeededTerms ticket={ticket} instrument={instrument} />
        <PriceField ticket={ticket} instrument={instrument} />
        <QuantityField ticket={ticket} instrument={instrument} />
        <Choice
          label="Time in force"
          name="tif"
          value={form.tif}
          {...parted(tifsOf(form.type), COMMON_TIFS, TIF_NAMES)}
          onChoose={(tif) => set({ tif })}
        />
        <WorkFields ticket={ticket} />
        {!isWorked(form) && <SpecialTerms ticket={ticket} instrument={instrument} />}
        <Extras ticket={ticket} instrument={instrument} />
        <CostEstimate form={form} />
        <SendButton ticket={ticket} instrument={instrument} mayTrade={desk.mayTrade} button={send} />
        <Outcome ticket={ticket} />
        <MarketFacts />
      </form>
    </section>
  );
}

/** The names of those that are allowed: the common ones apart from the others. */
function parted<T extends string>(
  allowed: readonly T[],
  common: readonly T[],
  names: Record<T, string>,
): { choices: (readonly [T, string])[]; more: (readonly [T, string])[] } {
  const named = (wanted: readonly T[]): (readonly [T, string])[] => wanted.map((one) => [one, names[one]] as const);
  const chosen = allowed.filter((one) => common.includes(one));
  if (chosen.length === 0) return { choices: named(allowed), more: [] };
  return { choices: named(chosen), more: named(allowed.filter((one) => !common.includes(one))) };
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

function PriceField({ ticket, instrument }: { ticket: TicketState; instrument: Instrument }): ReactNode {
  const { form, errors, set } = ticket;
  const desk = useDesk();
  const market = useCell(desk.markets.rows).get(instrument.instrument);
  const field = useRef<HTMLInputElement>(null);
  useFocusDraft(field, "price");
  const start = market?.last ?? instrument.last_price;
  const none = PRICED[form.type] === "none";
  const optional = PRICED[form.type] === "optional";
  return (
    <NumberField
      id="price"
      field={field}
      label={`${optional ? "Limit" : "Price"}, ${instrument.quote}`}
      hint={`tick ${instrument.tick_size}`}
      value={none ? "" : form.price}
      placeholder={none ? "at market" : optional ? "no limit" : ""}
      disabled={none}
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
      PRICED[form.type] === "needed" && form.price === "" ? { price: bestOpposite(around.opposite, instrument) } : {};
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

function Extras({ ticket, instrument }: { ticket: TicketState; instrument: Instrument }): ReactNode {
  const { form, errors, set } = ticket;
  const told = ["type", "time_in_force", "venue", "instrument", "account", ...FLAG_FIELDS] as const;
  const error = told.map((field) => errors[field]).find((text) => text !== undefined);
  const special = form.type !== "limit" && form.type !== "market";
  const worked = isWorked(form);
  return (
    <div className="extras">
      <label className="venue">
        <span className="quiet">Venue</span>
        <select
          value={special || worked ? "" : (form.venue ?? "")}
          disabled={special || worked}
          onChange={(event) => set({ venue: event.target.value || null })}
        >
          <option value="">{worked ? "all of them" : special ? "house book" : "best price"}</option>
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

/** Fields without an error line of their own. */
const FLAG_FIELDS = ["post_only", "hidden", "all_or_none", "reduce_only", "short", "trigger", "peg"] as const;

function sentence(form: Form, instrument: Instrument): string {
  const quantity = parseDecimal(form.quantity);
  const shown = quantity ? formatGrouped(trimmed(quantity)) : "…";
  const by = isWorked(form) ? `, worked by ${form.path === "auto" ? "the tree's choice" : form.path}` : "";
  return `${form.side === "buy" ? "Buy" : "Sell"} ${shown} ${instrument.base} ${manner(form)}${by}`;
}

function manner({ type, price, terms }: Form): string {
  const figure = (text: string): string => (text === "" ? "…" : amount(text));
  switch (type) {
    case "market":
      return "at market";
    case "market_to_limit":
      return "at market, the rest stays";
    case "stop":
      return `once at ${figure(terms.stop)}`;
    case "stop_limit":
      return `at ${figure(price)} once at ${figure(terms.stop)}`;
    case "trailing_stop":
      return `trailing by ${figure(terms.offset)}`;
    case "peg":
      return `pegged to ${terms.peg === "mid" ? "the middle" : terms.peg === "primary" ? "its side" : "the other side"}`;
    case "request":
      return "on request";
    default:
      return `at ${figure(price)}`;
  }
}
