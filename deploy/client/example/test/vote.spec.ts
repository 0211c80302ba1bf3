import { ask, newPerson } from "./people";
import { announced, expect, test } from "./fixtures";

test("a vote shows before the server has answered, and is there afterwards", async ({ page, member }) => {
  void member;
  const question = await ask(await newPerson("asker"));
  let answered = false;
  await page.route(/\/vote$/, async (route) => {
    if (route.request().method() === "PUT") await new Promise((resolve) => setTimeout(resolve, 1_000));
    await route.continue();
    answered = true;
  });
  await page.goto(`/questions/${question.id}`);
  const post = page.locator(".question");
  const up = post.getByRole("button", { name: "支持する", exact: true });
  await up.click();
  await expect(post.locator(".net")).toHaveText("1", { timeout: 500 });
  await expect(up).toHaveAttribute("aria-pressed", "true");
  expect(answered).toBe(false);
  await expect(announced(page)).toContainText("投票しました。合計1票です。");
  await page.reload();
  await expect(up).toHaveAttribute("aria-pressed", "true");
  await up.click();
  await expect(announced(page)).toContainText("投票を取り消しました。合計0票です。");
  await expect(post.locator(".net")).toHaveText("0");
  await post.getByRole("button", { name: "支持しない" }).click();
  await expect(post.locator(".net")).toHaveText("-1");
});

test("a vote that the server refuses is taken back, with its reason", async ({ page, member, allow }) => {
  allow(/status of 403/);
  const own = await ask(member);
  await page.route(/\/vote$/, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 600));
    await route.continue();
  });
  await page.goto(`/questions/${own.id}`);
  const post = page.locator(".question");
  const up = post.getByRole("button", { name: "支持する", exact: true });
  await expect(up).toHaveAttribute("aria-disabled", "true");
  await up.click({ force: true });
  await expect(post.locator(".net")).toHaveText("1");
  await expect(post.getByRole("alert")).toHaveText(/自分/);
  await expect(post.locator(".net")).toHaveText("0");
  await expect(up).toHaveAttribute("aria-pressed", "false");
});

test("a vote that is lost on the way is taken back, and can be sent again", async ({
  page,
  member,
  allow,
}) => {
  allow(/ERR_INTERNET_DISCONNECTED|ERR_FAILED|ERR_NETWORK_CHANGED/);
  void member;
  const question = await ask(await newPerson("asker"));
  await page.goto(`/questions/${question.id}`);
  const post = page.locator(".question");
  await expect(post).toBeVisible();
  await page.context().setOffline(true);
  await expect(page.getByText("インターネットに接続されていません")).toBeVisible();
  await post.getByRole("button", { name: "支持する", exact: true }).click();
  await expect(post.getByRole("alert")).toContainText("接続が切れました", { timeout: 10_000 });
  await expect(post.locator(".net")).toHaveText("0");
  await page.context().setOffline(false);
  await expect(page.getByText("インターネットに接続されていません")).toBeHidden();
  await post.getByRole("button", { name: "もう一度試す" }).click();
  await expect(announced(page)).toContainText("投票しました。合計1票です。");
});

test("visitors who vote are led to sign in", async ({ page }) => {
  await page.goto("/questions/1");
  await page.locator(".question").getByRole("button", { name: "支持する", exact: true }).click();
  await expect(page).toHaveURL("/sign-in?to=/questions/1");
});
