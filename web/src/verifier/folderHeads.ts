/** The file `heads`: every head that the log had, one JSON line each. Each must be a head of the same tree. */
import { type Bytes, base64, hex, same, textOf } from "./bytes";
import type { LogFolder } from "./folder";
import { knownHead, knownKey, type Known, ofLog } from "./heads";
import { type Head, headOf, keyOf, noteOf, signedBy } from "./note";
import { FAULTS_TOLD_MAX, type Finding, found, no, open, Refused, yes } from "./refusal";

interface OlderHead {
  line: number;
  head: Head;
}

export class OlderHeads {
  private readonly heads: OlderHead[] = [];
  private readonly faults: Finding[] = [];
  private lines = 0;

  constructor(
    private readonly now: Head,
    private readonly known: Known,
  ) {}

  /** Sizes whose roots must be made to tell whether the heads are of this tree. */
  sizes(): Set<number> {
    const sizes = new Set(this.heads.map(({ head }) => head.size));
    // A known head that cannot be read is told where the checkpoint is judged.
    found("", () => {
      if (this.known.head.trim() !== "") sizes.add(knownHead(this.known.head).size);
      return "";
    });
    return sizes;
  }

  take(bytes: Bytes): void {
    const lines = textOf(bytes, "heads").split("\n");
    if (lines.pop() !== "") this.faults.push(no("heads", "malformed", "the last line has no end: it was torn"));
    let before = 0;
    for (const [at, line] of lines.entries()) {
      this.lines += 1;
      const read = found(`heads, line ${at + 1}`, () => {
        const head = this.headOf(line);
        if (head.size < before) throw new Refused("old_head", `${head.size} entries after ${before}`);
        if (head.size > this.now.size)
          throw new Refused("old_head", `it has ${head.size} entries, checkpoint ${this.now.size}`);
        before = head.size;
        this.heads.push({ line: at + 1, head });
        return "";
      });
      if (read.verdict === "no") this.faults.push(read);
    }
  }

  findings(roots: ReadonlyMap<number, Bytes>): Finding[] {
    const faults = [...this.faults];
    for (const { line, head } of this.heads) {
      const made = head.size === this.now.size ? this.now.root : roots.get(head.size);
      if (made && !same(made, head.root))
        faults.push(
          no(`heads, line ${line}`, "forked", `the first ${head.size} entries have another root than in this head`),
        );
    }
    if (faults.length > 0) return faults.slice(0, FAULTS_TOLD_MAX);
    if (this.lines === 0) return [];
    const signed =
      this.known.logKeys.trim() === "" ? "; without a key their signatures were not checked" : ", and signed";
    return [
      yes("Heads before", `${this.lines}, each of the same tree${signed}`),
      open("When the heads were made", "the times in heads are not signed by the log; those of witnesses are"),
    ];
  }

  refuse(fault: Finding): void {
    this.faults.push(fault);
  }

  private headOf(line: string): Head {
    const row = rowOf(line);
    const note = noteOf(row.note);
    const head = headOf(note.text);
    if (head.origin !== this.now.origin) throw new Refused("wrong_log", `it is of the log ${head.origin}`);
    const own = knownKey(this.known, head.origin);
    if (own !== "") signedBy(note, ofLog(keyOf(own), head.origin));
    if (row.size !== head.size || (row.root !== hex(head.root) && row.root !== base64(head.root)))
      throw new Refused("head_differs", "size or root beside the note are not the note's");
    return head;
  }
}

function rowOf(line: string): { size: number; root: string; note: string } {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch {
    throw new Refused("malformed", "the line is not JSON");
  }
  const { time, size, root, note } = (row ?? {}) as Record<string, unknown>;
  if (typeof size !== "number" || typeof root !== "string" || typeof note !== "string" || time === undefined)
    throw new Refused("malformed", "time, size, root or note is missing");
  return { size, root, note };
}

export async function olderHeads(folder: LogFolder, now: Head, known: Known): Promise<OlderHeads> {
  const older = new OlderHeads(now, known);
  if (!folder.paths.includes("heads")) return older;
  const bytes = await folder.read("heads");
  const read = found("heads", () => {
    older.take(bytes);
    return "";
  });
  if (read.verdict === "no") older.refuse(read);
  return older;
}
