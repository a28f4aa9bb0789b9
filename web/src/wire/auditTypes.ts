/** What the audit trail tells, as it comes over the wire. */
export interface AuditQuorum {
  needed: number;
  have: number;
  of: number;
}

export interface AuditLogHead {
  log: string;
  origin: string;
  size: number;
  root: string;
  time: string;
  /** The signed note of the head. */
  note: string;
}

/** The key of several holders that signs the logs' heads as well. */
export interface AuditThreshold {
  key: string;
  needed: number;
  have: number;
  of: number;
  logs: { log: string; size: number; time: string | null; state: string; since: string; reason: string | null }[];
  holders: { holder: number; state: string; since: string }[];
  fault: string | null;
}

export interface AuditStatus {
  name: string;
  state: "current" | "behind" | "stopped" | "off";
  logs: AuditLogHead[];
  journal_sequence: number;
  lag_records: number;
  lag_s: number;
  bounded_at: number;
  quorum: AuditQuorum | null;
  fault: string | null;
  orders_sequence: number;
  /** Of the log of orders, which comes behind the journal's. */
  orders_lag_records: number;
  orders_lag_s: number;
  threshold: AuditThreshold | null;
}

/** An event of an order; a value is null where the journal does not say it, and empty where there is none. */
export interface AuditedOrder {
  order: string;
  sequence: number;
  /** Among the events of one record. */
  place: number;
  time: string;
  account: string | null;
  instrument: string | null;
  side: string | null;
  quantity: string | null;
  price: string | null;
  event: string;
  status: string | null;
  reason: string | null;
  /** Role and user. */
  by: string | null;
}

export interface AuditSearch {
  orders: AuditedOrder[];
  /** Handed in as `before`, it asks for the rows before these; null at the end. */
  next: string | null;
  seconds: number;
  rows_scanned: number;
}

/** One row of the store: the 78 fields by their ids, null where unknown, empty where there is none. */
export interface AuditEvent {
  sequence: number;
  place: number;
  time: string;
  event: string;
  fields: Record<string, string | null>;
  fingerprint: string | null;
}

export interface AuditedLife {
  order: string;
  events: AuditEvent[];
  unknown: number;
}

export interface AuditWitness {
  name: string;
  jurisdiction: string;
  authority: string;
  state: "signed" | "behind" | "refused" | "silent";
  size: number | null;
  time: string | null;
  reason: string | null;
  url: string | null;
  may_see: string[];
  blinded: number;
  retention_years: number;
  source: string;
  as_of: string;
  verified: boolean;
}

export interface AuditReport {
  time: string;
  witness: string;
  kind: string;
  what: string;
}

export interface AuditWitnesses {
  quorum: AuditQuorum | null;
  witnesses: AuditWitness[];
  reports: AuditReport[];
}

export interface CeremonyKey {
  key: string;
  suite: string;
  threshold: number;
  of: number;
  public_key: string;
  address: string | null;
  use: string;
  holders: { holder: number; state: string }[];
}

export interface Ceremony {
  ceremony: string;
  kind: string;
  key: string;
  what: string;
  opened: string;
  state: string;
  needed: number;
  /** `attested`: as the holder himself signed it. */
  steps: { holder: number; time: string; verdict: string; attested: boolean }[];
  reason: string | null;
  /** Its first entry in the log of ceremonies. */
  sequence: number;
  /** Holders whose signed statements say that it came to this. */
  attested: number[];
}

export interface Ceremonies {
  keys: CeremonyKey[];
  ceremonies: Ceremony[];
}
