import { ask, newPerson } from "./people";
import { entry, expect, open, test, toast } from "./fixtures";

test("on a phone the navigation opens and closes, and a queue is worked off by touch", async ({ page }) => {
  const author = await newPerson("phone");
  const question = await ask(author, "電話で承認する質問です");
  await open(page, "moderator", "/categories");
  await expect(page.getByRole("link", { name: "Waiting" })).toBeHidden();
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("link", { name: "Waiting" }).click();
  await expect(page.getByRole("link", { name: "Waiting" })).toBeHidden();
  await entry(page, question.title).getByRole("button", { name: "Approve" }).tap();
  await toast(page).getByRole("button", { name: /Undo/ }).tap();
  await expect(entry(page, question.title)).toBeVisible();
});

test("320 px do not need to be scrolled sideways", async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await open(page, "administrator", "/queue");
  for (const path of ["/queue", "/statistics", "/jobs", "/options", "/webhooks", "/tokens", "/changes", "/users", "/categories", "/addresses"]) {
    await page.goto(`/console${path}`);
    await expect(page.locator("main h1")).toBeVisible();
    await expect(page.locator(".loading")).toHaveCount(0);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(wide, path).toBeLessThanOrEqual(0);
  }
});
