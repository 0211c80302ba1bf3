import { askOpenly, newPerson, signedIn } from "./people";
import { expect, open, test, toast } from "./fixtures";

test("a user is found, gets a level, and loses it", async ({ page }) => {
  const member = await newPerson("promoted");
  await open(page, "administrator", "/users");
  await page.getByLabel("Handle contains").fill(member.handle);
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

test("administrators find users by e-mail address and IP address, moderators by handle", async ({ page }) => {
  const somebody = await newPerson("sought");
  await open(page, "administrator", "/users");
  await page.getByLabel("IP address").fill(somebody.address);
  const row = page.getByRole("row").filter({ hasText: somebody.handle });
  await expect(row).toContainText("@example.jp");
  await expect(page.getByRole("row")).toHaveCount(2);
  await page.getByLabel("State").selectOption("true");
  await expect(page.getByText("Nothing here.")).toBeVisible();
  await page.getByLabel("State").selectOption("false");
  await row.getByRole("link", { name: somebody.handle }).click();
  await expect(page.getByRole("link", { name: somebody.address }).first()).toBeVisible();
  const history = page.getByRole("region", { name: "History" });
  await expect(history).toContainText("registered");
  await page.getByRole("button", { name: "Block" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Block" }).click();
  await expect(history.getByRole("listitem").first()).toContainText("blocked");
  await expect(history.getByRole("listitem").first()).toContainText("queen");
});

test("moderators have neither e-mail addresses to search nor what cannot be undone", async ({ page }) => {
  const somebody = await newPerson("moderated");
  await open(page, "moderator", "/users");
  await page.getByLabel("Handle begins with").fill(somebody.handle);
  await page.getByRole("link", { name: somebody.handle }).click();
  await expect(page.getByRole("region", { name: "History" })).toContainText("registered");
  await expect(page.getByText("What cannot be undone")).toHaveCount(0);
  await expect(page.getByText("Registered from")).toHaveCount(0);
});

test("an account is merged into another, and that one is anonymised", async ({ page, allow }) => {
  allow(/status of 404/);
  const [double, kept] = [await newPerson("double"), await newPerson("kept")];
  const { id } = await askOpenly(double, "二つ目のアカウントで書いた質問");
  await open(page, "administrator", `/users/${double.handle}`);
  await page.getByText("What cannot be undone").click();
  await page.getByLabel("Merge into the account").fill("nobody-of-that-name");
  await page.getByRole("button", { name: "Merge" }).click();
  await expect(page.getByLabel("Merge into the account")).toHaveAttribute("aria-invalid", "true");
  await page.getByLabel("Merge into the account").fill(kept.handle);
  await page.getByRole("button", { name: "Merge" }).click();
  await expect(page.getByRole("dialog")).toContainText(double.handle);
  await expect(page.getByRole("dialog")).toContainText(kept.handle);
  await page.getByRole("dialog").getByRole("button", { name: "Merge" }).click();
  await expect(page.locator("[data-run=accounts]")).toContainText("done", { timeout: 30_000 });
  const queen = await signedIn("administrator");
  const question = await queen.do<{ author: { handle: string } }>("GET", `/v1/questions/${id}`);
  expect(question.author.handle).toBe(kept.handle);

  await page.goto(`/console/users/${kept.handle}`);
  await page.getByText("What cannot be undone").click();
  await page.getByRole("button", { name: "Anonymise" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  expect((await queen.do<{ handle: string }>("GET", `/v1/users/${kept.handle}`)).handle).toBe(kept.handle);
  await page.getByRole("button", { name: "Anonymise" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Anonymise" }).click();
  await expect(page.locator("[data-run=accounts]")).toContainText("done", { timeout: 30_000 });
  const after = await queen.do<{ author: { handle: string } }>("GET", `/v1/questions/${id}`);
  expect(after.author.handle).not.toBe(kept.handle);
});

test("a spammer is blocked, the address's posts are hidden, a category is made, last week's numbers are read", async ({
  page,
}) => {
  const spammer = await newPerson("spammer");
  const posts = [await askOpenly(spammer, "安い時計はこちらから"), await askOpenly(spammer, "無料プレゼントの案内")];
  await open(page, "administrator", "/users");
  await page.getByLabel("Handle contains").fill(spammer.handle);
  await page.getByRole("link", { name: spammer.handle }).click();
  await page.getByRole("button", { name: "Block" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Block" }).click();
  await expect(page.getByRole("button", { name: "Unblock" })).toBeVisible();
  await page.getByRole("link", { name: spammer.address }).first().click();
  await page.getByRole("button", { name: "Hide everything from there" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Hide everything from there" }).click();
  await expect(toast(page)).toContainText("2 posts were hidden");
  const queen = await signedIn("administrator");
  for (const { id } of posts) {
    expect((await queen.do<{ state: string }>("GET", `/v1/questions/${id}`)).state).toBe("hidden");
  }
  const category = `Wax ${Date.now()}`;
  await page.getByRole("link", { name: "Categories" }).click();
  await page.getByRole("button", { name: "New category" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill(category);
  await page.getByRole("dialog").getByRole("button", { name: "Make" }).click();
  await expect(page.locator(".tree").first()).toContainText(category);
  await page.getByRole("link", { name: "Statistics" }).click();
  const lastWeek = page.getByRole("region", { name: /The last whole week/ });
  await expect(lastWeek.getByRole("term")).toHaveText([
    "Questions", "Answers", "Comments", "People who wrote", "New users", "Likes of answers",
  ]);
});
