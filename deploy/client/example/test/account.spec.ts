import { randomBytes } from "node:crypto";
import { newPerson } from "./people";
import { announced, expect, signInHere, test } from "./fixtures";

test("sign-up, with what is wrong beside each field; sign-out; sign-in", async ({ page, allow }) => {
  allow(/status of 4(22|01)/);
  const handle = `hana-${randomBytes(3).toString("hex")}`;
  await page.goto("/");
  await page.getByRole("link", { name: "ログイン" }).click();
  await page.getByRole("link", { name: "新規登録" }).click();
  await page.getByLabel("名前").fill(handle);
  await page.getByLabel("メールアドレス").fill("no-address");
  await page.getByLabel("パスワード").fill("short");
  await page.getByRole("button", { name: "新規登録" }).click();
  for (const label of ["メールアドレス", "パスワード"]) {
    await expect(page.getByLabel(label)).toHaveAttribute("aria-invalid", "true");
    await expect(page.getByLabel(label)).toHaveAccessibleDescription(/[ぁ-ん]/);
  }
  await expect(page.getByLabel("メールアドレス")).toBeFocused();
  await page.getByLabel("メールアドレス").fill(`${handle}@example.jp`);
  await page.getByLabel("パスワード").fill("mitsubachi-2026");
  await page.getByLabel("名前").fill("queen");
  await page.getByRole("button", { name: "新規登録" }).click();
  await expect(page.getByLabel("名前")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByLabel("名前")).toBeFocused();
  await page.getByLabel("名前").fill(handle);
  await page.getByRole("button", { name: "新規登録" }).click();
  await expect(announced(page)).toContainText(new RegExp(handle));
  await expect(page).toHaveURL("/");
  await page.reload();
  await expect(page.getByText(`${handle} としてログイン中`)).toBeAttached();
  await page.getByRole("button", { name: "ログアウト" }).click();
  await expect(page.getByRole("link", { name: "ログイン" })).toBeVisible();
  expect(await page.evaluate(() => localStorage.getItem("q2a-refresh-token"))).toBeNull();

  await page.getByRole("link", { name: "ログイン" }).click();
  await page.getByLabel("名前またはメールアドレス").fill(handle);
  await page.getByLabel("パスワード").fill("wrong-password");
  await page.getByRole("button", { name: "ログイン" }).click();
  await expect(page.getByRole("alert")).toBeFocused();
  await page.getByLabel("パスワード").fill("mitsubachi-2026");
  await page.getByRole("button", { name: "ログイン" }).click();
  await expect(page.getByText(`${handle} としてログイン中`)).toBeAttached();
});

test("a session that was ended elsewhere says so, and what is public can still be read", async ({
  page,
  allow,
}) => {
  allow(/status of 401/);
  const person = await newPerson("gone");
  await person.do("POST", "/v1/auth/sign-out", { everywhere: true });
  await signInHere(page, person);
  await page.goto("/");
  await expect(page.locator(".card[data-question]").first()).toBeVisible();
  await expect(page.getByRole("link", { name: "ログイン" })).toBeVisible();
});
