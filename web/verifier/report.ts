/** Findings on the page. Everything is set as text: what stands in a file is never read as markup. */
import { type Finding, holds } from "../src/verifier/refusal";

export interface Report {
  name: string;
  findings: readonly Finding[];
}

const MARKS = { yes: "✓", no: "✕", open: "○", told: "·" } as const;
const PARTS = [
  ["no", "Refused"],
  ["yes", "Checked"],
  ["open", "Not checked"],
  ["told", "Told, and proves nothing"],
] as const;

export function element(tag: string, text: string, className = ""): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className !== "") made.className = className;
  return made;
}

/** The verdict over all, then each report in its parts. */
export function show(reports: readonly Report[]): void {
  const all = reports.flatMap(({ findings }) => findings);
  const refused = [...new Set(all.flatMap(({ reason }) => reason ?? []))];
  const opened = all.filter(({ verdict }) => verdict === "open").length;
  if (reports.length === 0) return verdict("open", "Nothing in it can be checked.");
  if (refused.length > 0) verdict("no", `✕ Refused: ${refused.join(", ")}`);
  else if (holds(all))
    verdict("yes", `✓ What was checked holds${opened > 0 ? `; ${opened} things were not checked` : ""}`);
  else verdict("open", "○ Nothing was proven");
  document.getElementById("findings")?.replaceChildren(...reports.flatMap(partsOf));
}

export function verdict(kind: "yes" | "no" | "open", text: string): void {
  const place = document.getElementById("verdict");
  if (!place) return;
  place.dataset["verdict"] = kind;
  place.textContent = text;
}

function partsOf({ name, findings }: Report): HTMLElement[] {
  const made = [element("h3", name)];
  for (const [kind, title] of PARTS) {
    const some = findings.filter(({ verdict: of }) => of === kind);
    if (some.length === 0) continue;
    const list = document.createElement("ol");
    list.append(...some.map(line));
    made.push(element("h4", title), list);
  }
  return made;
}

function line({ verdict: kind, what, detail, reason }: Finding): HTMLElement {
  const item = document.createElement("li");
  item.dataset["verdict"] = kind;
  if (reason) item.dataset["reason"] = reason;
  const said = document.createElement("span");
  if (reason) said.append(element("span", `${reason}: `, "reason"));
  said.append(detail);
  item.append(element("span", MARKS[kind], "mark"), element("span", what), said);
  return item;
}
