import { ask, askOpenly, newPerson, signedIn } from "./people";
import { entry, expect, open, test, toast } from "./fixtures";

const stateOf = async (id: number) => {
  const queen = await signedIn("administrator");
  return (await queen.do<{ state: string }>("GET", `/v1/questions/${id}`)).state;
};

test("a range is selected and approved with one request, after it was taken back once", async ({ page }) => {
  const author = await newPerson("many");
  const asked = [];
  for (const n of [1, 2, 3]) asked.push(await ask(author, `まとめて承認する質問${n}`));
  await open(page, "moderator", "/queue");
  await expect(page.getByRole("link", { name: /^Waiting \d+$/ })).toBeVisible();
  const [first, second, third] = asked.map(({ title }) => entry(page, title));
  let sent = 0;
  page.on("request", (request) => {
    if (request.url().endsWith("/v1/admin/posts/actions")) sent++;
  });
  await third!.focus();
  await page.keyboard.press("x");
  await expect(third!.getByRole("checkbox")).toBeChecked();
  await first!.getByRole("checkbox").click({ modifiers: ["Shift"] });
  await expect(second!.getByRole("checkbox")).toBeChecked();
  const bar = page.getByRole("group", { name: "With the selected" });
  await expect(bar).toContainText("3 selected");
  await bar.getByRole("button", { name: "Approve" }).click();
  for (const { title } of asked) await expect(entry(page, title)).toHaveCount(0);
  await page.keyboard.press("z");
  for (const { title } of asked) await expect(entry(page, title).getByRole("checkbox")).toBeChecked();
  expect(await stateOf(asked[0]!.id)).toBe("queued");
  await page.keyboard.press("a");
  await expect(toast(page)).toContainText("Approved: 3 selected");
  await toast(page).getByRole("button", { name: "Close" }).last().click();
  for (const { id } of asked) await expect.poll(() => stateOf(id)).toBe("visible");
  expect(sent).toBe(1);
});

test("of many, those that failed come back and are told with their reasons", async ({ page }) => {
  const author = await newPerson("partly");
  const good = await ask(author, "承認できる質問です");
  const gone = await ask(author, "もう消された質問です");
  await open(page, "moderator", "/queue");
  for (const { title } of [good, gone]) await entry(page, title).getByRole("checkbox").check();
  const queen = await signedIn("administrator");
  await queen.do("PUT", `/v1/posts/${gone.id}/approval`, { approved: false });
  await queen.do("DELETE", `/v1/questions/${gone.id}`);
  await page.keyboard.press("a");
  await toast(page).getByRole("button", { name: "Close" }).last().click();
  await expect(page.locator("main").getByRole("alert")).toContainText(gone.title);
  await expect(page.locator("main").getByRole("alert")).not.toContainText(good.title);
  await expect(page.locator(".toast.bad")).toContainText("1 of 2 failed");
  await expect.poll(() => stateOf(good.id)).toBe("visible");
});

test("many are deleted only once that is confirmed", async ({ page }) => {
  const author = await newPerson("many-deleted");
  const asked = [await askOpenly(author, "消される質問の一つ目"), await askOpenly(author, "消される質問の二つ目")];
  const queen = await signedIn("administrator");
  for (const { id } of asked) await queen.do("PUT", `/v1/posts/${id}/visibility`, { hidden: true });
  await open(page, "moderator", "/hidden");
  for (const { title } of asked) await entry(page, title).getByRole("checkbox").check();
  await page.getByRole("group", { name: "With the selected" }).getByRole("button", { name: "Delete" }).click();
  await expect(page.getByRole("dialog")).toContainText("2 posts");
  await page.getByRole("dialog").getByRole("button", { name: "Delete for good" }).click();
  for (const { id } of asked) await expect.poll(() => stateOf(id).catch(() => "gone")).toBe("gone");
});

test("many new users are blocked at once", async ({ page }) => {
  const people = [await newPerson("crowd"), await newPerson("crowd")];
  await open(page, "moderator", "/new-users");
  for (const { handle } of people) await entry(page, handle).getByRole("checkbox").check();
  await page.keyboard.press("b");
  await toast(page).getByRole("button", { name: "Close" }).last().click();
  const queen = await signedIn("administrator");
  for (const { handle } of people) {
    await expect
      .poll(async () => (await queen.do<{ blocked: boolean }>("GET", `/v1/users/${handle}`)).blocked)
      .toBe(true);
  }
});

test("a post tells what happened to it and who flagged it", async ({ page }) => {
  const author = await newPerson("past");
  const question = await askOpenly(author, "履歴のある質問です");
  const judge = await newPerson("past-judge");
  await judge.do("PUT", `/v1/posts/${question.id}/flag`);
  await open(page, "administrator", "/flagged");
  const shown = entry(page, question.title);
  await shown.getByRole("button", { name: "Details" }).click();
  await shown.getByText("History", { exact: true }).click();
  await expect(shown.getByRole("listitem").filter({ hasText: "approved" })).toContainText("queen");
  await shown.getByText("Votes and flags").click();
  await expect(shown.getByRole("listitem").filter({ hasText: judge.handle })).toContainText("flagged it");
  await expect(shown.getByRole("link", { name: author.address }).first()).toBeVisible();
});
