import { known } from "./people";
import { announced, expect, test } from "./fixtures";

test("search as one types asks once for a word, and shows why each was found", async ({ page }) => {
  const searched: string[] = [];
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.pathname === "/v1/search") searched.push(url.searchParams.get("q") ?? "");
  });
  await page.goto("/");
  const box = page.getByRole("searchbox");
  await box.pressSequentially(known.word, { delay: 40 });
  await expect(page.locator(".card mark").first()).toHaveText(/^[採蜜]+$/);
  await expect(box).toBeFocused();
  await expect(announced(page)).toContainText(/「採蜜」の検索結果/);
  await expect(page).toHaveURL(/\/search\?q=/);
  expect(searched).toEqual([known.word]);
});

test("a search that is not waited for any more is cancelled", async ({ page, allow }) => {
  allow(/ERR_ABORTED/);
  const aborted: string[] = [];
  page.on("requestfailed", (request) =>
    aborted.push(new URL(request.url()).searchParams.get("q") ?? request.url()),
  );
  await page.route(/\/v1\/search\?.*q=varroa/, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    await route.continue().catch(() => {}); // it is gone by then
  });
  await page.goto("/search");
  const box = page.getByRole("searchbox");
  const first = page.waitForRequest(/q=varroa/);
  await box.fill("varroa");
  await first;
  await box.fill("honey");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("honey");
  await expect(page.locator(".card").first()).toBeVisible();
  expect(aborted).toContain("varroa");
});

test("a search that finds nothing says so", async ({ page }) => {
  await page.goto("/search?q=zzzzqqqq");
  await expect(page.getByRole("searchbox")).toHaveValue("zzzzqqqq");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("「zzzzqqqq」は見つかりませんでした");
});
