import { expect, test } from "./fixtures";

test("the skip link leads past the header", async ({ page }) => {
  await page.goto("/");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(page.locator(".skip")).toBeFocused();
  await expect(page.locator(".skip")).toBeInViewport();
  await page.keyboard.press("Enter");
  await expect(page.locator("#main")).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "新着" })).toBeFocused();
});

test("everything can be reached and seen with the keyboard alone", async ({ page }) => {
  await page.goto("/questions/1");
  await expect(page.locator("[data-answer]").first()).toBeVisible();
  const reached: string[] = [];
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return null;
      return {
        name: element.getAttribute("aria-label") ?? element.textContent ?? "",
        outline: getComputedStyle(element).outlineStyle,
      };
    });
    if (!at) break;
    expect(at.outline, at.name).not.toBe("none");
    reached.push(at.name);
  }
  for (const name of ["支持する", "支持しない", "ログイン", "質問する", "ログインして回答する"])
    expect(reached).toContain(name);
});

test("small screens and large letters do not need to be scrolled sideways", async ({ page, member }) => {
  void member;
  await page.setViewportSize({ width: 320, height: 640 });
  for (const path of [
    "/",
    "/questions/1",
    "/questions/14",
    "/search?q=honey",
    "/ask",
    "/sign-in",
    "/nowhere",
  ]) {
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect(page.locator(".loading")).toHaveCount(0);
    expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(320);
  }
});

test("who wants less motion gets none", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.route(/\/v1\/questions\?/, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await route.continue();
  });
  await page.goto("/");
  const bar = page.locator(".ghost i").first();
  await expect(bar).toBeVisible();
  expect(
    await bar.evaluate((element) => parseFloat(getComputedStyle(element).animationDuration)),
  ).toBeLessThan(0.001);
});

test("dark and light follow the system, and the switch", async ({ page }) => {
  const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto("/");
  expect(await paper()).toBe("rgb(21, 18, 13)");
  await page.emulateMedia({ colorScheme: "light" });
  expect(await paper()).toBe("rgb(251, 247, 238)");
  await page.getByRole("button", { name: "暗い配色" }).click();
  expect(await paper()).toBe("rgb(21, 18, 13)");
  await page.reload();
  expect(await paper()).toBe("rgb(21, 18, 13)");
});
