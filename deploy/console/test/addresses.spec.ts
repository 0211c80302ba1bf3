import { askOpenly, newPerson, signedIn } from "./people";
import { expect, open, test } from "./fixtures";

test("an address is searched, blocked and let in again, and moderators may do that", async ({ page }) => {
  const writer = await newPerson("addressed");
  const question = await askOpenly(writer, "このアドレスからの質問です");
  await open(page, "moderator", "/addresses");
  await page.getByLabel("IP address").fill("not an address");
  await page.getByRole("button", { name: "Search" }).click();
  await expect(page.getByLabel("IP address")).toHaveAttribute("aria-invalid", "true");
  await page.getByLabel("IP address").fill(writer.address);
  await page.getByRole("button", { name: "Search" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(writer.address);
  const posts = page.locator(".cards");
  await expect(posts.getByRole("heading", { name: question.title })).toBeVisible();
  await page.getByRole("button", { name: "Block" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Block" }).click();
  await expect(page.getByRole("button", { name: "Unblock" })).toBeVisible();
  await expect(writer.do("POST", "/v1/questions", { title: "もう一つの質問です", content: "x", categoryId: 10 })).rejects
    .toThrow(/403/);
  await page.getByRole("button", { name: "Unblock" }).click();
  await expect(page.getByRole("dialog")).toContainText(writer.address);
  await page.getByRole("dialog").getByRole("button", { name: "Unblock" }).click();
  await expect(page.getByRole("button", { name: "Block", exact: true })).toBeVisible();
});

test("more than can be hidden at once is hidden by a job whose end is seen", async ({ page }) => {
  test.setTimeout(180_000);
  const queen = await signedIn("administrator");
  await queen.do("PATCH", "/v1/admin/options", {
    options: { max_rate_ip_cs: 1000, max_rate_user_cs: 1000 },
  });
  const writer = await newPerson("flood");
  const { id } = await askOpenly(writer, "たくさんのコメントがある質問");
  for (let n = 1; n <= 101; n++) {
    await writer.do("POST", `/v1/posts/${id}/comments`, { content: `安い時計の宣伝コメント ${n}`, format: "plain" });
  }
  await open(page, "administrator", `/addresses/${writer.address}`);
  await page.getByRole("button", { name: "Hide everything from there" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Hide everything from there" }).click();
  await expect(page.locator("[data-run=hide-address]")).toContainText("done", { timeout: 120_000 });
  expect((await queen.do<{ state: string }>("GET", `/v1/questions/${id}`)).state).toBe("hidden");
});
