// The audit trail of the running broker: on the terminal's page, and in the verifier's page without the broker.
import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openDesk, PATIENT } from "./steps.mjs";

const VERIFIER = pathToFileURL(new URL("../dist/verifier.html", import.meta.url).pathname).href;
/** A log's entry of the journal has 42 bytes, and two before it. */
const ENTRY_BYTES = 44;

export const AUDIT_CHECKS = [
  { name: "the audit page says how far the signed head is behind the journal", run: status },
  { name: "a proof that the broker made holds in the verifier's page, and not with a bit turned", run: proof },
  { name: "the broker's own log holds in the verifier's page, and a turned bit in it is located", run: folder },
  { name: "the broker's journal holds in the verifier's page, with the record of a proof", run: journal },
  { name: "a refused order is found with who, why and which checks, and proven in the browser", run: refused },
  { name: "an order's acceptance and its fill by one record have a proof each", run: filled },
  { name: "the audit page fits on 390 pixels", run: phone, view: { viewport: { width: 390, height: 844 } } },
  { name: "the board shows the witnesses that cosign the log, and their quorum", run: witnesses },
  { name: "the board of ceremonies says that no key is shared yet", run: ceremonies },
  { name: "a client has no audit page", run: client },
];

async function open(page, server) {
  await openDesk(page, server);
  await page.keyboard.press("a");
  assert.equal(await page.evaluate(() => location.hash), "#audit");
}

async function status({ page, server }) {
  await open(page, server);
  const told = page.locator("[data-trail=good]");
  await told.waitFor(PATIENT);
  assert.match(await told.innerText(), /under a signed head|behind the journal/);
  await page.locator(".audit-logs", { hasText: /journal \d/ }).waitFor(PATIENT);
  for (const [key, tab] of [
    ["2", "Witnesses"],
    ["3", "Ceremonies"],
    ["1", "Orders"],
  ]) {
    await page.keyboard.press(key);
    await page.getByRole("tab", { name: tab, selected: true }).waitFor(PATIENT);
  }
}

/** Proof of a record, and the key of the log from the broker's folder: it does not come with the proof. */
async function proofOf(page, server, sequence) {
  await openDesk(page, server);
  const path = `/v1/audit/records/${sequence}/proof`;
  const text = await page.evaluate(async (asked) => {
    for (;;) {
      const answer = await fetch(asked);
      if (answer.ok) return answer.text();
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }, path);
  return { text, key: await readFile(join(server.data, "audit/keys/log.vkey"), "utf8") };
}

/** Leaves verifier.png: that of docs/images. */
async function proof({ page, server, output }) {
  const { text, key } = await proofOf(page, server, 5);
  await page.context().setOffline(true);
  await page.goto(VERIFIER);
  await page.locator("#log-keys").fill(key.trim());
  const choose = (content) =>
    page
      .locator("#file")
      .setInputFiles({ name: "record.proof", mimeType: "application/json", buffer: Buffer.from(content) });
  await choose(text);
  await page.locator("#verdict[data-verdict=yes]").waitFor(PATIENT);
  await page.locator("li[data-verdict=yes]", { hasText: "leaf 4 of" }).waitFor(PATIENT);
  await page.screenshot({ path: join(output, "verifier.png"), fullPage: true });
  const { hash } = JSON.parse(text).record;
  const turned = hash.slice(0, -1) + (Number.parseInt(hash.at(-1), 16) ^ 1).toString(16);
  await choose(text.replace(hash, turned));
  await page.locator("#verdict", { hasText: "Refused: record_differs" }).waitFor(PATIENT);
}

async function folder({ page, server }) {
  const { key } = await proofOf(page, server, 5);
  const copy = await mkdtemp(join(tmpdir(), "isthmus-audit-"));
  try {
    await copied(join(server.data, "audit/log/journal"), copy);
    await page.goto(VERIFIER);
    await page.locator("#log-keys").fill(key.trim());
    await page.locator("#folder").setInputFiles(copy);
    await page.locator("#verdict[data-verdict=yes]").waitFor(PATIENT);
    await page.locator("li[data-verdict=yes]", { hasText: "every record is there" }).waitFor(PATIENT);
    const path = join(copy, "tile/entries/000");
    const data = await readFile(path);
    data[ENTRY_BYTES * 4 + 20] ^= 1;
    await writeFile(path, data);
    await page.locator("#folder").setInputFiles(copy);
    await page.locator("li[data-reason=leaf_differs]", { hasText: /tile\/entries\/000.*entry 4,/s }).waitFor(PATIENT);
    assert.equal(await page.locator("li[data-verdict=no]").count(), 1);
  } finally {
    await rm(copy, { recursive: true });
  }
}

/** A copy of a journal that grows may end within a write: then it is copied again. */
async function journal({ page, server }) {
  const { text } = await proofOf(page, server, 5);
  const copy = await mkdtemp(join(tmpdir(), "isthmus-journal-"));
  try {
    await page.goto(VERIFIER);
    const verdict = page.locator("#verdict:not([data-verdict=open])[data-verdict]");
    for (let attempts = 0; attempts < 3; attempts += 1) {
      await cp(join(server.data, "journal"), join(copy, "journal"), { recursive: true, force: true });
      await writeFile(join(copy, "record.proof"), text);
      await page.reload();
      await page.locator("#folder").setInputFiles(copy);
      await verdict.waitFor(PATIENT);
      if ((await verdict.getAttribute("data-verdict")) === "yes") break;
    }
    await page.locator("li[data-verdict=yes]", { hasText: /Journal.*records, tail open/s }).waitFor(PATIENT);
    await page.locator("li[data-verdict=yes]", { hasText: "Record 5 of the proof" }).waitFor(PATIENT);
  } finally {
    await rm(copy, { recursive: true });
  }
}

/** The head first: what is copied after it is of that size or more. */
async function copied(from, to) {
  const head = await readFile(join(from, "checkpoint"));
  const heads = await readFile(join(from, "heads"), "utf8");
  await cp(from, to, { recursive: true });
  const size = Number(head.toString().split("\n")[1]);
  const older = heads.split("\n").filter((line) => line !== "" && JSON.parse(line).size <= size);
  await writeFile(join(to, "checkpoint"), head);
  await writeFile(join(to, "heads"), older.map((line) => `${line}\n`).join(""));
}

/** The store follows the journal, and a proof is there at the next head. */
const FOLLOWED = { timeout: 30_000 };

/** Leaves audit-order.png: that of docs/images. */
async function refused({ page, server, complaints, output }) {
  await openDesk(page, server);
  const account = await refuse(page);
  await page.keyboard.press("a");
  await page.getByLabel("Account").last().fill(account);
  await page.getByLabel("Reason").fill("insufficient_funds");
  const row = page.locator("tr[data-id]", { hasText: "insufficient funds" }).first();
  for (let attempts = 0; attempts < 30 && (await row.count()) === 0; attempts += 1) {
    await page.keyboard.press("Enter");
    await page.waitForTimeout(500);
  }
  await row.click();
  const life = page.getByRole("region", { name: /^Life of ord-/ });
  await life.getByText(/Refused or ended: insufficient funds/).waitFor(PATIENT);
  await life.getByText(`for ${account}`).first().waitFor(PATIENT);
  await life.locator("[data-verdict=failed]", { hasText: "funds" }).waitFor(PATIENT);
  await life.locator("[data-verdict=passed]", { hasText: "limits" }).waitFor(PATIENT);
  assert.equal(await life.locator("[data-field]").count(), 78);
  const unknownOnes = await life.locator("[data-field].unknown").count();
  assert.equal(await life.locator("[data-unknown]").getAttribute("data-unknown"), String(unknownOnes));
  await life.locator("[data-proof=holds]", { hasText: "78 fields" }).waitFor(FOLLOWED);
  await life.getByText("78 of 78 fields compared").waitFor(PATIENT);
  await page.screenshot({ path: join(output, "audit-order.png") });
  // The browser's console notes the refusal that this check is about.
  const others = complaints.filter((text) => !/422.*\/v1\/orders/.test(text));
  complaints.splice(0, complaints.length, ...others);
}

/** Of two events that one record caused, each has its own proof. */
async function filled({ page, server }) {
  await openDesk(page, server);
  await page.keyboard.press("a");
  await page.getByLabel("Event").fill("fill");
  const row = page.locator("tr[data-id]", { hasText: "fill" }).first();
  for (let attempts = 0; attempts < 30 && (await row.count()) === 0; attempts += 1) {
    await page.keyboard.press("Enter");
    await page.waitForTimeout(500);
  }
  await row.click();
  for (const event of ["fill", "new"]) {
    await page.locator(`[data-event=${event}] button`).first().click();
    await page.locator("[data-proof=holds]", { hasText: "78 fields" }).waitFor(FOLLOWED);
    await page.locator("[data-field=O65]", { hasText: event }).waitFor(PATIENT);
    await page.getByText("78 of 78 fields compared").waitFor(PATIENT);
  }
}

/** Sends an order that its account cannot pay; the account's id. */
async function refuse(page) {
  const { status, account } = await page.evaluate(async () => {
    const { accounts } = await (await fetch("/v1/session")).json();
    const order = { instrument: "BTC-USD", side: "buy", type: "market", quantity: "100000", time_in_force: "ioc" };
    const headers = { "Content-Type": "application/json", "Idempotency-Key": "audit-check" };
    const body = JSON.stringify({ ...order, account: accounts[0] });
    return { status: (await fetch("/v1/orders", { method: "POST", headers, body })).status, account: accounts[0] };
  });
  assert.equal(status, 422);
  return account;
}

async function phone({ page, server }) {
  await openDesk(page, server);
  await page.evaluate(() => (location.hash = "#audit"));
  await page.locator("tr[data-id]").first().waitFor(FOLLOWED);
  await page.locator("tr[data-id]").first().click();
  await page.locator("[data-field]").first().waitFor(PATIENT);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert(wide <= 390, `the page is ${wide} px wide`);
}

/** Leaves audit-witnesses.png: that of docs/images. */
async function witnesses({ page, server, output }) {
  await open(page, server);
  await page.keyboard.press("2");
  await page.locator("[data-quorum=true]").waitFor(PATIENT);
  const board = page.getByRole("region", { name: "Witnesses of the log" });
  await board.locator("[data-witness-state=signed]").nth(1).waitFor(PATIENT);
  assert.equal(await board.locator("tr[data-id]").count(), 3);
  await page.screenshot({ path: join(output, "audit-witnesses.png") });
}

/** With holders as processes the command line's drill shows it; a fresh broker has none. */
async function ceremonies({ page, server }) {
  await open(page, server);
  await page.keyboard.press("3");
  await page.getByText("No key is shared among holders yet").waitFor(PATIENT);
  await page.getByText("There was no ceremony yet.").waitFor(PATIENT);
}

async function client({ page, server }) {
  await page.goto(await server.linkFor("demo"));
  await page.locator(".health .good").first().waitFor(PATIENT);
  assert.equal(await page.getByRole("button", { name: "Audit", exact: true }).count(), 0);
  await page.evaluate(() => (location.hash = "#audit"));
  assert.equal(await page.getByRole("tab", { name: "Ceremonies" }).count(), 0);
}
