// What the terminal must do, each as a sentence.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { openDesk, PATIENT, stepQuantity } from "./steps.mjs";

export const CHECKS = [
  { name: "a visitor without a session reads how to log in", run: visitorReadsHowToLogIn },
  { name: "an order goes from click to fill to balance to hashed record", run: orderToHashedRecord },
  { name: "an order is placed, replaced and cancelled by keyboard alone", run: keyboardAlone },
  { name: "a refusal stands next to its field with reason and limit", run: refusalAtItsField },
  { name: "a click on the ladder fills the ticket", run: ladderFillsTicket },
  { name: "everything is in sight at 1024 pixels", run: allInSight, view: { viewport: { width: 1024, height: 768 } } },
  { name: "ticket and blotter work at 390 pixels", run: phone, view: { viewport: { width: 390, height: 844 } } },
  { name: "the operator halts a market, orders are refused, and resumes it", run: haltAndResume },
  { name: "the desk says that the link is lost, and resumes by itself after a restart", run: survivesARestart },
  { name: "a session that ended leads back to the login page", run: sessionEnds },
  { name: "light and dark follow the system and the switch", run: themes, view: { colorScheme: "light" } },
];

async function visitorReadsHowToLogIn({ page, server, complaints }) {
  await page.goto(server.url);
  await page.getByRole("heading", { name: "You are not logged in" }).waitFor(PATIENT);
  assert.match(await page.locator("main").innerText(), /make run/);
  // The browser itself reports the 401 of /v1/session; that is the one complaint expected.
  assert.deepEqual(
    complaints.splice(0).filter((text) => !text.includes("401")),
    [],
  );
}

async function orderToHashedRecord({ page, server }) {
  await openDesk(page, server);
  await page.getByRole("tab", { name: "Balances" }).click();
  const quote = (await page.getByLabel("Price, ").count())
    ? (await page.locator("label[for=price]").innerText()).slice(7)
    : "";
  const before = await balanceOf(page, quote);

  await page.getByRole("radio", { name: "Market" }).check();
  await stepQuantity(page, 10);
  await page.locator(".send button").click();
  await page.getByRole("button", { name: /^Send: Buy/ }).click();
  const outcome = page.locator(".outcome.filled");
  await outcome.waitFor(PATIENT);
  const order = await outcome.getAttribute("data-order");

  await expectChange(async () => balanceOf(page, quote), before);
  await page.getByRole("tab", { name: "Fills" }).click();
  const fill = page.locator(".grid tbody tr", { hasText: order }).first();
  await fill.waitFor(PATIENT);
  const record = fill.getByRole("button", { name: /^rec-/ });
  const sequence = Number((await record.innerText()).replace("rec-", ""));
  await record.click();
  await checkRecordInBrowser(page, sequence);
}

/** The record stands in full in the journal, its hash checked by the page; then it is hashed here once more. */
async function checkRecordInBrowser(page, sequence) {
  await page.locator(".record h3", { hasText: `rec-${sequence}` }).waitFor(PATIENT);
  await page.locator(".record .proof .good").first().waitFor(PATIENT);
  assert.equal(await page.locator(".record .proof .bad").count(), 0);
  assert.equal(await page.locator(".record .proof > div.good").count(), 4);
  const [computed] = await page.locator(".record .proof code").allInnerTexts();
  const { prev, body, hash } = await page.evaluate(async (start) => {
    const answer = await fetch(`/v1/journal?start=${start}&limit=1`);
    return (await answer.json()).data[0];
  }, sequence);
  const here = createHash("sha256").update(Buffer.from(prev, "hex")).update(Buffer.from(body, "hex")).digest("hex");
  assert.equal(here, hash);
  assert.equal(computed, hash);
  await page
    .locator(".journal-tools .good", { hasText: /[1-9][\d,]* records checked in this browser, all match/ })
    .waitFor(PATIENT);
  await page.locator(".grid tbody tr[data-id]").first().waitFor(PATIENT);
}

async function keyboardAlone({ page, server }) {
  await openDesk(page, server);
  await page.keyboard.press("b");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "quantity");
  await page.keyboard.press("Escape");
  await page.evaluate(typeAtOnce);
  for (let steps = 0; steps < 3; steps += 1) await page.keyboard.press("Shift+ArrowUp");
  await page.keyboard.press("Shift+Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "price");
  await page.keyboard.type(await farBelowMarket(page));
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: /^Send: Buy/ }).waitFor(PATIENT);
  await page.keyboard.press("Enter");
  const outcome = page.locator(".outcome.open");
  await outcome.waitFor(PATIENT);
  const order = await outcome.getAttribute("data-order");

  await page.keyboard.press("1");
  const row = page.locator(`tr[data-id="${order}"]`);
  await row.waitFor(PATIENT);
  await tabTo(page, `Replace ${order}`);
  await page.keyboard.press("Enter");
  await page.getByLabel(`New price of ${order}`).waitFor(PATIENT);
  await page.keyboard.press("Tab");
  assert.equal(
    await page.evaluate(() => document.activeElement?.getAttribute("aria-label")),
    `New quantity of ${order}`,
  );
  const total = `${await page.getByLabel(`New quantity of ${order}`).inputValue()}`;
  await page.keyboard.press("Control+a");
  await page.keyboard.type(doubled(total));
  await page.keyboard.press("Enter");
  await row.getByText(doubled(total), { exact: true }).waitFor(PATIENT);

  await tabTo(page, `Cancel ${order}`);
  await page.keyboard.press("Enter");
  await row.waitFor({ state: "detached", ...PATIENT });
  await page.keyboard.press("2");
  await page.locator(`tr[data-id="${order}"]`, { hasText: "cancelled" }).waitFor(PATIENT);
}

/** Within one task: the shortcut, and whether the cursor is in the quantity before the next key could come. */
async function typeAtOnce() {
  window.dispatchEvent(new KeyboardEvent("keydown", { key: "s", bubbles: true }));
  await Promise.resolve();
  if (document.activeElement?.id !== "quantity") throw new Error("the cursor is late");
  document.activeElement.blur();
  window.dispatchEvent(new KeyboardEvent("keydown", { key: "b", bubbles: true }));
}

async function refusalAtItsField({ page, server, complaints }) {
  await openDesk(page, server);
  await page.keyboard.press("b");
  await page.keyboard.type("0");
  await page.keyboard.press("Enter");
  assert.match(await page.locator("#quantity-error").innerText(), /more than zero/i);
  await page.locator(".touch .ask").click();
  await page.locator("#quantity").fill("999999");
  await page.locator(".send button").click();
  await page.getByRole("button", { name: /^Send: Buy/ }).click();
  const error = page.locator(".ticket .error, .ticket .outcome.bad").filter({ hasText: /\w/ }).first();
  await error.waitFor(PATIENT);
  assert.match(await error.innerText(), /\d/, "the limit is named");
  // The browser itself reports the 422.
  assert.deepEqual(
    complaints.splice(0).filter((text) => !text.includes("422")),
    [],
  );
}

async function ladderFillsTicket({ page, server }) {
  await openDesk(page, server);
  const rung = page.locator('.rung[data-zone="ask best"]').first();
  await rung.waitFor(PATIENT);
  // Read and clicked in one turn, since the market moves.
  const price = await rung.evaluate((row) => {
    row.querySelector(".size[data-side=sell]").click();
    return row.dataset.price;
  });
  assert.equal((await page.locator("#price").inputValue()).replace(".", "").replace(/^0+/, ""), price);
  assert.equal(await page.locator(".ticket").getAttribute("data-side"), "sell");
  await page.keyboard.press("Escape");
  await page.keyboard.press("l");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
  const chosen = await page.locator('.rung[aria-selected="true"]').getAttribute("data-price");
  await page.keyboard.press("Enter");
  assert.equal((await page.locator("#price").inputValue()).replace(".", "").replace(/^0+/, ""), chosen);
}

async function allInSight({ page, server }) {
  await openDesk(page, server);
  for (const name of ["markets", "chart", "depth", "ticket", "blotter", "health"]) {
    const box = await page.locator(`.${name}`).first().boundingBox();
    assert(
      box && box.x >= 0 && box.y >= 0 && box.x + box.width <= 1024 && box.y + box.height <= 768,
      `${name} is in sight`,
    );
  }
  const send = await page.locator(".send button").boundingBox();
  assert(send && send.y + send.height <= 742, "the send button is in sight");
  await assertNoSidewaysScroll(page, 1024);
}

async function phone({ page, server }) {
  await openDesk(page, server);
  await assertNoSidewaysScroll(page, 390);
  await page.locator(".touch .bid").click();
  await page.locator("#price").fill(await farBelowMarket(page));
  await stepQuantity(page, 10);
  await page.locator(".send button").click();
  await page.getByRole("button", { name: /^Send: Buy/ }).click();
  const outcome = page.locator(".outcome.open");
  await outcome.waitFor(PATIENT);
  const order = await outcome.getAttribute("data-order");
  const cancel = page.getByRole("button", { name: `Cancel ${order}` });
  await cancel.scrollIntoViewIfNeeded();
  const box = await cancel.boundingBox();
  assert(box && box.x >= 0 && box.x + box.width <= 390, "the cancel button is within the page");
  await cancel.click();
  await cancel.waitFor({ state: "detached", ...PATIENT });
  await assertNoSidewaysScroll(page, 390);
}

async function haltAndResume({ page, server, complaints }) {
  await openDesk(page, server);
  const market = await page.locator(".market-head h1").innerText();
  const pull = async (lever) => {
    await page.keyboard.press("7");
    await page.getByRole("button", { name: `${lever} ${market}…` }).click();
    await page.getByRole("button", { name: "Yes, do it" }).click();
    await page.locator(".operate p.good", { hasText: lever }).waitFor(PATIENT);
  };
  await pull("Halt");
  await page.locator(".market-head .badge", { hasText: "Halted" }).waitFor(PATIENT);
  await page.locator(".touch .bid").click();
  await stepQuantity(page, 10);
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await page.locator(".outcome.bad", { hasText: "halted" }).waitFor(PATIENT);
  await page.keyboard.press("Escape");
  await pull("Resume");
  await page.locator(".market-head .badge").waitFor({ state: "detached", ...PATIENT });
  assert.deepEqual(
    complaints.splice(0).filter((text) => !text.includes("422")),
    [],
  );
}

async function survivesARestart({ page, server, complaints }) {
  await openDesk(page, server);
  await page.keyboard.press("6");
  await page.locator(".journal-tools .good", { hasText: "records checked" }).waitFor(PATIENT);
  await server.down();
  await page.locator(".health .trouble.bad", { hasText: "link to the server is down" }).waitFor(PATIENT);
  await server.up();
  await page.locator(".health .good", { hasText: "Live" }).waitFor(PATIENT);
  const sequence = () => page.locator(".health .item", { hasText: "Sequence" }).innerText();
  const before = await sequence();
  await expectChange(sequence, before);
  assert.match(await page.locator(".journal-tools").innerText(), /all match/, "the chain goes on over the restart");
  // While nobody listened, the browser itself reported that it could not connect.
  assert.deepEqual(
    complaints.splice(0).filter((text) => !/ERR_CONNECTION|WebSocket|ERR_EMPTY/.test(text)),
    [],
  );
}

async function sessionEnds({ page, server, complaints }) {
  await openDesk(page, server);
  await page.context().clearCookies();
  await server.down();
  await server.up();
  await page.getByRole("heading", { name: "You are not logged in" }).waitFor(PATIENT);
  complaints.splice(0);
}

async function themes({ page, server }) {
  await openDesk(page, server);
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  assert.equal(await theme(), "light");
  await page.keyboard.press("t");
  assert.equal(await theme(), "dark");
  await page.reload();
  await page.locator(".health .good").first().waitFor(PATIENT);
  assert.equal(await theme(), "dark", "the choice is kept");
  await page.keyboard.press("?");
  await page.getByRole("heading", { name: "Keyboard" }).waitFor(PATIENT);
  await page.keyboard.press("Escape");
  await page.locator("dialog").waitFor({ state: "detached", ...PATIENT });
}

async function balanceOf(page, asset) {
  const row = page.locator(".grid tbody tr", { hasText: asset }).first();
  await row.waitFor(PATIENT);
  return row.locator("td").nth(1).innerText();
}

async function expectChange(read, before) {
  for (let tries = 0; tries < 100; tries += 1) {
    if ((await read()) !== before) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`the balance stayed at ${before}`);
}

/** A tenth below the bid, on the tick: it rests. */
async function farBelowMarket(page) {
  const bid = (await page.locator(".touch .bid b").innerText()).replaceAll(",", "");
  const [whole, fraction = ""] = bid.split(".");
  const tick = (await page.locator(".field .hint").first().innerText()).replace("tick ", "");
  const units = (BigInt(whole + fraction) * 9n) / 10n;
  const step = BigInt(tick.split(".").join("").padEnd(1, "0")) || 1n;
  const text = ((units / step) * step).toString().padStart(fraction.length + 1, "0");
  return fraction ? `${text.slice(0, -fraction.length)}.${text.slice(-fraction.length)}` : text;
}

async function tabTo(page, label) {
  await page.locator("#blotter-body .grid").focus();
  for (let presses = 0; presses < 60; presses += 1) {
    if ((await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))) === label) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`Tab never reached "${label}"`);
}

function doubled(decimal) {
  const [whole, fraction = ""] = decimal.split(".");
  const text = (BigInt(whole + fraction) * 2n).toString().padStart(fraction.length + 1, "0");
  const made = fraction ? `${text.slice(0, -fraction.length)}.${text.slice(-fraction.length)}` : text;
  return made.includes(".") ? made.replace(/0+$/, "").replace(/\.$/, "") : made;
}

async function assertNoSidewaysScroll(page, width) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert(wide <= width, `the page is ${wide} px wide`);
}
