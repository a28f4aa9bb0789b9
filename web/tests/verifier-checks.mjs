// What the verifier's one page must do, opened from a file and without a network, each as a sentence.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { runnerImport } from "vite";

const ROOT = new URL("../", import.meta.url).pathname;
const PAGE = join(ROOT, "dist/verifier.html");
const OFFLINE = { offline: true };

export const VERIFIER_CHECKS = [
  { name: "the verifier's page proves a proof from a file, without a network", run: proves, view: OFFLINE },
  { name: "the verifier's page names what a turned bit of a proof breaks", run: refuses, view: OFFLINE },
  { name: "the verifier's page finds a turned bit in the folder of a log", run: locates, view: OFFLINE },
  {
    name: "the verifier's page is worked by keys and fits on 390 pixels",
    run: keys,
    view: { viewport: { width: 390, height: 844 } },
  },
  { name: "the broker serves the verifier's page as it is built", run: served },
];

const logs = async () => (await runnerImport(join(ROOT, "tests/unit/verifier/log.ts"))).module;

async function open(page) {
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(pathToFileURL(PAGE).href);
  return asked;
}

const chosen = (text) => ({ name: "order.proof", mimeType: "application/json", buffer: Buffer.from(text) });
const refused = (page) => page.locator("#findings li[data-verdict=no]");

async function verdict(page, pattern) {
  await page.locator("#verdict", { hasText: pattern }).waitFor();
}

async function proves({ page }) {
  const { orderProof, LOG_KEYS, WITNESSES } = await logs();
  const asked = await open(page);
  await page.locator("#log-keys").fill(LOG_KEYS.orders.vkey);
  await page.locator("#witness-keys").fill(WITNESSES.map(({ vkey }) => vkey).join("\n"));
  await page.locator("#file").setInputFiles(chosen(orderProof(9, [0, 2, 77])));
  await verdict(page, /What was checked holds/);
  assert.equal(await refused(page).count(), 0);
  await page.locator("li[data-verdict=yes]", { hasText: "Field O01value 0 ü" }).waitFor();
  await page.locator("li[data-verdict=open]", { hasText: "75 of 78" }).waitFor();
  assert.deepEqual(
    asked.filter((url) => !url.startsWith("file:") && !url.startsWith("data:")),
    [],
  );
}

async function refuses({ page }) {
  const { orderProof, LOG_KEYS } = await logs();
  await open(page);
  const whole = orderProof(9, [0]);
  await page.locator("#file").setInputFiles(chosen(whole.replace('"value 0 ü"', '"value 1 ü"')));
  await verdict(page, "Refused: field_differs");
  await page.locator("#file").setInputFiles(chosen(whole.replace('"index":8', '"index":0')));
  await verdict(page, "Refused: inclusion_fails");
  await page.locator("#log-keys").fill(LOG_KEYS.journal.vkey);
  await verdict(page, "wrong_log");
}

/** A folder of a log on the disk, as a broker leaves it. */
async function written(files) {
  const folder = await mkdtemp(join(tmpdir(), "isthmus-log-"));
  for (const [path, data] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), data);
  }
  return folder;
}

async function locates({ page }) {
  const { journalEntry, LOG_KEYS, logFiles } = await logs();
  const records = Array.from({ length: 600 }, (_, at) => journalEntry(41 + at));
  const folder = await written(logFiles(records, LOG_KEYS.journal, 300));
  try {
    await open(page);
    await page.locator("#log-keys").fill(LOG_KEYS.journal.vkey);
    await page.locator("#folder").setInputFiles(folder);
    await verdict(page, /What was checked holds/);
    const path = join(folder, "tile/entries/001");
    const data = await readFile(path);
    data[44 * 7 + 20] ^= 4;
    await writeFile(path, data);
    await page.locator("#folder").setInputFiles(folder);
    await verdict(page, "Refused: leaf_differs");
    const found = await refused(page).allInnerTexts();
    assert.equal(found.length, 1);
    assert.match(found[0].replaceAll("\n", " "), /tile\/entries\/001.*entry 263, bytes 308 on/);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function keys({ page }) {
  await open(page);
  await page.keyboard.press("k");
  assert.equal(await page.evaluate(() => document.activeElement.id), "log-keys");
  await page.keyboard.press("Escape");
  const asked = page.waitForEvent("filechooser");
  await page.evaluate(() => document.activeElement.id); // by then the browser knows that dialogs are watched
  await page.keyboard.press("p");
  assert((await asked).isMultiple());
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert(wide <= 390, `the page is ${wide} px wide`);
}

/** Even from the broker the page can ask nothing: its own policy forbids it, and the browser says so. */
async function served({ page, server, complaints }) {
  const { orderProof } = await logs();
  await page.goto(`${server.url}/verifier.html`);
  const asked = await page.evaluate(() =>
    fetch("/health").then(
      () => true,
      () => false,
    ),
  );
  assert.equal(asked, false);
  const forbidden = complaints.splice(0);
  assert(forbidden.length > 0 && forbidden.every((text) => text.includes("Content Security Policy")), forbidden.join());
  await page.locator("#file").setInputFiles(chosen(orderProof(9, [0])));
  await verdict(page, /What was checked holds/);
}
