/** Checks a proof file: from a field up to the fingerprint, the leaf, the root, and those who signed it. */
import { fromBase64, fromHex, hex, same } from "./bytes";
import { commits, type Entry, entryOf, logOf } from "./entries";
import { disclosed, FIELDS } from "./fingerprint";
import { judge, type Known } from "./heads";
import type { Head } from "./note";
import { type Finding, found, no, open, Refused, told } from "./refusal";
import { type ProofFile, proofFileOf } from "./proofFile";
import { includes, leafHash } from "./tree";

export interface ProofReport {
  file: ProofFile | null;
  entry: Entry | null;
  head: Head | null;
  findings: Finding[];
}

export function checkProof(text: string, known: Known): ProofReport {
  let file: ProofFile;
  try {
    file = proofFileOf(text);
  } catch (fault) {
    if (!(fault instanceof Refused)) throw fault;
    return { file: null, entry: null, head: null, findings: [no("Form of the file", fault.reason, fault.detail)] };
  }
  const { head, findings } = judge(file.checkpoint, file, known);
  if (!head) return { file, entry: null, head, findings };
  let entry: Entry | null = null;
  const leaf = found("Leaf", () => {
    entry = leafOf(file, head);
    return `entry ${file.index}: ${entryWords(entry)}`;
  });
  findings.push(
    leaf,
    found("Inclusion", () => inclusion(file, head)),
  );
  if (entry) findings.push(...recordOf(file, entry), ...orderOf(file, entry));
  for (const name of file.unknown) findings.push(open("Member of the file that is not known here", name));
  return { file, entry, head, findings };
}

/** The entry, when it is of the log that the head is of, and of the sequence that the file names. */
function leafOf(file: ProofFile, head: Head): Entry {
  const data = fromBase64(file.entry, "entry");
  if (!same(leafHash(data), fromHex(file.leafHash, 32, "leaf_hash")))
    throw new Refused("leaf_differs", "the entry is not the one of the leaf's hash");
  const entry = entryOf(data);
  if (entry.log !== file.log) throw new Refused("wrong_log", `the file says ${file.log}, the entry is of ${entry.log}`);
  if (logOf(head.origin) !== entry.log) throw new Refused("wrong_log", `the head is of the log ${head.origin}`);
  if (entry.log !== "ceremonies" && entry.sequence !== file.sequence)
    throw new Refused("leaf_differs", `the entry is of record ${entry.sequence}, the file says ${file.sequence}`);
  return entry;
}

function inclusion(file: ProofFile, head: Head): string {
  if (file.size !== head.size || !same(fromHex(file.root, 32, "root"), head.root))
    throw new Refused("old_head", "size or root of the proof are not those of the signed head");
  const path = file.path.map((hash, at) => fromHex(hash, 32, `hash ${at + 1} of the proof`));
  if (!includes(file.index, file.size, fromHex(file.leafHash, 32, "leaf_hash"), path, head.root))
    throw new Refused("inclusion_fails", `the ${path.length} hashes do not lead from leaf ${file.index} to the root`);
  return `leaf ${file.index} of ${file.size}, by ${path.length} hashes`;
}

function recordOf({ record }: ProofFile, entry: Entry): Finding[] {
  const what = "Record of the journal";
  if (record === null)
    return entry.log === "journal"
      ? [open(what, "its hash and salt are not disclosed: only its commitment is proven")]
      : [];
  return [
    found(what, () => {
      if (entry.log !== "journal")
        throw new Refused("wrong_log", `a leaf of the log ${entry.log} commits to no record`);
      commits(entry, record);
      return `record ${entry.sequence} has the chain hash ${record.hash}`;
    }),
    open(
      "What the record says",
      "its bytes are not in the file; isthmus verify and the journal show that they have this hash",
    ),
  ];
}

function orderOf({ order }: ProofFile, entry: Entry): Finding[] {
  if (order === null)
    return entry.log === "orders"
      ? [open("Fields of the order", "none is disclosed: only the fingerprint is proven")]
      : [];
  const bound = found("Fingerprint of the order", () => {
    if (entry.log !== "orders") throw new Refused("wrong_log", `a leaf of the log ${entry.log} has no fingerprint`);
    const fingerprint = fromHex(order.fingerprint, 32, "order.fingerprint");
    if (order.order !== entry.order) throw new Refused("leaf_differs", `the leaf is of order ${entry.order}`);
    if (!same(fingerprint, entry.fingerprint)) throw new Refused("leaf_differs", "the leaf has another fingerprint");
    return `order ${order.order}: ${order.fingerprint}`;
  });
  if (bound.verdict === "no") return [bound];
  const fingerprint = fromHex(order.fingerprint, 32, "order.fingerprint");
  const ids = new Set(order.fields.map(({ id }) => id));
  const fields = order.fields.map((field) =>
    found(`Field ${field.id}`, () => {
      disclosed(field, fingerprint);
      return field.value === null ? "unknown" : field.value;
    }),
  );
  if (ids.size !== fields.length) fields.push(no("Fields of the order", "malformed", "a field is there twice"));
  const names = order.fields.map(({ id, name }) => `${id} ${name}`).join(", ");
  const findings = [bound, ...fields, told("What the file calls the fields (a name proves nothing)", names)];
  if (ids.size < FIELDS)
    findings.push(
      open("Fields that are not disclosed", `${FIELDS - ids.size} of ${FIELDS}: only hashes of them are here`),
    );
  return findings;
}

function entryWords(entry: Entry): string {
  if (entry.log === "journal") return `record ${entry.sequence}, commitment ${hex(entry.commitment)}`;
  if (entry.log === "orders") return `record ${entry.sequence}, event ${entry.place} of it, order ${entry.order}`;
  return "a step of a key ceremony";
}

/** What no proof of this kind shows, whatever was checked. */
export const NOT_PROVEN = [
  "That the log holds everything that happened: a proof shows what is in it, not what was left out of it.",
  "That the broker showed others the same log, unless witnesses that you trust cosigned the head.",
  "That what is written is true: only that it was written, when the head was signed, and not changed since.",
  "That this page is the one that was published: compare its SHA-256 with that of a copy from elsewhere.",
];
