/** The shapes of docs/reference/api.md. Decimals are strings, sequences are numbers, times are RFC 3339 with nanoseconds. */

export type Side = "buy" | "sell";
export type OrderType =
  "limit" | "market" | "market_to_limit" | "stop" | "stop_limit" | "trailing_stop" | "peg" | "request" | "response";
export type TimeInForce = "gtc" | "ioc" | "fok" | "day" | "gtd" | "at_open" | "at_close" | "good_for_auction";
export type BookKind = "lit" | "pro_rata" | "mixed" | "dark" | "auction" | "rfq" | "negotiated" | "sealed";
export type TradingState =
  "pre_open" | "opening_auction" | "continuous" | "volatility_auction" | "halted" | "closing_auction" | "closed";
export type Role = "client" | "trader" | "operator" | "auditor";
export type Interval = "1s" | "1m" | "1d";

export interface Session {
  user: string;
  role: Role;
  account: string | null;
  accounts: string[];
}

export interface VenueFacts {
  venue: string;
  kind: "lit" | "dark" | "auction" | "rfq" | "amm" | "house";
  maker_fee_ppm: number;
  taker_fee_ppm: number;
  tick_size: string;
  lot_size: string;
  latency_ns: number;
  assumed: string | null;
  source: string | null;
  price_multiplier: [number, number];
  quantity_multiplier: [number, number];
  inverse: boolean;
  takes_orders: boolean;
}

export interface Instrument {
  id: number;
  instrument: string;
  kind: "equity" | "fx_spot" | "crypto_spot" | "linear_perpetual";
  base: string;
  quote: string;
  price_decimals: number;
  quantity_decimals: number;
  tick_size: string;
  lot_size: string;
  multiplier?: number | string;
  maker_fee_ppm: number;
  taker_fee_ppm: number;
  collar_bps: number;
  initial_margin_bps: number;
  state: "open" | "halted";
  session?: TradingState;
  book?: BookKind;
  rules?: Record<string, number>;
  mark: string | null;
  last_price: string | null;
  change_24h: string | null;
  venues: string[];
  venue_facts?: VenueFacts[];
  /** What its market is: "recorded 2024-08-08", "simulated". */
  label?: string | null;
}

/** Price, quantity, number of orders (null where a venue does not tell). */
export type Level = [price: string, quantity: string, orders: number | null];

export interface Book {
  bids: Level[];
  asks: Level[];
}

export interface Bar {
  start: string;
  open: string;
  high: string;
  low: string;
  close: string;
  volume: string;
}

export interface MarketTrade {
  id: string;
  instrument: string;
  venue: string;
  price: string;
  quantity: string;
  taker_side: Side;
  time: string;
}

export interface MarketRow {
  instrument: string;
  last: string | null;
  bid: string | null;
  ask: string | null;
  change_24h: string | null;
  state?: "open" | "halted";
  session?: TradingState;
}

export type OrderStatus = "open" | "filled" | "cancelled" | "rejected" | "pending_cancel" | "pending_replace";

export interface Order {
  id: string;
  account: string;
  instrument: string;
  venue: string | null;
  side: Side;
  type: OrderType;
  time_in_force: TimeInForce;
  post_only: boolean;
  price: string | null;
  quantity: string;
  filled: string;
  remaining: string;
  average_price: string | null;
  status: OrderStatus;
  reason: string | null;
  client_order_id: string | null;
  hold: string | null;
  created_at: string;
  updated_at: string;
  record: string;
  routing: string | null;
  /** What it waits for outside the book: its trigger, its session, its parent, ... */
  waits_for: string | null;
  flags: string[];
  /** Special terms by the names of the request. */
  terms: Record<string, string>;
  /** How a parent is worked; null for an ordinary order. */
  path?: string | null;
  /** The parent of a child. */
  parent_order?: string | null;
}

/** A way to work an order; `parameters` is a JSON schema. */
export interface PathFacts {
  number: number;
  name: string;
  title: string;
  source: string;
  measured_on: "tape" | "simulator";
  parameters: Record<string, unknown>;
}

export interface Children {
  parent: Order;
  why: string | null;
  parameters: Record<string, FieldValue>;
  children: Order[];
}

export interface VenueCost {
  venue: string;
  children: number;
  fills: number;
  quantity: string;
  maker_share: number;
  cost_bps: number | null;
}

/** Basis points, positive: dearer than the benchmark. */
export interface Costs {
  order: string;
  path: string;
  final: boolean;
  filled: string;
  quantity: string;
  arrival_price: string | null;
  average_price: string | null;
  vwap: string | null;
  arrival_bps: number | null;
  vwap_bps: number | null;
  shortfall_bps: number | null;
  spread_capture: number | null;
  reversion_bps: number | null;
  leakage_bps: number | null;
  fee_bps: number | null;
  participation: number | null;
  children: number;
  venues: VenueCost[];
}

/** How the way to one venue does. */
export interface RouteFacts {
  instrument: string;
  venue: string;
  kind: string;
  state: string;
  why: string | null;
  bid: string | null;
  ask: string | null;
  latency_ms: number | null;
  reject_rate: number | null;
  fill_rate: number | null;
  toxicity_bps: number | null;
  votes: Record<string, boolean>;
  since: string | null;
}

export interface RouteEvent {
  time: string;
  instrument: string;
  venue: string;
  event: string;
  why: string;
}

/** Price, quantity, venue, price with fees. */
export type ConsolidatedLevel = [price: string, quantity: string, venue: string, allIn: string];

export interface Consolidated {
  instrument: string;
  middle: string | null;
  bids: ConsolidatedLevel[];
  asks: ConsolidatedLevel[];
  venues: RouteFacts[];
}

/** One thing that happened to an order. */
export interface OrderEvent {
  record: string;
  time: string;
  event: string;
  command: string;
  left: string;
  price: string | null;
  quantity: string | null;
  stop_price: string | null;
  fee: string | null;
  liquidity: string | null;
  trade: string | null;
  reason: string | null;
  child: string | null;
  ordinal: number | null;
  why: string | null;
}

export interface Fill {
  id: string;
  order: string | null;
  account: string;
  instrument: string;
  side: Side;
  price: string;
  quantity: string;
  fee: string;
  liquidity: "maker" | "taker";
  venue: string;
  time: string;
  record: string;
}

export interface Balance {
  account: string;
  asset: string;
  decimals: number;
  total: string;
  held: string;
  available: string;
  frozen: boolean;
}

export interface Position {
  account: string;
  instrument: string;
  quantity: string;
  average_price: string | null;
  mark: string | null;
  value: string | null;
  open_profit: string | null;
  realised_profit: string | null;
}

export type FieldValue = string | number | boolean | null | FieldValue[] | { [field: string]: FieldValue };

export interface JournalRecord {
  sequence: number;
  time: string;
  kind: string;
  command: Record<string, FieldValue>;
  effects: ({ kind: string } & Record<string, FieldValue>)[];
  origin: Record<string, FieldValue>;
  prev: string;
  hash: string;
  body: string;
}

export interface Health {
  status: string;
  sequence: number;
  durable: number;
  head: string;
  mode: string;
  reason: string | null;
  rate?: number | string | null;
  lag?: number | null;
}

export interface Page<T> {
  data: T[];
  next: string | null;
}

/** What an order asks for; what does not go with its type is absent. */
export interface OrderRequest {
  instrument: string;
  side: Side;
  type: OrderType;
  time_in_force: TimeInForce;
  quantity: string;
  price?: string;
  post_only?: boolean;
  slide?: boolean;
  hidden?: boolean;
  all_or_none?: boolean;
  reduce_only?: boolean;
  short?: boolean;
  stop_price?: string;
  offset?: string;
  trigger?: string;
  peg?: string;
  display_quantity?: string;
  display_quantity_max?: string;
  min_quantity?: string;
  expires_at?: string;
  one_cancels?: string;
  parent?: string;
  request?: string;
  path?: string;
  until?: string;
  max_participation?: string;
  venue: string | null;
  client_order_id: string;
  account?: string;
}

/** What an auction found, or would find now; `price` null: nothing. */
export interface Indicative {
  price: string | null;
  volume: string;
  imbalance: string;
}

export interface MarketSession {
  instrument: string;
  state: TradingState;
  cause: string | null;
  since: string | null;
  halted: boolean;
  killed: boolean;
  book: BookKind;
  rules: Record<string, number>;
  ticks: [from: string, tick: string][];
  auction: (Indicative & { time: string; record: string }) | null;
  indicative: Indicative | null;
  limit_state: { side: Side; price: string } | null;
}

export interface Maker {
  account: string;
  instrument: string;
  spread: string;
  quantity: string;
  presence_bps: number;
  quoted_s: string;
  open_s: string;
  presence: string | null;
  met: boolean | null;
  pulled: boolean;
  pulled_by: string | null;
  protection: Protection | null;
}

export interface Protection {
  window_ms: number;
  quantity: string | null;
  net_quantity: string | null;
  percent_bps: number | null;
}

export type KillScope = "everything" | "account" | "group" | "firm" | "session" | "instrument" | "venue";

export interface Kill {
  scope: KillScope;
  of: string | null;
  user: number;
  user_name: string | null;
  since: string;
  record: string;
  orders: number;
  digest: string;
  released: { asset: string; amount: string }[];
  agreed: number | null;
  agreed_name: string | null;
}

export interface DepthStep {
  bps: number;
  bid_quantity: string;
  bid_value: string;
  ask_quantity: string;
  ask_value: string;
}

export interface Statistics {
  instrument: string;
  day: string;
  open: string | null;
  high: string | null;
  low: string | null;
  close: string | null;
  volume: string;
  trades: number;
  vwap: string | null;
  middle: string | null;
  levels: number;
  depth: DepthStep[];
}

/** A firm answer to a request. */
export interface QuoteResponse {
  id: string;
  account: string | null;
  own: boolean;
  price: string;
  quantity: string;
}

/** An open request for quotes, or a lot on offer. */
export interface QuoteRequest {
  id: string;
  account: string | null;
  own: boolean;
  instrument: string;
  side: Side;
  price: string | null;
  quantity: string;
  created_at: string;
  expires_at: string | null;
  responses: QuoteResponse[];
}

/** A live order of a book, as only the house sees it. */
export interface BookOrder {
  order: string;
  account: string;
  side: Side;
  price: string;
  shown: string;
  left: string;
  waits: boolean;
}

/** RFC 9457, as the server fills it in. */
export interface Problem {
  title: string;
  status: number;
  detail: string;
  reason: string;
  field: string | null;
  value: FieldValue;
  limit: FieldValue;
  request_id: string | null;
}
