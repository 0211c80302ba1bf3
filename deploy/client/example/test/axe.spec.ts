// axe-core on each page. What does not depend on colours is looked at once.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { ask } from "./people";
import { expect, test } from "./fixtures";

test.setTimeout(60_000);

async function hold(page: Page, what: string) {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    // The other mode, for frames of other origins, opens a page for each run.
    const axe = new AxeBuilder({ page }).setLegacyMode();
    const { violations, passes } = await (
      colorScheme === "light" ? axe : axe.withRules(["color-contrast"])
    ).analyze();
    expect(
      passes.map((rule) => rule.id),
      what,
    ).toContain("color-contrast");
    const serious = violations.filter((v) => v.impact === "serious" || v.impact === "critical");
    const told = serious.map(
      (v) =>
        `${v.id}: ${v.nodes.map((node) => `${node.target.join(" ")} ${node.failureSummary ?? ""}`).join("; ")}`,
    );
    expect(told, `${what}, ${colorScheme}`).toEqual([]);
  }
}

test("axe finds nothing on pages of visitors, light and dark", async ({ page, allow }) => {
  allow(/status of (404|422|401)/);
  await page.emulateMedia({ reducedMotion: "reduce" }); // colours do not fade in
  for (const path of ["/", "/questions/1", "/search?q=採蜜", "/nowhere", "/ask"]) {
    await page.goto(path);
    await expect(page.locator("main h1")).toBeVisible();
    await expect(page.locator(".loading")).toHaveCount(0);
    await hold(page, path);
  }
  for (const path of ["/sign-in", "/sign-up"]) {
    await page.goto(path);
    await page.locator("main button[type=submit]").click();
    await expect(page.getByRole("alert")).toBeVisible();
    await hold(page, path);
  }
});

test("axe finds nothing on pages of members, light and dark", async ({ page, member, allow }) => {
  allow(/status of (422|403)/);
  await page.emulateMedia({ reducedMotion: "reduce" });
  const own = await ask(member);
  await page.goto("/ask");
  await page.locator("main button[type=submit]").click();
  await expect(page.locator(".wrong").first()).toBeVisible();
  await hold(page, "/ask");
  await page.goto(`/questions/${own.id}`);
  await page.locator(".question .vote").first().click({ force: true });
  await expect(page.locator(".vote-refused")).toBeVisible();
  await page.getByRole("button", { name: "コメントする" }).first().click();
  await hold(page, "/questions/{id}");
});
