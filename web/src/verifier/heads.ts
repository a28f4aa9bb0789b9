/** Whether a head of a log is to be believed: who signed it, who saw it, and what was known before. */
import { hex, same } from "./bytes";
import { cosignedBy, type Head, headOf, type Key, keyOf, moment, type Note, noteOf, signedBy, strangers } from "./note";
import { type Finding, found, no, open, Refused, told, yes } from "./refusal";

/** What the one who checks has from elsewhere; each text empty when he has nothing. */
export interface Known {
  /** Keys of logs, one a line; of them that of the log is taken. */
  logKeys: string;
  /** Keys of witnesses, one a line. */
  witnessKeys: string;
  /** How many of the witnesses must have cosigned; null: one, where there are any. */
  needed: number | null;
  /** A head seen before: a checkpoint, or "size root" as statements print it. */
  head: string;
}

export const NOTHING_KNOWN: Known = { logKeys: "", witnessKeys: "", needed: null, head: "" };

export interface Judged {
  note: Note | null;
  head: Head | null;
  findings: Finding[];
}

/** Checks a checkpoint. Keys in `claimed` come with it: they are used where none is known, and that is said. */
export function judge(raw: string, claimed: { logKey: string; witnessKeys: readonly string[] }, known: Known): Judged {
  let note: Note;
  let head: Head;
  try {
    note = noteOf(raw);
    head = headOf(note.text);
  } catch (fault) {
    if (!(fault instanceof Refused)) throw fault;
    return { note: null, head: null, findings: [no("Head", fault.reason, fault.detail)] };
  }
  const own = knownKey(known, head.origin);
  const findings = [...signature(note, head, claimed.logKey, own), ...witnesses(note, claimed, known, own)];
  findings.push(...before(head, known.head));
  return { note, head, findings };
}

/** Of the keys that are known, the one of this log; of none that is, the first, so that it is told to be another's. */
export function knownKey({ logKeys }: Known, origin: string): string {
  const keys = logKeys.split(/\s+/).filter((text) => text !== "");
  return keys.find((text) => text.startsWith(`${origin}+`)) ?? keys[0] ?? "";
}

/** A key signs the log that it is named after. */
export function ofLog(key: Key, origin: string): Key {
  if (origin !== key.name) throw new Refused("wrong_log", `the head is of ${origin}, the key of ${key.name}`);
  return key;
}

function signature(note: Note, head: Head, claimed: string, own: string): Finding[] {
  if (own === "" && claimed === "") return [open("Signature of the log", "no key of the log was given")];
  const signed = found("Signature of the log", () => {
    signedBy(note, ofLog(keyOf(own || claimed), head.origin));
    return `${head.origin}, ${head.size} entries, root ${hex(head.root)}`;
  });
  if (own === "") {
    const whose = `the key came with the proof; compare it with one from elsewhere: ${claimed}`;
    return [signed, open("Whose key it is", whose)];
  }
  if (claimed === "" || claimed === own) return [signed];
  return [signed, no("Whose key it is", "wrong_log", "the key that came with the proof is not the one you gave")];
}

function witnesses(
  note: Note,
  claimed: { logKey: string; witnessKeys: readonly string[] },
  known: Known,
  logKey: string,
): Finding[] {
  const own = known.witnessKeys.split(/\s+/).filter((text) => text !== "");
  const keys: Key[] = [];
  const findings: Finding[] = [];
  let saw = 0;
  for (const text of own.length > 0 ? own : claimed.witnessKeys) {
    const seen = found("Witness", () => {
      const key = keyOf(text);
      if (keys.some(({ name }) => name === key.name)) throw new Refused("bad_key", `${key.name} is named twice`);
      keys.push(key);
      const time = cosignedBy(note, key);
      if (time === null) return "";
      saw += 1;
      return `${key.name} saw this head at ${moment(time)}`;
    });
    findings.push(seen.verdict === "yes" && seen.detail === "" ? absent(keys) : seen);
  }
  const judged = [...findings, ...quorum(saw, findings.length, known)];
  const log = logKey || claimed.logKey;
  for (const name of strangers(note, keys).filter((one) => !log.startsWith(`${one}+`)))
    judged.push(told("Signature by a key that was not given", name));
  if (own.length === 0 && keys.length > 0)
    judged.push(open("Whose witnesses they are", "their keys came with the proof; take them from the witnesses"));
  return judged;
}

function absent(keys: readonly Key[]): Finding {
  return open("Witness", `${keys.at(-1)?.name} did not cosign this head`);
}

function quorum(saw: number, of: number, { needed }: Known): Finding[] {
  if (of === 0 && needed === null)
    return [open("Witnesses", "no key of a witness was given: nobody else's word is here")];
  const least = needed ?? 1;
  const text = `${saw} of ${of} cosigned, ${least} needed`;
  return [saw >= least ? yes("Witnesses", text) : no("Witnesses", "not_cosigned", text)];
}

/** A head seen before must be this one, or the start of it; the latter is left open where it cannot be told. */
function before(head: Head, text: string): Finding[] {
  if (text.trim() === "") return [open("Against a head seen before", "none was given")];
  const what = "Against a head seen before";
  return [
    found(what, () => {
      const { size, root } = knownHead(text);
      if (head.size < size) throw new Refused("old_head", `this head has ${head.size} entries, you know of ${size}`);
      if (head.size > size) return "";
      if (!same(root, head.root)) throw new Refused("forked", `you know another root of the same ${size} entries`);
      return `it is the head of ${size} entries that you know`;
    }),
  ].map((one) =>
    one.detail === "" ? open(what, "this one is newer: only the folder of the log shows that it goes on from it") : one,
  );
}

/** "size root" (root in hexadecimal digits) or the text of a checkpoint. */
export function knownHead(text: string): { size: number; root: Uint8Array } {
  const [, size = "", root = ""] = /^\s*(\d+)\s+([0-9a-f]{64})\s*$/.exec(text) ?? [];
  if (size !== "")
    return { size: Number(size), root: Uint8Array.from(root.match(/../g) ?? [], (two) => Number.parseInt(two, 16)) };
  return headOf(text.trimStart());
}
