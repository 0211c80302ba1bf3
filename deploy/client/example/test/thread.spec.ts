import { ask, known, newPerson } from "./people";
import { announced, expect, test } from "./fixtures";

test("a thread has its answers and comments, the best answer first", async ({ page }) => {
  await page.goto(`/questions/${known.thread}`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/巣箱はどの大きさ/);
  await expect(page).toHaveTitle(/巣箱はどの大きさ.* – みつばちQ&A/);
  const answers = page.locator("[data-answer]");
  await expect(answers).toHaveCount(2);
  await expect(answers.first()).toContainText("ベストアンサー");
  await expect(answers.first().locator("[data-comment]")).toHaveCount(2);
});

test("opening a question moves the focus, and going back comes to the same place", async ({ page }) => {
  await page.goto("/");
  const card = page.locator(".card").nth(14).getByRole("heading").getByRole("link");
  await card.scrollIntoViewIfNeeded();
  const title = await card.innerText();
  const before = await page.evaluate(() => scrollY);
  await card.click();
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(title);
  expect(await page.evaluate(() => scrollY)).toBe(0);
  await page.goBack();
  await expect(card).toBeVisible();
  await expect.poll(() => page.evaluate(() => scrollY)).toBe(before);
});

test("pictures in posts are there, and their place before them", async ({ page }) => {
  await page.goto(`/questions/${known.withPicture}`);
  const picture = page.locator(".post-text img");
  await expect(picture).toHaveAttribute("width", /^\d+$/);
  await expect.poll(() => picture.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBeGreaterThan(0);
});

test("an answer whose response is lost is posted once, however often the button is pressed", async ({
  page,
  member,
  allow,
}) => {
  allow(/ERR_FAILED/);
  void member;
  const question = await ask(await newPerson("asker"));
  let lost = 0;
  await page.route(/\/answers$/, async (route) => {
    if (route.request().method() !== "POST" || lost >= 4) return route.continue();
    lost++;
    await route.fetch(); // the server does it
    return route.abort();
  });
  await page.goto(`/questions/${question.id}`);
  const form = page.locator(".your-answer");
  await form.getByRole("textbox").fill("まずは近くの養蜂家に相談してください。");
  await form.getByRole("button").click();
  await expect(form.getByRole("alert")).toContainText("接続が切れました", { timeout: 10_000 });
  await expect(form.getByRole("textbox")).toHaveValue("まずは近くの養蜂家に相談してください。");
  await form.getByRole("button").click();
  await expect(announced(page)).toContainText("投稿しました。");
  await page.reload();
  await expect(page.locator("[data-answer]")).toHaveCount(1);
});

test("a member answers and comments, and is told what is wrong", async ({ page, member, allow }) => {
  allow(/status of 422/);
  const question = await member.do("POST", "/v1/questions", {
    title: "巣門の大きさはどれくらいが良いですか",
    content: "七ミリと九ミリで迷っています。",
    categoryId: 10,
  });
  await page.goto(`/questions/${question.id}`);
  const form = page.locator(".your-answer");
  await form.getByLabel("あなたの回答").fill("短い");
  await form.getByRole("button").click();
  await expect(form.getByText("12 文字以上")).toBeVisible();
  await expect(form.getByLabel("あなたの回答")).toBeFocused();
  await form.getByLabel("あなたの回答").fill("日本ミツバチなら**七ミリ**が良いと思います。");
  await form.getByRole("button").click();
  const answer = page.locator("[data-answer]");
  await expect(answer).toHaveCount(1);
  await expect(answer.locator("strong")).toHaveText("七ミリ");
  await expect(announced(page)).toContainText("投稿しました。");
  await answer.getByRole("button", { name: "コメントする" }).click();
  await expect(answer.getByLabel("コメント", { exact: true }).last()).toBeFocused();
  await answer.getByRole("textbox").fill("スズメバチも入れなくなります。");
  await answer.getByRole("button", { name: "コメントを投稿" }).click();
  await expect(answer.locator("[data-comment]")).toHaveText(/スズメバチ/);
  await page.reload();
  await expect(page.locator("[data-answer] [data-comment]")).toHaveText(/スズメバチ/);
});
