// axe-core on each page, light and dark.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { ask } from "./people";
import { expect, test } from "./fixtures";

async function hold(page: Page, what: string) {
  // The other mode, for frames of other origins, opens a page for each run.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  const serious = violations.filter((v) => v.impact === "serious" || v.impact === "critical");
  const told = serious.map((v) => `${v.id}: ${v.nodes.map((node) => `${node.target.join(" ")} ${node.failureSummary ?? ""}`).join("; ")}`);
  expect(told, what).toEqual([]);
}

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });
    test.setTimeout(60_000);

    test(`axe finds nothing on pages of visitors, ${colorScheme}`, async ({ page, allow }) => {
      allow(/status of (404|422|401)/);
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

    test(`axe finds nothing on pages of members, ${colorScheme}`, async ({ page, member, allow }) => {
      allow(/status of (422|403)/);
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
  });
}
