// What the market desk, the kill switch and the ticket's special terms must do, each as a sentence.
import assert from "node:assert/strict";
import { openDesk, PATIENT, stepQuantity } from "./steps.mjs";

export const DESK_CHECKS = [
  { name: "the ticket shows the fields of the chosen order and no others", run: onlyItsFields },
  { name: "an iceberg rests, its terms stand in the table, and its life is told", run: icebergAndItsLife },
  { name: "the market desk shows state, rules, day, depth and orders of a market", run: marketDesk },
  { name: "the desk shows an auction, its price to come, a band, a market maker and a dark pool", run: auctionDesk },
  { name: "a client may look at the market desk and change nothing", run: clientOnlyLooks },
  { name: "the kill switch asks for its scope's name and two operators re-arm it", run: killAndRearm },
  {
    name: "market desk and kill switch work at 390 pixels",
    run: phone,
    view: { viewport: { width: 390, height: 844 } },
  },
];

const chooseType = (page, type) => page.getByLabel("Order type, others").selectOption(type);

async function onlyItsFields({ page, server }) {
  await openDesk(page, server);
  const shown = async (id) => (await page.locator(`#${id}`).count()) > 0 && (await page.locator(`#${id}`).isVisible());
  assert.equal(await shown("stop_price"), false);
  await chooseType(page, "stop_limit");
  assert.equal(await shown("stop_price"), true);
  assert.equal(await shown("offset"), false);
  await chooseType(page, "trailing_stop");
  assert.equal(await shown("offset"), true);
  assert.equal(
    await page
      .locator("label[for=price]")
      .innerText()
      .then((text) => text.startsWith("Limit")),
    true,
  );
  await chooseType(page, "stop");
  assert.equal(await page.locator("#price").isDisabled(), true);
  await page.locator(".send button").click();
  assert.match(await page.locator("#stop_price-error").innerText(), /At what price/);
  assert.match(await page.locator("#quantity-error").innerText(), /How much/);
  await page.getByRole("radio", { name: "Limit", exact: true }).check();
  await page.locator(".terms summary").click();
  await page.locator("#display_quantity").fill("1");
  assert.equal(await page.getByLabel("Hidden").count(), 0, "what shows a part is not hidden");
  assert.equal(await shown("display_quantity_max"), true);
  await page.getByLabel("Time in force, others").selectOption("gtd");
  assert.equal(await shown("expires_at"), true);
}

async function icebergAndItsLife({ page, server }) {
  await openDesk(page, server);
  await page.locator(".touch .bid").click();
  await stepQuantity(page, 10);
  await page.locator(".terms summary").click();
  const lot = (await page.locator(".hint", { hasText: /^lot / }).first().innerText()).replace("lot ", "");
  await page.locator("#display_quantity").fill(lot);
  await page.locator(".send button").click();
  await page.getByRole("button", { name: /^Send: Buy/ }).click();
  const outcome = page.locator(".outcome[data-order]");
  await outcome.waitFor(PATIENT);
  const order = await outcome.getAttribute("data-order");
  const row = page.locator(`tr[data-id="${order}"]`);
  await page.getByRole("tab", { name: "All orders" }).click();
  await row.getByText(/shows/).waitFor(PATIENT);
  await row.getByRole("button", { name: order, exact: true }).click();
  const life = page.getByRole("complementary", { name: `Life of ${order}` });
  await life.locator('li[data-event="accepted"]').waitFor(PATIENT);
  await page.getByRole("tab", { name: "Open orders" }).click();
  const cancel = page.getByRole("button", { name: `Cancel ${order}` });
  if (await cancel.isVisible()) await cancel.click();
  await page.getByRole("tab", { name: "All orders" }).click();
  await row.getByRole("button", { name: order, exact: true }).click();
  await life.locator('li[data-event="cancelled"], li[data-event="traded"]').first().waitFor(PATIENT);
  await life.getByRole("button", { name: /^rec-/ }).first().click();
  await page.locator(".record .proof .good").first().waitFor(PATIENT);
}

async function marketDesk({ page, server }) {
  await openDesk(page, server);
  await page.keyboard.press("o");
  const states = page.getByRole("region", { name: "Trading states of all markets" });
  await states.locator("tr[data-id]").first().waitFor(PATIENT);
  const detail = page.locator(".detail");
  await detail.locator("h4", { hasText: /^Day \d{4}-/ }).waitFor(PATIENT);
  await detail.locator(".profile tbody tr").nth(9).waitFor(PATIENT);
  const [bids] = await detail.locator(".profile tbody tr").last().locator("b").allInnerTexts();
  assert.match(bids, /[1-9]/, "something stands within the widest step");
  await detail.getByRole("button", { name: "Show" }).click();
  await detail.locator(".book-orders tr[data-id]").first().waitFor(PATIENT);
  await detail.locator(".book-orders tr[data-id]").first().click();
  await detail.locator('.life li[data-event="accepted"]').waitFor(PATIENT);
  const rows = states.locator("tr[data-id]");
  const other = await rows.nth(1).getAttribute("data-id");
  await rows.nth(1).click();
  await detail.getByRole("heading", { name: other }).waitFor(PATIENT);
  await page.reload();
  await detail.getByRole("heading", { name: other }).waitFor(PATIENT);
  await page.keyboard.press("d");
  await page.locator(".ticket").waitFor(PATIENT);
}

async function auctionDesk({ page, server }) {
  await openDesk(page, server);
  const account = await page.locator(".who select").inputValue();
  const market = "EUR-USD";
  await server.operate("set_rule", { instrument: market, rule: "static_band_bps", value: 500 });
  await server.operate("register_maker", {
    account,
    instrument: market,
    spread: "0.00010",
    quantity: "1000",
    presence_bps: 9000,
  });
  await server.operate("add_instrument", {
    instrument: "POOL",
    kind: "equity",
    base: "ACME",
    quote: "USD",
    price_decimals: 2,
    quantity_decimals: 0,
    tick_size: "0.01",
    lot_size: "1",
    mark: "570.00",
  });
  await server.operate("set_rule", { instrument: "POOL", rule: "book", value: 4 });
  await page.reload();
  await page.locator(".health .good").first().waitFor(PATIENT);
  await page.keyboard.press("o");
  const states = page.getByRole("region", { name: "Trading states of all markets" });
  await states.locator('tr[data-id="POOL"]').click();
  const detail = page.locator(".detail");
  await detail.locator(".dark-note").waitFor(PATIENT);
  assert.equal(await detail.locator(".profile").count(), 0, "a dark book has no depth to see");
  await states.locator(`tr[data-id="${market}"]`).click();
  const row = states.locator(`tr[data-id="${market}"]`);
  await row.getByText(/static/).waitFor(PATIENT);
  await page.locator(".makers").getByText(account).waitFor(PATIENT);
  const pull = async (lever) => {
    await detail.locator(".state-levers").getByRole("button", { name: lever, exact: true }).click();
    await detail.getByRole("button", { name: "Yes, do it" }).click();
  };
  await pull("Volatility auction");
  await row.getByText("Volatility auction").waitFor(PATIENT);
  await detail.locator(".indicative").waitFor(PATIENT);
  await pull("Uncross");
  await row.getByText("Continuous").waitFor(PATIENT);
  await detail.getByRole("heading", { name: "Last auction" }).waitFor(PATIENT);
}

async function clientOnlyLooks({ page, server, complaints }) {
  await page.goto(await server.linkFor("demo"));
  await page.locator(".health .good").first().waitFor(PATIENT);
  assert.equal(await page.getByRole("button", { name: "Kill switch" }).count(), 0);
  await page.keyboard.press("k");
  await page.locator(".ticket").waitFor(PATIENT);
  await page.getByRole("button", { name: "Market desk" }).click();
  await page.locator(".states tr[data-id]").first().waitFor(PATIENT);
  await page.locator(".profile tbody tr").first().waitFor(PATIENT);
  assert.equal(await page.locator(".state-levers").count(), 0);
  assert.equal(await page.locator(".book-orders").count(), 0);
  assert.deepEqual(complaints, []);
}

async function killAndRearm({ page, server, complaints }) {
  await openDesk(page, server);
  await page.keyboard.press("k");
  const account = await page.locator(".who select").inputValue();
  const button = page.locator(".kill .danger");
  await page.getByLabel("Target: account").fill(account);
  assert.equal(await button.isDisabled(), true);
  await page.getByLabel("Type the scope's name").fill("everything");
  assert.equal(await button.isDisabled(), true, "another name than the scope's is not enough");
  await page.getByLabel("Type the scope's name").fill(account);
  await button.click();
  const card = page.locator(".kill-list li");
  await card.locator("[data-purged]").waitFor(PATIENT);
  assert.match(await card.locator("code").last().innerText(), /^[0-9a-f]{64}$/);
  await page.locator(".views .count", { hasText: "1" }).waitFor(PATIENT);

  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Dealing" }).click();
  await page.locator(".touch .bid b", { hasText: /\d/ }).waitFor(PATIENT);
  await page.locator(".touch .bid").click();
  await stepQuantity(page, 10);
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await page.locator(".ticket .bad, .ticket .error", { hasText: /kill/i }).first().waitFor(PATIENT);

  await page.getByRole("button", { name: "Kill switch" }).click();
  const agree = async (tab) => {
    await tab.getByRole("button", { name: /^Agree to re-arm/ }).click();
    await tab.getByRole("button", { name: "Yes, I agree" }).click();
  };
  await agree(page);
  await card.locator(".warn", { hasText: "operator agreed" }).waitFor(PATIENT);
  await agree(page);
  await card.locator(".bad[role=alert]", { hasText: "another operator" }).waitFor(PATIENT);

  const context = await page.context().browser().newContext();
  const other = await context.newPage();
  await other.goto(await server.linkFor("second"));
  await other.locator(".health .good").first().waitFor(PATIENT);
  await other.getByRole("button", { name: "Kill switch" }).click();
  await agree(other);
  await page.getByText("Nothing is killed").waitFor(PATIENT);
  await context.close();
  // The browser itself reports the refusals that were meant.
  assert.deepEqual(
    complaints.splice(0).filter((text) => !text.includes("422")),
    [],
  );
}

async function phone({ page, server }) {
  await openDesk(page, server);
  for (const name of ["Market desk", "Kill switch"]) {
    await page.getByRole("button", { name }).click();
    await page.locator(".panel").first().waitFor(PATIENT);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert(wide <= 390, `${name} is ${wide} px wide`);
  }
}
