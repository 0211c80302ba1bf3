import { askOpenly, newPerson, signedIn } from "./people";
import { expect, open, test, toast } from "./fixtures";

test("a user is found, gets a level, and loses it", async ({ page }) => {
  const member = await newPerson("promoted");
  await open(page, "administrator", "/users");
  await page.getByLabel("Handle begins with").fill(member.handle);
  await page.getByRole("link", { name: member.handle }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(member.handle);
  await page.getByLabel("Level").selectOption("expert");
  await page.locator("main").getByRole("button", { name: "Save" }).click();
  await expect(toast(page)).toContainText("The level is changed");
  const queen = await signedIn("administrator");
  expect((await queen.do<{ level: string }>("GET", `/v1/users/${member.handle}`)).level).toBe("expert");
});

test("moderators are offered only levels below their own", async ({ page }) => {
  const member = await newPerson("offered");
  await open(page, "moderator", `/users/${member.handle}`);
  await expect(page.getByLabel("Level").getByRole("option")).toHaveText(["Basic", "Approved", "Expert", "Editor"]);
});

test("what the server refuses is said", async ({ page, allow }) => {
  allow(/status of 4\d\d/);
  await open(page, "moderator", "/users/queen");
  await page.getByRole("button", { name: "Block" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Block" }).click();
  await expect(page.locator(".toast.bad")).toBeVisible();
});

test("names and titles that look like HTML are text, and posts run no script", async ({ page }) => {
  const handle = `x<b>&"'${Date.now() % 1e6}`;
  const author = await newPerson("hostile", handle);
  const title = '<img src=x onerror="window.hacked=1"> <script>window.hacked=1</script> の質問';
  const { id } = await author.do("POST", "/v1/questions", {
    title,
    format: "html",
    content:
      '<p style="color:red" onclick="window.hacked=1">本文 <b>太字</b> の長い文章です。</p>' +
      '<img src="https://elsewhere.example.org/spy.png"><script>window.hacked=1</script>' +
      '<a href="javascript:window.hacked=1">link</a><iframe src="https://www.youtube.com/embed/x"></iframe>' +
      '<svg onload="window.hacked=1"></svg>',
    categoryId: 10,
  });
  await open(page, "moderator", "/queue");
  const shown = page.locator(`[data-entry="${id}"]`);
  await expect(shown.getByRole("heading")).toHaveText(title);
  await expect(shown.locator(".handle")).toHaveText(handle);
  await expect(shown.locator(".post-text b")).toHaveText("太字");
  await expect(shown.locator("img, iframe, script, svg, [style], [onclick]")).toHaveCount(0);
  await expect(shown.getByText("https://elsewhere.example.org/spy.png")).toBeAttached();
  await shown.locator(".handle").click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(handle);
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(handle);
  expect(await page.evaluate(() => Reflect.get(window, "hacked") as unknown)).toBeUndefined();
});

test("a spammer is blocked, what they wrote is hidden, and last week's numbers are read", async ({ page }) => {
  const spammer = await newPerson("spammer");
  const posts = [await askOpenly(spammer, "安い時計はこちらから"), await askOpenly(spammer, "無料プレゼントの案内")];
  await open(page, "administrator", "/users");
  await page.getByLabel("Handle begins with").fill(spammer.handle);
  await page.getByRole("link", { name: spammer.handle }).click();
  await page.getByRole("button", { name: "Block" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Block" }).click();
  await expect(page.getByRole("button", { name: "Unblock" })).toBeVisible();
  await page.getByRole("button", { name: "Hide all posts" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Hide all posts" }).click();
  await expect(toast(page)).toContainText("2 posts were hidden");
  const queen = await signedIn("administrator");
  for (const { id } of posts) {
    expect((await queen.do<{ state: string }>("GET", `/v1/questions/${id}`)).state).toBe("hidden");
  }
  await page.getByRole("link", { name: "Statistics" }).click();
  const lastWeek = page.getByRole("region", { name: /The last whole week/ });
  await expect(lastWeek.getByRole("term")).toHaveText([
    "Questions", "Answers", "Comments", "People who wrote", "New users", "Likes of answers",
  ]);
});
