// What the page of money must show, each as a sentence.
import assert from "node:assert/strict";
import { join } from "node:path";
import { openDesk, PATIENT } from "./steps.mjs";

export const MONEY_CHECKS = [
  { name: "the books on the page add up to zero, and the waterfall has its layers", run: books },
  { name: "a client sees his own balances and margin, and nothing of the house", run: client },
  { name: "the page of money fits on 390 pixels", run: phone, view: { viewport: { width: 390, height: 844 } } },
];
/** The books follow the journal some looks behind. */
const BOOKED = { timeout: 30_000 };

async function open(page) {
  await page.getByRole("navigation", { name: "Pages" }).getByRole("button", { name: "Money" }).click();
}

async function openAccount(server, name, kind) {
  const { effects } = await server.operate("open_account", { name, kind });
  return `acc-${effects.find((effect) => "account" in effect).account}`;
}

/** Our capital, and of it a contribution to the default fund. */
async function fund(server) {
  const capital = await openAccount(server, "default_capital", "house");
  const member = await openAccount(server, "fund:demo", "insurance");
  await server.operate("deposit", { account: capital, asset: "USD", amount: "290000" });
  const move = { source: capital, target: member, asset: "USD", amount: "40000", purpose: "insurance" };
  await server.operate("move", move);
}

/** A margined position of the demo client. */
async function trade(page) {
  const status = await page.evaluate(async () => {
    const { accounts } = await (await fetch("/v1/session")).json();
    const order = { instrument: "BTC-USD-PERP", side: "buy", type: "market", quantity: "0.5", time_in_force: "ioc" };
    const headers = { "Content-Type": "application/json", "Idempotency-Key": "money-check" };
    const body = JSON.stringify({ ...order, account: accounts[0] });
    return (await fetch("/v1/orders", { method: "POST", headers, body })).status;
  });
  assert.equal(status, 201);
}

/** Leaves money.png: that of docs/images. */
async function books({ page, server, output }) {
  await fund(server);
  await openDesk(page, server);
  await trade(page);
  await open(page);
  await page.getByText(/Every asset adds up to zero, record \d+/).waitFor(BOOKED);
  const balances = page.getByRole("region", { name: "Balances", exact: true });
  await balances.getByText("house:fees").first().waitFor(PATIENT);
  const layers = page.getByRole("region", { name: "Default waterfall" }).locator("li[data-layer]");
  assert.equal(await layers.count(), 4);
  await page.locator("li[data-layer='Our capital']", { hasText: "250,000.00 USD" }).waitFor(BOOKED);
  await page
    .getByRole("region", { name: "Margin ladder" })
    .getByText(/BTC-USD-PERP \+0\.5/)
    .waitFor(BOOKED);
  await page.screenshot({ path: join(output, "money.png") });
}

async function client({ page, server }) {
  await page.goto(await server.linkFor("demo"));
  await page.locator(".health .good").first().waitFor(PATIENT);
  await open(page);
  await page.getByRole("region", { name: "Balances", exact: true }).getByText("USD").first().waitFor(BOOKED);
  assert.equal(await page.getByText("house:fees").count(), 0);
  assert.equal(await page.getByRole("region", { name: "Default waterfall" }).count(), 0);
}

async function phone({ page, server }) {
  await openDesk(page, server);
  await page.evaluate(() => (location.hash = "#money"));
  await page.getByText(/Every asset adds up to zero/).waitFor(BOOKED);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert(wide <= 390, `the page is ${wide} px wide`);
}
