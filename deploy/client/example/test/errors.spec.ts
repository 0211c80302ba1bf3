import { api, ask, newPerson } from "./people";
import { expect, signInHere, test } from "./fixtures";

test("a question and a page that do not exist", async ({ page, allow }) => {
  allow(/status of (404|422)/);
  for (const path of ["/questions/999999", "/questions/abc", "/nowhere"]) {
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 }), path).toHaveText("ページが見つかりません");
  }
  await page.getByRole("link", { name: "質問一覧へ" }).click();
  await expect(page.locator(".card[data-question]").first()).toBeVisible();
});

test("without a connection the list says so, and can be loaded again", async ({ page, allow }) => {
  allow(/ERR_FAILED|Failed to fetch/);
  let connected = false;
  await page.route(`${api}/**`, (route) => (connected ? route.continue() : route.abort()));
  await page.goto("/");
  await expect(page.getByRole("alert")).toContainText("接続が切れました", { timeout: 10_000 });
  connected = true;
  await page.getByRole("button", { name: "もう一度試す" }).click();
  await expect(page.locator(".card[data-question]")).toHaveCount(20);
});

test("somebody who does too much is asked to wait", async ({ page, allow }) => {
  allow(/status of 429/);
  const person = await newPerson("hasty");
  const own = await ask(person);
  // The server of the tests takes 60 refused writes of a member in an hour.
  let last = 0;
  for (let i = 0; i < 80 && last !== 429; i++)
    last = await person.try("PUT", `/v1/posts/${own.id}/vote`, { value: 1 });
  expect(last).toBe(429);
  await signInHere(page, person);
  await page.goto("/questions/1");
  await page.locator(".question").getByRole("button", { name: "支持する", exact: true }).click();
  await expect(page.locator(".question").getByRole("alert")).toHaveText(/[ぁ-ん]/);
  await expect(page.locator(".question .net")).not.toHaveText("");
});
