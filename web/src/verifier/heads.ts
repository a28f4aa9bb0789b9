/** Whether a head of a log is to be believed: who signed it, who saw it, and what was known before. */
import { hex, same } from "./bytes";
import { cosignedBy, type Head, headOf, type Key, keyOf, moment, type Note, noteOf, signedBy, strangers } from "./note";
import { type Finding, found, no, open, Refused, told, yes } from "./refusal";

/** What the one who checks has from elsewhere; each text empty when he has nothing. */
export interface Known {
  /** The log's key. */
  logKey: string;
  /** Keys of witnesses, one a line. */
  witnessKeys: string;
  /** How many of the witnesses must have cosigned; null: more than half of them. */
  needed: number | null;
  /** A head seen before: a checkpoint, or "size root" as statements print it. */
  head: string;
}

export const NOTHING_KNOWN: Known = { logKey: "", witnessKeys: "", needed: null, head: "" };

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
  const findings = [...signature(note, head, claimed.logKey, known), ...witnesses(note, claimed, known)];
  findings.push(...before(head, known.head));
  return { note, head, findings };
}

function signature(note: Note, head: Head, claimed: string, known: Known): Finding[] {
  const own = known.logKey.trim();
  if (own === "" && claimed === "") return [open("Signature of the log", "no key of the log was given")];
  const signed = found("Signature of the log", () => {
    const key = keyOf(own || claimed);
    if (key.name !== head.origin)
      throw new Refused("wrong_log", `the head is of ${head.origin}, the key of ${key.name}`);
    signedBy(note, key);
    return `${head.origin}, ${head.size} entries, root ${hex(head.root)}`;
  });
  const findings = [signed];
  if (own === "")
    findings.push(
      open("Whose key it is", `the key came with the proof; compare it with one from elsewhere: ${claimed}`),
    );
  else if (claimed !== "" && claimed !== own)
    findings.push(no("Whose key it is", "wrong_log", "the key that came with the proof is not the one you gave"));
  return findings;
}

function witnesses(note: Note, claimed: { witnessKeys: readonly string[] }, known: Known): Finding[] {
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
  return [...findings, ...quorum(saw, findings.length, known), ...aliens(note, keys, known, own.length > 0)];
}

function absent(keys: readonly Key[]): Finding {
  return open("Witness", `${keys.at(-1)?.name} did not cosign this head`);
}

function quorum(saw: number, of: number, { needed }: Known): Finding[] {
  if (of === 0 && needed === null)
    return [open("Witnesses", "no key of a witness was given: nobody else's word is here")];
  const least = needed ?? Math.floor(of / 2) + 1;
  const text = `${saw} of ${of} cosigned, ${least} needed`;
  return [saw >= least ? yes("Witnesses", text) : no("Witnesses", "not_cosigned", text)];
}

function aliens(note: Note, keys: readonly Key[], known: Known, given: boolean): Finding[] {
  const own = known.logKey.trim();
  const findings: Finding[] = [];
  const others = strangers(note, keys).filter((name) => own === "" || !own.startsWith(`${name}+`));
  for (const name of others) findings.push(told("Signature by a key that is not among the witnesses'", name));
  if (!given && keys.length > 0)
    findings.push(open("Whose witnesses they are", "their keys came with the proof; take them from the witnesses"));
  return findings;
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
