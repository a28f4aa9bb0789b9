/** Reads a file isthmus-proof/1: every member it must have, of the kind it must be. */
import type { Disclosed } from "./fingerprint";
import { Refused } from "./refusal";

export const FORMAT = "isthmus-proof/1";
/** Characters of a proof file; one with all fields of an order has about 70,000. */
const CHARACTERS_MAX = 1 << 20;

export interface ProofFile {
  log: string;
  sequence: number;
  index: number;
  entry: string;
  leafHash: string;
  size: number;
  root: string;
  path: readonly string[];
  checkpoint: string;
  logKey: string;
  witnessKeys: readonly string[];
  record: { hash: string; salt: string } | null;
  order: { order: number; fingerprint: string; fields: readonly Disclosed[] } | null;
  /** Members that this page does not know, and therefore did not check. */
  unknown: readonly string[];
}

type Members = Record<string, unknown>;

export function proofFileOf(text: string): ProofFile {
  if (text.length > CHARACTERS_MAX) throw new Refused("malformed", `a proof has at most ${CHARACTERS_MAX} characters`);
  const file = members(parsed(text), "the file");
  if (file["format"] !== FORMAT) throw new Refused("malformed", `format is not ${FORMAT}`);
  const { record, order } = file;
  return {
    log: string(file, "log"),
    sequence: number(file, "sequence"),
    index: number(file, "index"),
    entry: string(file, "entry"),
    leafHash: string(file, "leaf_hash"),
    size: number(file, "tree_size"),
    root: string(file, "root"),
    path: strings(file, "proof"),
    checkpoint: string(file, "checkpoint"),
    logKey: string(file, "log_vkey"),
    witnessKeys: strings(file, "witness_vkeys"),
    record: nothing(file, "record", record) ? null : recordOf(members(record, "record")),
    order: nothing(file, "order", order) ? null : orderOf(members(order, "order")),
    unknown: Object.keys(file).filter((name) => !KNOWN.includes(name)),
  };
}

const KNOWN = ["format", "log", "sequence", "index", "entry", "leaf_hash", "tree_size", "root", "proof"].concat(
  ["checkpoint", "log_vkey", "witness_vkeys"],
  ["record", "order"],
);

function recordOf(record: Members): { hash: string; salt: string } {
  return { hash: string(record, "hash"), salt: string(record, "salt") };
}

function orderOf(order: Members): NonNullable<ProofFile["order"]> {
  const fields = list(order, "fields").map((each) => fieldOf(members(each, "a field")));
  return { order: number(order, "order"), fingerprint: string(order, "fingerprint"), fields };
}

function fieldOf(field: Members): Disclosed {
  const value = nothing(field, "value", field["value"]) ? null : string(field, "value");
  return {
    id: string(field, "id"),
    name: string(field, "name"),
    value,
    salt: string(field, "salt"),
    proof: strings(field, "proof"),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refused("malformed", "the file is not JSON");
  }
}

function members(value: unknown, what: string): Members {
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw new Refused("malformed", `${what} is not a JSON object`);
  return value as Members;
}

/** null is said, not left out: a member that is not there is a member that was cut away. */
function nothing(of: Members, name: string, value: unknown): boolean {
  if (!Object.hasOwn(of, name)) throw new Refused("malformed", `${name} is missing`);
  return value === null;
}

function string(of: Members, name: string): string {
  const value = of[name];
  if (typeof value !== "string") throw new Refused("malformed", `${name} is missing or not a text`);
  return value;
}

function number(of: Members, name: string): number {
  const value = of[name];
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
    throw new Refused("malformed", `${name} is missing or not a whole number from 0 to 2^53 - 1`);
  return value;
}

function list(of: Members, name: string): unknown[] {
  const value = of[name];
  if (!Array.isArray(value)) throw new Refused("malformed", `${name} is missing or not a list`);
  return value;
}

function strings(of: Members, name: string): string[] {
  return list(of, name).map((each) => {
    if (typeof each !== "string") throw new Refused("malformed", `${name} has a member that is not a text`);
    return each;
  });
}
