import { ask, askOpenly, newPerson, signedIn } from "./people";
import { entry, expect, open, test, toast } from "./fixtures";

const stateOf = async (id: number) => {
  const queen = await signedIn("administrator");
  return (await queen.do<{ state: string }>("GET", `/v1/questions/${id}`)).state;
};

test("a queue is worked off with the keyboard, and an action can be taken back", async ({ page }) => {
  const author = await newPerson("waiting");
  const first = await ask(author, "承認を待つ最初の質問");
  const second = await ask(author, "承認を待つ次の質問です");
  await open(page, "moderator", "/queue");
  await expect(entry(page, first.title)).toBeVisible();
  await entry(page, second.title).focus();
  await page.keyboard.press("Enter");
  await expect(entry(page, second.title).getByRole("button", { name: "Details" })).toHaveAttribute(
    "aria-expanded",
    "true",
  );
  await page.keyboard.press("r");
  await expect(entry(page, second.title)).toHaveCount(0);
  await expect(toast(page)).toContainText(`Rejected: ${second.title}`);
  expect(await stateOf(second.id), "it is not sent yet").toBe("queued");
  await page.keyboard.press("z");
  await expect(entry(page, second.title)).toBeVisible();
  expect(await stateOf(second.id)).toBe("queued");

  await entry(page, first.title).focus();
  await page.keyboard.press("a");
  await expect(entry(page, first.title)).toHaveCount(0);
  await toast(page).filter({ hasText: first.title }).getByRole("button", { name: "Close" }).last().click();
  await expect.poll(() => stateOf(first.id)).toBe("visible");
  await page.reload();
  await expect(entry(page, second.title)).toBeVisible();
  await expect(entry(page, first.title)).toHaveCount(0);
});

test("what is still held back is sent when the page is left", async ({ page }) => {
  const author = await newPerson("leaving");
  const question = await ask(author, "ページを離れるときの質問");
  await open(page, "moderator", "/queue");
  await entry(page, question.title).getByRole("button", { name: "Approve" }).click();
  await expect(entry(page, question.title)).toHaveCount(0);
  await page.goto("about:blank");
  await expect.poll(() => stateOf(question.id)).toBe("visible");
});

test("what is still held back is sent before one signs out", async ({ page }) => {
  const author = await newPerson("signing-out");
  const question = await ask(author, "ログアウトする前の質問です");
  await open(page, "moderator", "/queue");
  await entry(page, question.title).getByRole("button", { name: "Approve" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in");
  expect(await stateOf(question.id)).toBe("visible");
});

test("j and k move, and the help names every key", async ({ page }) => {
  const author = await newPerson("moving");
  for (const n of [1, 2, 3]) await ask(author, `動いて選ぶ質問の番号${n}`);
  await open(page, "moderator", "/queue");
  await expect(page.locator("[data-entry]").nth(2)).toBeVisible();
  await page.keyboard.press("j");
  await expect(page.locator("[data-entry]").nth(0)).toBeFocused();
  await page.keyboard.press("j");
  await expect(page.locator("[data-entry]").nth(1)).toBeFocused();
  await page.keyboard.press("k");
  await expect(page.locator("[data-entry]").nth(0)).toBeFocused();
  await page.keyboard.press("?");
  const help = page.getByRole("dialog");
  for (const key of ["j", "k", "Enter", "a", "r", "z", "?"]) {
    await expect(help.locator("kbd").getByText(key, { exact: true })).toBeVisible();
  }
  const before = await page.locator("[data-entry]").count();
  await page.keyboard.press("a"); // for the dialog, and not for the queue behind it
  await page.keyboard.press("Escape");
  await expect(help).toHaveCount(0);
  await expect(page.locator("[data-entry]")).toHaveCount(before);
  await expect(toast(page)).toBeEmpty();
});

test("an action that the server refuses brings the entry back, and says why", async ({ page, allow }) => {
  allow(/status of 4\d\d/);
  const author = await newPerson("refused");
  const question = await ask(author, "もう片付いている質問です");
  await open(page, "moderator", "/queue");
  await expect(entry(page, question.title)).toBeVisible();
  const queen = await signedIn("administrator");
  await queen.do("PUT", `/v1/posts/${question.id}/approval`, { approved: false });
  await queen.do("DELETE", `/v1/questions/${question.id}`);
  await entry(page, question.title).getByRole("button", { name: "Approve" }).click();
  await toast(page).getByRole("button", { name: "Close" }).last().click();
  await expect(page.locator(".toast.bad")).toBeVisible();
});

test("flagged posts are hidden or cleared, hidden ones shown again or deleted", async ({ page }) => {
  const author = await newPerson("flagged");
  const bad = await askOpenly(author, "通報される悪い質問です");
  const good = await askOpenly(author, "通報される良い質問です");
  const judge = await newPerson("judge");
  for (const { id } of [bad, good]) await judge.do("PUT", `/v1/posts/${id}/flag`);
  await open(page, "moderator", "/flagged");
  await expect(entry(page, bad.title)).toContainText("1 flag");
  await entry(page, bad.title).focus();
  await page.keyboard.press("h");
  await entry(page, good.title).focus();
  await page.keyboard.press("f");
  await expect(entry(page, good.title)).toHaveCount(0);
  for (const _ of [1, 2]) await toast(page).getByRole("button", { name: "Close" }).first().click();
  await expect.poll(() => stateOf(bad.id)).toBe("hidden");
  expect(await stateOf(good.id)).toBe("visible");

  await page.getByRole("link", { name: "Hidden" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
  await entry(page, bad.title).getByRole("button", { name: "Delete for good" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  await expect(entry(page, bad.title)).toBeVisible();
  await entry(page, bad.title).getByRole("button", { name: "Delete for good" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete for good" }).click();
  await expect(entry(page, bad.title)).toHaveCount(0);
  await expect.poll(() => stateOf(bad.id).catch(() => "gone")).toBe("gone");
});

test("new users are approved", async ({ page }) => {
  const somebody = await newPerson("approved");
  await open(page, "moderator", "/new-users");
  await entry(page, somebody.handle).getByRole("button", { name: "Approve" }).click();
  await toast(page).getByRole("button", { name: "Close" }).first().click();
  const queen = await signedIn("administrator");
  await expect
    .poll(async () => (await queen.do<{ level: string }>("GET", `/v1/users/${somebody.handle}`)).level)
    .toBe("approved");
});
