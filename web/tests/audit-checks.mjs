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
  { name: "a client has no audit page", run: client },
];

async function open(page, server) {
  await openDesk(page, server);
  await page.keyboard.press("a");
  assert.equal(await page.evaluate(() => location.hash), "#audit");
}

async function status({ page, server, complaints }) {
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
  unknown(complaints);
}

/** Calls that this broker does not answer are told on the page; the browser's console notes them too. */
function unknown(complaints) {
  const others = complaints.filter((text) => !/404.*\/v1\/audit\//.test(text));
  complaints.splice(0, complaints.length, ...others);
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

async function proof({ page, server }) {
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

async function client({ page, server }) {
  await page.goto(await server.linkFor("demo"));
  await page.locator(".health .good").first().waitFor(PATIENT);
  assert.equal(await page.getByRole("button", { name: "Audit", exact: true }).count(), 0);
  await page.evaluate(() => (location.hash = "#audit"));
  assert.equal(await page.getByRole("tab", { name: "Ceremonies" }).count(), 0);
}
