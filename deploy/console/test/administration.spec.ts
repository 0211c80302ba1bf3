import { newPerson, signedIn } from "./people";
import { expect, open, test, toast } from "./fixtures";

test("each plot has its table, and figures of the last week stand above", async ({ page }) => {
  await open(page, "administrator", "/statistics");
  await expect(page.getByRole("heading", { name: /The last whole week/ })).toBeVisible();
  const plot = page.locator("figure").filter({ hasText: "Answers" }).first();
  await expect(plot.locator("rect").nth(10)).toBeAttached();
  const weeks = await plot.locator("rect").count();
  await plot.getByText("As a table").click();
  await expect(plot.getByRole("row")).toHaveCount(weeks + 1);
  await page.getByLabel("By").first().selectOption("month");
  await expect.poll(() => plot.locator("rect").count()).toBeLessThan(weeks / 2);
  const shown = await plot.getByRole("row").allTextContents();
  expect(shown.slice(1).some((row) => !/(^|\D)0$/.test(row.slice(10))), "some month had answers").toBe(true);
  await expect(page.getByRole("region", { name: "Who comes back: As a table" }).getByRole("row").first()).toBeVisible();
});

test("webhooks: made with a secret that is shown once, switched off, tested, deleted", async ({ page, allow }) => {
  allow(/status of 422/);
  await open(page, "administrator", "/webhooks");
  await page.getByLabel("Address").fill("ftp://hooks.example.jp/");
  await page.getByRole("button", { name: "Make" }).click();
  await expect(page.getByLabel("Address")).toHaveAttribute("aria-invalid", "true");
  await page.getByLabel("Address").fill("https://hooks.example.jp/q2a");
  await page.getByLabel("question", { exact: true }).check();
  await page.getByRole("button", { name: "Make" }).click();
  await expect(page.getByText(/^whsec_/)).toBeVisible();
  await page.getByRole("link", { name: "https://hooks.example.jp/q2a" }).click();
  await page.getByRole("button", { name: "Send a test" }).click();
  await expect(page.getByRole("cell", { name: "test" })).toBeVisible();
  await page.getByRole("button", { name: "Switch off" }).click();
  await expect(page.getByRole("button", { name: "Switch on" })).toBeVisible();
  await page.getByRole("button", { name: "New secret" }).click();
  await expect(page.getByText(/^whsec_/)).toBeVisible();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Webhooks");
  await expect(page.getByRole("link", { name: "https://hooks.example.jp/q2a" })).toHaveCount(0);
});

test("a delivery is sent again", async ({ page }) => {
  const queen = await signedIn("administrator");
  const { id } = await queen.do("POST", "/v1/admin/webhooks", { url: "https://again.example.jp/" });
  await queen.do("POST", `/v1/admin/webhooks/${id}/test`);
  let asked = 0;
  await page.route("**/replay", async (route) => {
    asked++;
    await route.fulfill({ status: 202, json: {} });
  });
  await open(page, "administrator", `/webhooks/${id}`);
  await page.getByRole("button", { name: "Send again" }).click();
  await expect(toast(page)).toContainText("It is sent again");
  expect(asked).toBe(1);
  await queen.do("DELETE", `/v1/admin/webhooks/${id}`);
});

test("API tokens: made, shown once, listed with their owner, revoked", async ({ page }) => {
  await open(page, "administrator", "/tokens");
  const name = `token-${Date.now()}`;
  await page.getByLabel("Name").fill(name);
  await page.getByRole("button", { name: "Make" }).click();
  const token = await page.getByText(/^q2at_/).textContent();
  const row = page.getByRole("row").filter({ hasText: name });
  await expect(row).toContainText("queen");
  await row.getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await expect(row).toHaveCount(0);
  expect(token).toBeTruthy();
});

test("the log of changes says who changed what, and is filtered", async ({ page }) => {
  const queen = await signedIn("administrator");
  const member = await newPerson("changed");
  await queen.do("PUT", `/v1/users/${member.handle}/block`);
  await queen.do("PATCH", "/v1/admin/options", { options: { page_size_wall: 12 } });
  await open(page, "administrator", "/changes");
  await expect(page.getByRole("listitem").filter({ hasText: "block-user" }).first()).toContainText("queen");
  await page.getByLabel("Kind").fill("option");
  await expect(page.locator("main").getByRole("listitem").filter({ hasText: "block-user" })).toHaveCount(0);
  await expect(page.locator("main").getByRole("listitem").filter({ hasText: "page_size_wall" })).toContainText("12");
});

test("dead mails are tried again or dropped", async ({ page }) => {
  const mail = {
    id: 7, at: "2026-01-02T00:00:00Z", queuedAt: "2026-01-01T00:00:00Z", attempts: 9, kind: "q_answered",
    outcome: "given-up", reason: "timeout", user: { id: 6, handle: "newcomer", level: "basic" },
  };
  const asked: string[] = [];
  let items = [mail, { ...mail, id: 8 }];
  await page.route("**/v1/admin/mail**", async (route) => {
    const request = route.request();
    if (request.method() === "GET") {
      await route.fulfill({ json: { queue: { waiting: 12, due: 3, failed: 2 }, items } });
      return;
    }
    asked.push(`${request.method()} ${new URL(request.url()).pathname}`);
    items = items.slice(1);
    await route.fulfill({ status: 204 });
  });
  await page.route("**/v1/admin/mail/**", async (route) => {
    asked.push(`${route.request().method()} ${new URL(route.request().url()).pathname}`);
    items = items.slice(1);
    await route.fulfill({ status: 204 });
  });
  await open(page, "administrator", "/mail");
  await expect(page.getByText("12", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Try again" }).first().click();
  await expect(page.getByRole("row")).toHaveCount(2);
  await page.getByRole("button", { name: "Drop" }).click();
  await expect(page.getByText("Nothing here.")).toBeVisible();
  expect(asked).toEqual(["POST /v1/admin/mail/7/retry", "DELETE /v1/admin/mail/8"]);
});

test("categories are a tree with their questions", async ({ page }) => {
  await open(page, "moderator", "/categories");
  const tree = page.locator("main .tree").first();
  await expect(tree.locator(".tree .tree").first()).toBeVisible();
  await expect(tree).toContainText("越冬");
});
