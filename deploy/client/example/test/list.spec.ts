import { api } from "./people";
import { announced, expect, test } from "./fixtures";

test("the list's first view is one JSON request, and nothing jumps", async ({ page }) => {
  const asked: string[] = [];
  page.on("request", (request) => {
    if (request.url().startsWith(api)) asked.push(new URL(request.url()).pathname);
  });
  await page.addInitScript(() => {
    Object.assign(window, { shift: 0 });
    new PerformanceObserver((entries) => {
      for (const entry of entries.getEntries()) {
        Object.assign(window, {
          shift: Number(Reflect.get(window, "shift")) + Number(Reflect.get(entry, "value")),
        });
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
  await page.goto("/");
  await expect(page.locator(".card[data-question]")).toHaveCount(20);
  await page.waitForTimeout(300);
  expect(asked.filter((path) => !path.startsWith("/v1/media/"))).toEqual(["/v1/questions", "/v1/events"]);
  expect(await page.evaluate(() => Number(Reflect.get(window, "shift")))).toBeLessThan(0.01);
});

test("scrolling loads page after page until the end", async ({ page }) => {
  await page.goto("/");
  const cards = page.locator(".card[data-question]");
  await expect(cards).toHaveCount(20);
  await expect(announced(page)).toContainText(/20件/);
  await expect(async () => {
    await page.mouse.wheel(0, 20_000);
    await expect(page.getByText("すべての質問を表示しました。")).toBeVisible({ timeout: 300 });
  }).toPass();
  const ids = await cards.evaluateAll((all) => all.map((card) => card.getAttribute("data-question")));
  expect(ids.length).toBeGreaterThan(40);
  expect(new Set(ids).size).toBe(ids.length);
});

test("rows have excerpts, authors, and pictures whose place is known", async ({ page }) => {
  await page.goto("/search?q=水飲み場");
  const picture = page.locator("img.thumbnail").first();
  await expect(picture).toHaveAttribute("width", /^\d+$/);
  await expect(picture).toHaveAttribute("height", /^\d+$/);
  await picture.scrollIntoViewIfNeeded();
  await expect.poll(() => picture.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBeGreaterThan(0);
  await expect(page.locator(".card .excerpt").first()).not.toBeEmpty();
  await expect(page.locator(".card .handle").first()).not.toBeEmpty();
});

test("lists have an order of their own each", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("link", { name: "注目" }).click();
  await expect(page.getByRole("link", { name: "注目" })).toHaveAttribute("aria-current", "page");
  await page.getByRole("link", { name: "回答待ち" }).click();
  await expect(page).toHaveURL(/order=unanswered/);
  await expect(page.locator(".card[data-question]").first()).toContainText("回答 0");
});
