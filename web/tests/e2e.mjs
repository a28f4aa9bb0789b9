// The terminal against the real server, in Debian's chromium:  npm run e2e
// Each check is named; without chromium each is reported as skipped by its name. Screenshots go to the folder that it names.
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AUDIT_CHECKS } from "./audit-checks.mjs";
import { CHECKS as DEALING_CHECKS } from "./checks.mjs";
import { DESK_CHECKS } from "./desk-checks.mjs";
import { MONEY_CHECKS } from "./money-checks.mjs";
import { ROUTE_CHECKS } from "./route-checks.mjs";
import { VERIFIER_CHECKS } from "./verifier-checks.mjs";
import { startServer } from "./server.mjs";

const CHECKS = [
  ...DEALING_CHECKS,
  ...DESK_CHECKS,
  ...ROUTE_CHECKS,
  ...MONEY_CHECKS,
  ...VERIFIER_CHECKS,
  ...AUDIT_CHECKS,
];
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const OUTPUT = process.env.E2E_OUTPUT ?? join(tmpdir(), "isthmus-terminal");
/** A check may name a longer one. */
const CHECK_TIMEOUT_MS = 90_000;
const FLAGS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

if (!existsSync(CHROMIUM)) {
  for (const { name } of CHECKS) console.log(`skipped  ${name}: no chromium at ${CHROMIUM}`);
  process.exit(0);
}
process.exit(await run(process.argv.slice(2).join(" ")));

async function run(wanted) {
  const { chromium } = await import("playwright-core");
  await mkdir(OUTPUT, { recursive: true });
  const server = await startServer();
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  let failed = 0;
  try {
    for (const check of CHECKS.filter(({ name }) => name.includes(wanted))) {
      const fault = await attempt(check, browser, server);
      console.log(fault ? `FAILED   ${check.name}\n${fault}` : `passed   ${check.name}`);
      if (fault) failed += 1;
    }
  } finally {
    await browser.close();
    await server.stop();
  }
  console.log(`screenshots in ${OUTPUT}`);
  return failed === 0 ? 0 : 1;
}

/** Runs one check in a context of its own; an error on the page's console fails it. */
async function attempt({ name, run: check, view, timeout = CHECK_TIMEOUT_MS }, browser, server) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: "dark", ...view });
  const page = await context.newPage();
  const complaints = [];
  page.on(
    "console",
    (message) => message.type() === "error" && complaints.push(`${message.text()} ${message.location().url}`),
  );
  page.on("pageerror", (fault) => complaints.push(fault.message));
  const picture = join(OUTPUT, `${name.replaceAll(/\W+/g, "-")}.png`);
  try {
    await withTimeout(check({ page, server, complaints, output: OUTPUT }), timeout);
    if (complaints.length > 0) throw new Error(`the page complained: ${complaints.join("; ")}`);
    return null;
  } catch (fault) {
    return String(fault.stack ?? fault);
  } finally {
    await page.screenshot({ path: picture }).catch(() => undefined);
    await context.close();
  }
}

function withTimeout(work, timeout) {
  const late = new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`took longer than ${timeout} ms`)), timeout).unref();
  });
  return Promise.race([work, late]);
}
