import { ask, newPerson } from "./people";
import { announced, expect, test } from "./fixtures";

test("what others do in a thread appears, and is told", async ({ page }) => {
  const asker = await newPerson("asker");
  const other = await newPerson("kaito");
  const question = await ask(asker);
  const stream = page.waitForResponse(/\/v1\/events/);
  await page.goto(`/questions/${question.id}`);
  await stream;
  await expect(page.locator(".question .net")).toHaveText("0");
  await other.do("PUT", `/v1/posts/${question.id}/vote`, { value: 1 });
  await expect(page.locator(".question .net")).toHaveText("1");
  const answer = await other.do("POST", `/v1/questions/${question.id}/answers`, {
    content: "まずは本を一冊読むことをおすすめします。",
  });
  await expect(page.locator(`[data-answer="${answer.id}"]`)).toContainText("本を一冊");
  await expect(announced(page)).toContainText(`${other.handle}さんの新しい回答があります。`);
  await asker.do("POST", `/v1/posts/${answer.id}/comments`, {
    content: "どの本が良いでしょうか。教えてください。",
  });
  await expect(page.locator(`[data-answer="${answer.id}"] [data-comment]`)).toContainText("どの本");
  await other.do("PATCH", `/v1/answers/${answer.id}`, { content: "まずは地元の養蜂家を訪ねてください。" });
  await expect(page.locator(`[data-answer="${answer.id}"]`)).toContainText("地元の養蜂家");
});

test("new questions wait for a press, and rows of the list change in place", async ({ page }) => {
  const asker = await newPerson("asker");
  const other = await newPerson("kaito");
  const shown = await ask(asker);
  const stream = page.waitForResponse(/\/v1\/events/);
  await page.goto("/");
  await stream;
  const row = page.locator(`.card[data-question="${shown.id}"]`);
  await expect(row).toContainText("回答 0");
  await other.do("POST", `/v1/questions/${shown.id}/answers`, {
    content: "はじめに巣箱の置き場所を決めましょう。",
  });
  await expect(row).toContainText("回答 1");
  const added = await ask(asker, "夏の暑さから巣箱を守るには何をしますか");
  await expect(page.locator(`.card[data-question="${added.id}"]`)).toHaveCount(0);
  await page.getByRole("button", { name: /新しい質問が/ }).click();
  await expect(page.locator(`.card[data-question="${added.id}"]`)).toBeVisible();
});
