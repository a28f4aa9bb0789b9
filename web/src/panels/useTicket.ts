/** The state of the ticket: the form, its review, the answer. */
import { useCallback, useEffect, useRef, useState } from "react";
import { useCell } from "../stores/cell";
import type { Desk } from "../stores/desk";
import { settings } from "../stores/settings";
import { money, words } from "../stores/text";
import { NO_TERMS, PRICED, tifsOf, typesOf } from "../terms";
import { errorsOf, type Field, type FieldErrors, type Form, NAME_OF_TERM, requestOf } from "../ticket";
import { placeOrder, Refusal } from "../wire/rest";
import type { BookKind, Order, Problem } from "../wire/types";

export type Outcome = { kind: "placed"; order: Order } | { kind: "refused"; problem: Problem } | null;

export interface Ticket {
  form: Form;
  errors: FieldErrors;
  /** Said by no field. */
  general: string | null;
  reviewing: boolean;
  sending: boolean;
  outcome: Outcome;
  set: (part: Partial<Form> | ((before: Form) => Partial<Form>)) => void;
  submit: () => void;
  back: () => void;
}

const EMPTY: Form = {
  side: "buy",
  type: "limit",
  tif: "gtc",
  price: "",
  quantity: "",
  venue: null,
  terms: NO_TERMS,
  path: null,
  minutes: "",
  share: "",
};

const FIELDS: readonly string[] = [
  "price",
  "quantity",
  "type",
  "time_in_force",
  "venue",
  "instrument",
  "account",
  "path",
  "until",
  "max_participation",
  ...Object.values(NAME_OF_TERM),
];

export function useTicket(desk: Desk, book: BookKind): Ticket {
  const [form, setForm] = useState<Form>(EMPTY);
  const [errors, setErrors] = useState<FieldErrors>({});
  const [general, setGeneral] = useState<string | null>(null);
  const [reviewing, setReviewing] = useState(false);
  const [sending, setSending] = useState(false);
  const [outcome, setOutcome] = useState<Outcome>(null);
  const clientId = useRef<string | null>(null);
  const { confirm } = useCell(settings);

  const set: Ticket["set"] = useCallback((part): void => {
    clientId.current = null;
    const made = (before: Form): Partial<Form> => (typeof part === "function" ? part(before) : part);
    setForm((before) => fitting({ ...before, ...made(before) }));
    setErrors((before) => (typeof part === "function" ? {} : without(before, Object.keys(part))));
    setGeneral(null);
    setReviewing(false);
  }, []);

  const refuse = (problem: Problem): void => {
    setOutcome({ kind: "refused", problem });
    if (problem.field === null || !FIELDS.includes(problem.field)) setGeneral(textOf(problem));
    else setErrors({ [problem.field as Field]: briefOf(problem) });
  };

  const send = async (): Promise<void> => {
    // An order whose answer was lost keeps its id: sent again, it gets the first answer and is not placed twice.
    clientId.current ??= `web-${crypto.randomUUID()}`;
    const feed = desk.account.get();
    setSending(true);
    try {
      const request = requestOf(
        form,
        desk.instrument.get(),
        clientId.current,
        desk.session.role === "client" ? "" : feed.account,
        Date.now(),
      );
      const order = await placeOrder(request);
      clientId.current = null;
      feed.mergeOrders([order]);
      setOutcome({ kind: "placed", order });
      setForm((before) => ({ ...before, quantity: "", terms: NO_TERMS }));
    } catch (fault) {
      if (!(fault instanceof Refusal)) throw fault;
      if (fault.problem.status !== 0) clientId.current = null;
      refuse(fault.problem);
    } finally {
      setSending(false);
      setReviewing(false);
    }
  };

  const submit = (): void => {
    if (sending) return;
    const found = errorsOf(form, desk.instrument.get());
    setErrors(found);
    setGeneral(null);
    if (Object.keys(found).length > 0) return;
    if (confirm && !reviewing) setReviewing(true);
    else void send();
  };

  useDrafts(desk, set);
  useFreshMarket(desk, set, setOutcome);
  useBookKind(book, set);
  return { form, errors, general, reviewing, sending, outcome, set, submit, back: () => setReviewing(false) };
}

/** Takes what a click on the ladder or a shortcut hands over. */
function useDrafts(desk: Desk, set: Ticket["set"]): void {
  const draft = useCell(desk.draft);
  useEffect(() => {
    const { price, side, quantity, request } = draft;
    const part: Partial<Form> = {};
    if (side !== undefined) part.side = side;
    if (quantity !== undefined) part.quantity = quantity;
    if (request !== undefined) Object.assign(part, { type: "response", terms: { ...NO_TERMS, request } });
    if (price !== undefined) set((before) => ({ ...part, ...priced(before, price) }));
    else if (Object.keys(part).length > 0) set(part);
  }, [draft, set]);
}

/** Another market starts with an empty price and quantity and best-price routing. */
function useFreshMarket(desk: Desk, set: (part: Partial<Form>) => void, setOutcome: (outcome: Outcome) => void): void {
  const instrument = useCell(desk.instrument);
  useEffect(() => {
    set({ price: "", quantity: "", venue: null, terms: NO_TERMS });
    setOutcome(null);
  }, [instrument, set, setOutcome]);
}

/** A book takes its own types: the first of them when the chosen one is not among them. */
function useBookKind(book: BookKind, set: (part: Partial<Form>) => void): void {
  useEffect(() => {
    set({ type: typesOf(book)[0] ?? "limit" });
  }, [book, set]);
}

/** A price handed over is a stop's trigger or an order's limit; an order without either becomes a limit order. */
function priced({ type, terms }: Form, price: string): Partial<Form> {
  if (type === "stop") return { terms: { ...terms, stop: price } };
  return PRICED[type] === "none" ? { price, type: "limit" } : { price };
}

/** A time in force that the type does not take becomes GTC. */
function fitting(form: Form): Form {
  return tifsOf(form.type).includes(form.tif) ? form : { ...form, tif: "gtc" };
}

/** What was said of a field goes with its change; of the terms all goes, since they depend on one another. */
function without(errors: FieldErrors, fields: string[]): FieldErrors {
  const kept = ["price", "quantity", "venue"].filter((field) => !fields.includes(field));
  return Object.fromEntries(Object.entries(errors).filter(([field]) => kept.includes(field)));
}

/** The reason and the limit that was met, short enough to stand under a field. */
export function briefOf({ reason, limit }: Problem): string {
  const name = words(reason);
  const brief = name.charAt(0).toUpperCase() + name.slice(1);
  if (limit === null || limit === undefined) return brief;
  const [figure, ...unit] = String(limit).split(" ");
  return `${brief} · limit ${[money(figure), ...unit].join(" ")}`;
}

/** A problem in one line: what is wrong, and the limit that was met. */
export function textOf({ detail, reason, limit, status }: Problem): string {
  if (status === 0) return `${detail} Sent again unchanged it keeps its id and cannot be placed twice.`;
  const sentence = detail || words(reason);
  if (limit === null || limit === undefined || sentence.includes(String(limit))) return sentence;
  return `${sentence} Limit: ${String(limit)}.`;
}
