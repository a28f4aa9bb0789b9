/** REST calls on the page's own origin; the session cookie is the key. */
import type { AuditedLife, AuditEvent, AuditSearch, AuditStatus, AuditWitnesses, Ceremonies } from "./auditTypes";
import type { BookedBalance, MarginAccount, Reconciliation, TrialBalance } from "./moneyTypes";
import type {
  BookOrder,
  Children,
  Consolidated,
  Costs,
  FieldValue,
  Instrument,
  JournalRecord,
  Order,
  OrderEvent,
  OrderRequest,
  Page,
  PathFacts,
  Problem,
  QuoteRequest,
  RouteEvent,
  RouteFacts,
  Session,
  Statistics,
} from "./types";

/** An answer takes at most this long; an order whose answer is lost is asked again under the same client id. */
const ANSWER_TIMEOUT_MS = 10_000;
const LIFE_PAGE = 100;
const ORDERS_PAGE = 100;

/** The server said no, or could not be reached (status 0). */
export class Refusal extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail || problem.title);
  }
}

export function readSession(): Promise<Session> {
  return call("GET", "/v1/session");
}

export function readInstruments(): Promise<Instrument[]> {
  return call("GET", "/v1/instruments");
}

export function readPage<T>(path: string, query: Record<string, string | number | null>): Promise<Page<T>> {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== null) parameters.set(name, String(value));
  return call("GET", `${path}?${parameters}`);
}

export function placeOrder(order: OrderRequest): Promise<Order> {
  return call("POST", "/v1/orders", order, { "Idempotency-Key": order.client_order_id });
}

export function replaceOrder(id: string, change: { price?: string; quantity: string }): Promise<Order> {
  return call("PATCH", `/v1/orders/${id}`, change);
}

export function cancelOrder(id: string): Promise<Order> {
  return call("DELETE", `/v1/orders/${id}`);
}

export function cancelOrders(instrument: string | null): Promise<{ cancelled: string[] }> {
  return call("DELETE", `/v1/orders${instrument ? `?instrument=${encodeURIComponent(instrument)}` : ""}`);
}

export function readLife(order: string, cursor: string | null): Promise<Page<OrderEvent>> {
  return readPage(`/v1/orders/${order}/history`, { limit: LIFE_PAGE, cursor });
}

export function readPaths(): Promise<PathFacts[]> {
  return call("GET", "/v1/paths");
}

export function readChildren(order: string): Promise<Children> {
  return call("GET", `/v1/orders/${order}/children`);
}

export function readCosts(order: string): Promise<Costs> {
  return call("GET", `/v1/orders/${order}/costs`);
}

export function readConsolidated(instrument: string, depth: number): Promise<Consolidated> {
  return call("GET", `/v1/instruments/${encodeURIComponent(instrument)}/consolidated?depth=${depth}`);
}

export function readRoutes(): Promise<RouteFacts[]> {
  return call("GET", "/v1/routes");
}

export function readParts(): Promise<{ parts: string[] }> {
  return call("GET", "/v1/capabilities");
}

export function readBookedBalances(): Promise<{ sequence: number; balances: BookedBalance[] }> {
  return call("GET", "/v1/books/balances");
}

export function readTrialBalance(): Promise<TrialBalance> {
  return call("GET", "/v1/books/trial-balance");
}

export function readMargin(account: string): Promise<MarginAccount[]> {
  return call("GET", `/v1/margin?${new URLSearchParams({ account })}`);
}

export function readReconciliation(): Promise<Reconciliation> {
  return call("GET", "/v1/custody/reconciliation");
}

export function readAuditStatus(): Promise<AuditStatus> {
  return call("GET", "/v1/audit/status");
}

/** Filters that are empty are not sent; `before` goes on from where an answer before ended. */
export function searchAudit(filters: Record<string, string>): Promise<AuditSearch> {
  const wanted = Object.entries(filters).filter(([, value]) => value !== "");
  return call("GET", `/v1/audit/orders?${new URLSearchParams(wanted)}`);
}

export function readAuditLife(order: string): Promise<AuditedLife> {
  return call("GET", `/v1/audit/orders/${encodeURIComponent(order)}`);
}

/** The text of the proof file: it is checked as it came. */
export function readOrderProof(order: string, { sequence, place }: AuditEvent): Promise<string> {
  return callText("GET", `/v1/audit/orders/${encodeURIComponent(order)}/proof?sequence=${sequence}&place=${place}`);
}

export function readRecordProof(sequence: number): Promise<string> {
  return callText("GET", `/v1/audit/records/${sequence}/proof`);
}

export function readWitnesses(): Promise<AuditWitnesses> {
  return call("GET", "/v1/audit/witnesses");
}

export function readCeremonies(): Promise<Ceremonies> {
  return call("GET", "/v1/audit/ceremonies");
}

export function readRouteEvents(): Promise<RouteEvent[]> {
  return call("GET", "/v1/routes/events");
}

export function readStatistics(instrument: string): Promise<Statistics> {
  return call("GET", `/v1/instruments/${encodeURIComponent(instrument)}/statistics`);
}

export function readBookOrders(instrument: string, cursor: string | null): Promise<Page<BookOrder>> {
  return readPage(`/v1/instruments/${encodeURIComponent(instrument)}/orders`, { limit: ORDERS_PAGE, cursor });
}

export function readRequests(instrument: string): Promise<QuoteRequest[]> {
  return call("GET", `/v1/instruments/${encodeURIComponent(instrument)}/requests`);
}

/** Takes all of a response; `account` null is one's own. */
export function acceptResponse(id: string, account: string | null): Promise<FieldValue> {
  return call("POST", `/v1/responses/${id}/accept${account === null ? "" : `?account=${account}`}`, {});
}

export function readJournal(start: number, limit: number): Promise<{ data: JournalRecord[] }> {
  return call("GET", `/v1/journal?start=${start}&limit=${limit}`);
}

export function operate(command: string, body: Record<string, FieldValue>): Promise<FieldValue> {
  return call("POST", `/v1/operator/${command}`, body);
}

async function call<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
  return readJson(await callText(method, path, body, headers)) as T;
}

async function callText(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<string> {
  const request: RequestInit = {
    method,
    credentials: "same-origin",
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    headers: body === undefined ? headers : { ...headers, "Content-Type": "application/json" },
  };
  if (body !== undefined) request.body = JSON.stringify(body);
  let response: Response;
  try {
    response = await fetch(path, request);
  } catch {
    throw new Refusal(blank(0, "unreachable", "The server did not answer. Nothing is known about this request yet."));
  }
  const text = await response.text();
  if (response.ok) return text;
  const answer = readJson(text);
  const fallback = blank(response.status, "unexpected", `The server answered ${response.status}.`);
  throw new Refusal({ ...fallback, ...(answer as Partial<Problem> | null) });
}

function readJson(text: string): unknown {
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

function blank(status: number, reason: string, detail: string): Problem {
  return { title: reason, status, detail, reason, field: null, value: null, limit: null, request_id: null };
}
