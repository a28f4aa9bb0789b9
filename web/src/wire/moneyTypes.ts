/** What the books, margin and custody tell. */

/** One asset of an account in the books of record. */
export interface BookedBalance {
  account: string;
  path: string;
  class: string;
  side: string;
  asset: string;
  balance: string;
  as_expected: boolean;
}

export interface TrialBalance {
  ok: boolean;
  sequence: number;
  rows: { asset: string; debits: string; credits: string; sum: string; classes: Record<string, string> }[];
}

export interface MarginPosition {
  instrument: string;
  quantity: string;
  mark: string;
  unrealised: string;
  liquidation_price: string | null;
  bankruptcy_price: string | null;
}

/** An account's margin in an asset; below a ratio of 1 it may be closed. */
export interface MarginAccount {
  account: string;
  asset: string;
  equity: string;
  unrealised: string;
  initial: string;
  maintenance: string;
  ratio: string | null;
  state: string;
  due: string | null;
  loss: string | null;
  base: string | null;
  positions: MarginPosition[];
}

/** A difference between books and bank. */
export interface Break {
  key: string;
  cause: string;
  bank: string | null;
  account: string | null;
  currency: string;
  amount: string | null;
  age_s: number;
  limit_s: number;
  blocks_withdrawals: boolean;
  words: string;
}

export interface Reconciliation {
  time: string;
  positions: {
    currency: string;
    entitlements: string;
    at_custodians: Record<string, string>;
    difference: string;
    result: "agrees" | "shortfall" | "excess";
  }[];
  breaks: Break[];
  banks: { bank: string; answers: boolean; silent_s: number | null; held: Record<string, string> }[];
}
