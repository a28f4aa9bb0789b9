/** Why something is not believed, by the same names as `isthmus audit verify`. */
export type Reason =
  | "malformed"
  | "malformed_note"
  | "malformed_checkpoint"
  | "bad_key"
  | "bad_signature"
  | "not_signed"
  | "not_cosigned"
  | "wrong_log"
  | "old_head"
  | "forked"
  | "leaf_differs"
  | "inclusion_fails"
  | "record_differs"
  | "field_differs"
  | "missing_tile"
  | "truncated_tile"
  | "tile_differs"
  | "root_differs"
  | "damaged"
  | "torn_tail"
  | "no_checkpoint"
  | "wrong_sequence"
  | "chain_breaks"
  | "head_differs"
  | "other_file"
  | "missing"
  | "changed"
  | "shorter"
  | "longer"
  | "unlisted";

export class Refused extends Error {
  constructor(
    readonly reason: Reason,
    readonly detail: string,
  ) {
    super(`${reason}: ${detail}`);
  }
}

/** One thing that was looked at. `no` is a refusal, `open` was not checked, `told` is information that proves nothing. */
export interface Finding {
  verdict: "yes" | "no" | "open" | "told";
  what: string;
  detail: string;
  reason?: Reason;
}

export function yes(what: string, detail: string): Finding {
  return { verdict: "yes", what, detail };
}

export function no(what: string, reason: Reason, detail: string): Finding {
  return { verdict: "no", what, reason, detail };
}

export function open(what: string, detail: string): Finding {
  return { verdict: "open", what, detail };
}

export function told(what: string, detail: string): Finding {
  return { verdict: "told", what, detail };
}

/** The refusal that `look` ends in, as a finding; anything else that it throws is a fault of this page. */
export function found(what: string, look: () => string): Finding {
  try {
    return yes(what, look());
  } catch (fault) {
    if (!(fault instanceof Refused)) throw fault;
    return no(what, fault.reason, fault.detail);
  }
}

/** Findings that are told of one folder; what is wrong everywhere is not listed file by file. */
export const FAULTS_TOLD_MAX = 50;

/** Whether all that was checked holds. */
export function holds(findings: readonly Finding[]): boolean {
  return findings.some(({ verdict }) => verdict === "yes") && findings.every(({ verdict }) => verdict !== "no");
}
