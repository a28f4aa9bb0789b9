/** The page: what is chosen is checked at once, and again when what is known changes. */
import { checkSeal } from "../src/verifier/daySeal";
import { checkFolder } from "../src/verifier/folder";
import { checkJournal } from "../src/verifier/journal";
import type { Known } from "../src/verifier/heads";
import { checkProof, NOT_PROVEN } from "../src/verifier/proof";
import { no } from "../src/verifier/refusal";
import { type Chosen, type ChosenFile, fromDrop, fromInput, sorted } from "./chosen";
import { element, type Report, show, verdict } from "./report";

const PROOF_BYTES_MAX = 4 << 20;
/** How often a long check lets the page breathe. */
const BREATH_MS = 50;

const input = (id: string): HTMLInputElement => document.getElementById(id) as HTMLInputElement;
let chosen: Chosen = { logs: [], journals: [], seals: [], keys: [], witnessKeys: [], proofs: [] };
/** Counts up with each check, so that one that is overtaken ends in silence. */
let turn = 0;

function known(): Known {
  const needed = input("needed").value.trim();
  return {
    logKeys: input("log-keys").value,
    witnessKeys: input("witness-keys").value,
    needed: /^\d{1,4}$/.test(needed) ? Number(needed) : null,
    head: input("head").value,
  };
}

async function take(files: readonly ChosenFile[]): Promise<void> {
  chosen = sorted(files);
  await fill("log-keys", chosen.keys);
  await fill("witness-keys", chosen.witnessKeys);
  await check();
}

/** Keys among the files go where nothing was entered. */
async function fill(id: string, files: readonly ChosenFile[]): Promise<void> {
  if (files.length === 0 || input(id).value !== "") return;
  const texts = await Promise.all(files.map(({ file }) => file.text()));
  input(id).value = texts.map((text) => text.trim()).join("\n");
}

async function check(): Promise<void> {
  const { logs, journals, seals, proofs } = chosen;
  if (logs.length + journals.length + seals.length + proofs.length === 0) return;
  turn += 1;
  const mine = turn;
  const reports: Report[] = [];
  try {
    const records = new Map<number, string>();
    for (const { path, file } of chosen.proofs) reports.push(await proofReport(path, file, records));
    for (const { name, folder } of chosen.journals)
      reports.push({ name, findings: (await checkJournal(folder, records, breathing(mine, name))).findings });
    for (const { name, file, folder } of chosen.seals)
      reports.push({ name, findings: await checkSeal(await file.text(), folder, known(), breathing(mine, name)) });
    for (const { name, folder } of chosen.logs) {
      const { findings } = await checkFolder(folder, known(), breathing(mine, name));
      reports.push({ name, findings });
    }
  } catch (fault) {
    if (mine !== turn) return;
    reports.push({
      name: "Fault of the check",
      findings: [no("Check", "malformed", `it did not come to its end: ${String(fault)}`)],
    });
  }
  if (mine === turn) show(reports);
}

/** Checks a proof; a record that it discloses is added to `records`, to be looked for in a journal. */
async function proofReport(name: string, file: File, records: Map<number, string>): Promise<Report> {
  if (file.size > PROOF_BYTES_MAX)
    return { name, findings: [no("Form of the file", "malformed", `a proof has at most ${PROOF_BYTES_MAX} bytes`)] };
  const { file: proof, findings } = checkProof(await file.text(), known());
  if (proof?.record) records.set(proof.sequence, proof.record.hash);
  return { name, findings };
}

class Overtaken extends Error {}

function breathing(mine: number, name: string): (done: number, of: number) => Promise<void> {
  let last = performance.now();
  return async (done, of) => {
    if (performance.now() - last < BREATH_MS) return;
    verdict("open", `Checking ${name}: ${done.toLocaleString("en")} of ${of.toLocaleString("en")}`);
    await new Promise((resolve) => setTimeout(resolve));
    if (mine !== turn) throw new Overtaken();
    last = performance.now();
  };
}

function press(event: KeyboardEvent): void {
  const target = event.target as HTMLElement;
  const writing = target.matches("input[type=text], textarea");
  if (writing && event.key === "Escape") target.blur();
  if (writing || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = {
    p: () => input("file").click(),
    f: () => input("folder").click(),
    k: () => input("log-keys").focus(),
    r: toReport,
  }[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

function toReport(): void {
  document.getElementById("report")?.scrollIntoView();
}

for (const id of ["file", "folder"])
  input(id).addEventListener("change", () => {
    const { files } = input(id);
    if (files && files.length > 0) void take(fromInput(files));
    // The same file may be chosen again, after it changed.
    input(id).value = "";
  });
for (const id of ["log-keys", "witness-keys", "needed", "head"])
  input(id).addEventListener("input", () => void check());
document.addEventListener("keydown", press);
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.getElementById("drop")?.classList.add("over");
});
document.addEventListener("dragleave", () => document.getElementById("drop")?.classList.remove("over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.getElementById("drop")?.classList.remove("over");
  if (event.dataTransfer) void fromDrop(event.dataTransfer).then(take);
});
document.getElementById("not-proven")?.replaceChildren(...NOT_PROVEN.map((text) => element("li", text)));
