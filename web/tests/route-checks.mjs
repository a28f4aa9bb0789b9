// What the ticket, the blotter and the page of routes must do for orders that are worked, each as a sentence.
import assert from "node:assert/strict";
import { join } from "node:path";
import { startServer, writeDrills } from "./server.mjs";
import { openDesk, PATIENT } from "./steps.mjs";

export const ROUTE_CHECKS = [
  { name: "a TWAP from the ticket is worked: its children and why, its costs", run: twap },
  { name: "auto says why it chose its path", run: auto },
  { name: "an order that is worked, and its life, fit on 390 pixels", run: phone, view: narrow() },
  {
    name: "the drills: alpha is locked, bravo quarantined, charlie stale, each with its reason, and each comes back",
    run: drills,
    timeout: 180_000,
  },
];

/** The pace of the recordings; the guards count true seconds, so that charlie's 55 s of silence are 14 s here. */
const DRILL_SPEED = "4";
/** One loop of the recordings and a half, for whoever comes after an incident. */
const LOOP = { timeout: 60_000 };

function narrow() {
  return { viewport: { width: 390, height: 844 } };
}

/** Fills the ticket with a market order to be worked, and sends it; the order's id. */
async function work(page, path, quantity, minutes = "") {
  await page.getByRole("radio", { name: "Market" }).check();
  await page.locator("#quantity").fill(quantity);
  await page.getByLabel("Work by").selectOption(path);
  if (minutes) await page.getByLabel("Done within, minutes").fill(minutes);
  assert.equal(await page.locator(".terms").count(), 0, "special terms do not go with a path");
  assert.equal(await page.locator(".venue select").isDisabled(), true);
  await page.locator(".send button").click();
  await page.getByRole("button", { name: /^Send: Buy .* worked by/ }).click();
  const outcome = page.locator(".outcome[data-order]");
  await outcome.waitFor(PATIENT);
  return outcome.getAttribute("data-order");
}

async function twap({ page, server }) {
  await openDesk(page, server);
  const order = await work(page, "TWAP", "60", "0.5");
  const row = page.locator(`tr[data-id="${order}"]`);
  await row.getByText("Worked by TWAP").waitFor(PATIENT);
  await row.getByRole("button", { name: `Cancel ${order}` }).waitFor(PATIENT);
  await row.getByRole("button", { name: order, exact: true }).click();
  const life = page.getByRole("complementary", { name: `Life of ${order}` });
  await life.locator('li[data-child][data-status="filled"]').nth(1).waitFor(PATIENT);
  assert.match(await life.locator("li[data-child] p").first().innerText(), /slice \d+ of \d+/i);
  await life
    .locator(".cost-figures dd", { hasText: /[+−]\d+\.\d\d bps/ })
    .first()
    .waitFor(PATIENT);
  assert.match(await life.getByRole("table", { name: "By venue" }).innerText(), /house/);
  await row.getByText(/working · [1-9]\d* %/).waitFor({ ...PATIENT, state: "attached" });

  const child = await life.locator("li[data-child]").first().getAttribute("data-child");
  assert.equal(await page.locator(`tr[data-id="${child}"]`).count(), 0, "children stand behind their parent");
  await life.getByRole("button", { name: `Close the life of ${order}` }).click();
  await row.getByRole("button", { name: `Cancel ${order}` }).click();
  await row.waitFor({ state: "detached", ...PATIENT });
  await page.getByRole("tab", { name: "All orders" }).click();
  const told = page.locator(`tr[data-id="${child}"]`);
  await told.getByText("↳").waitFor(PATIENT);
  await told.getByRole("button", { name: child, exact: true }).click();
  await page.locator(".life .why", { hasText: `Works ${order}. Slice` }).waitFor(PATIENT);
}

async function auto({ page, server }) {
  await openDesk(page, server);
  const order = await work(page, "auto", "40");
  await page.getByRole("tab", { name: "All orders" }).click();
  const row = page.locator(`tr[data-id="${order}"]`);
  await row.getByText(/^Worked by [A-Z_]+$/).waitFor(PATIENT);
  await row.getByRole("button", { name: order, exact: true }).click();
  const why = page.locator(".life .parent-work .why");
  await why.filter({ hasText: /^[A-Z_]+ because: \w+/ }).waitFor(PATIENT);
  assert.doesNotMatch(await why.innerText(), /asked for by name/);
  const [path] = (await why.innerText()).split(" ");
  assert.equal(await row.getByText(`Worked by ${path}`, { exact: true }).count(), 1);
}

async function phone({ page, server }) {
  await openDesk(page, server);
  const order = await work(page, "TWAP", "40", "0.5");
  await page.getByRole("button", { name: `Life of ${order}` }).click();
  await page.locator(".life li[data-child]").first().waitFor(PATIENT);
  await assertFits(page);
  await page.getByRole("button", { name: "Routes", exact: true }).click();
  await page.locator("[data-route-state=open]").first().waitFor(PATIENT);
  await page.locator('.consolidated tbody[data-side="buy"] tr').first().waitFor(PATIENT);
  await assertFits(page);
}

async function assertFits(page) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert(wide <= 390, `the page is ${wide} px wide`);
}

/** Leaves routes.png, a picture of the page while a route is locked: that of docs/images. */
async function drills({ page, output }) {
  const server = await startServer({ words: ["--speed", DRILL_SPEED], prepare: writeDrills });
  try {
    await page.goto(await server.link());
    await page.locator(".health .good").first().waitFor(PATIENT);
    await page.keyboard.press("v");
    const book = page.getByRole("region", { name: "Consolidated book" });
    for (const venue of ["bravo", "charlie"]) await book.locator(`tr[data-venue=${venue}]`).first().waitFor(LOOP);

    await page.locator('tr[data-id="EURUSD alpha"] [data-route-state=locked]').waitFor(LOOP);
    await page.screenshot({ path: join(output, "routes.png") });
    await seenOut(page, "alpha", "locked", /1,000 pips from 1\.1/);
    await seenOut(page, "bravo", "quarantined", /its spread is 13\.\d+ bps, \d\.\d+ bps at most are usual/);
    await seenOut(page, "charlie", "stale", /silent for 10\.\d s while the others moved \d+ times/);
    const events = await page.getByRole("region", { name: "What happened to routes" }).innerText();
    assert.doesNotMatch(events, /\d{7,}/, "no raw figures");
  } finally {
    await page.goto("about:blank");
    await server.stop();
  }
}

/** The route's incident from its begin to its end, with its reason, and out of the book in the meantime. */
async function seenOut(page, venue, state, why) {
  const row = page.locator(`tr[data-id="EURUSD ${venue}"]`);
  const left = page.getByRole("list", { name: "Not in this book" });
  await row.locator(`[data-route-state=${state}]`).waitFor(LOOP);
  await left.getByText(why).waitFor(PATIENT);
  assert.equal(await page.locator(`.consolidated tr[data-venue=${venue}]`).count(), 0, `${venue} is in no level`);
  if (state === "locked")
    assert((await row.locator("[data-vote]").count()) >= 2, "at least two checks voted against it");
  await page.locator(`[data-route-event=${state}][data-venue=${venue}]`, { hasText: why }).first().waitFor(PATIENT);
  await row.locator("[data-route-state=open]").waitFor(LOOP);
  await page.locator(`[data-route-event="no longer ${state}"][data-venue=${venue}]`).first().waitFor(PATIENT);
  await page.locator(`.consolidated tr[data-venue=${venue}]`).first().waitFor(LOOP);
}
