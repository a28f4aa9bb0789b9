/** The shapes of docs/reference/api.md. Decimals are strings, sequences are numbers, times are RFC 3339 with nanoseconds. */

export type Side = "buy" | "sell";
export type OrderType = "limit" | "market";
export type TimeInForce = "gtc" | "ioc" | "fok" | "day";
export type Role = "client" | "trader" | "operator" | "auditor";
export type Interval = "1s" | "1m" | "1d";

export interface Session {
  user: string;
  role: Role;
  account: string | null;
  accounts: string[];
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
  mark: string | null;
  last_price: string | null;
  change_24h: string | null;
  venues: string[];
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

/** What an order asks for; `price` is absent for a market order. */
export interface OrderRequest {
  instrument: string;
  side: Side;
  type: OrderType;
  time_in_force: TimeInForce;
  quantity: string;
  price?: string;
  post_only: boolean;
  venue: string | null;
  client_order_id: string;
  account?: string;
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
