// Steps that checks have in common.
export const PATIENT = { timeout: 20_000 };

/** Logs in by a fresh link and waits for a live desk with a price on both sides. */
export async function openDesk(page, server) {
  await page.goto(await server.link());
  await page.locator(".health .good").first().waitFor(PATIENT);
  for (const side of ["bid", "ask"]) await page.locator(`.touch .${side} b`, { hasText: /\d/ }).waitFor(PATIENT);
}

export async function stepQuantity(page, lots) {
  await page.locator("#quantity").focus();
  for (let steps = 0; steps < lots; steps += 10) await page.keyboard.press("Shift+ArrowUp");
}
