import { password, roles } from "./people";
import { expect, open, test } from "./fixtures";

test("a wrong password is refused in words, the right one opens the console, and it stays open", async ({
  page,
  allow,
}) => {
  allow(/status of 401/);
  await page.goto("/console/jobs");
  await page.getByLabel("Handle or e-mail address").fill(roles.administrator);
  await page.getByLabel("Password").fill("wrong-password");
  await page.getByRole("button", { name: "Sign in", exact: true }).first().click();
  await expect(page.getByRole("alert")).toBeVisible();
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).first().click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Jobs");
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Jobs");
  expect(await page.evaluate(() => JSON.stringify({ ...localStorage })), "no script has the token").not.toMatch(
    /[\w-]{20,}/,
  );
  const navigation = page.getByRole("navigation");
  await expect(navigation.getByRole("link")).toHaveText([
    /^Waiting/, /^Flagged/, /^Hidden/, /^New users/, "Users", "IP addresses", "Categories",
    "Statistics", "Jobs", "Options", "Mail", "Webhooks", "Log of changes", "API tokens",
  ]);
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in");
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in");
});

test("moderators get the pages of moderators only", async ({ page }) => {
  await open(page, "moderator", "/options");
  await expect(page.getByText("There is no such page, or it is not for you.")).toBeVisible();
  await expect(page.getByRole("navigation").getByRole("link")).toHaveText([
    /^Waiting/, /^Flagged/, /^Hidden/, /^New users/, "Users", "IP addresses", "Categories",
  ]);
});

test("members without rights are told so", async ({ page, allow }) => {
  allow(/status of 403/);
  await open(page, "member");
  await expect(page.getByRole("alert")).toHaveText("This account may neither moderate nor administer the site.");
  await expect(page.getByRole("navigation")).toHaveCount(0);
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByLabel("Password")).toBeVisible();
});

test("an API token opens the console where no password does", async ({ page, allow }) => {
  allow(/status of 401/);
  const { signedIn } = await import("./people");
  const queen = await signedIn("administrator");
  const { token } = await queen.do<{ token: string }>("POST", "/v1/me/tokens", {
    name: "console",
    scopes: ["read", "moderate", "admin"],
    expiresInDays: 1,
  });
  await page.goto("/console/jobs");
  await page.getByText("Sign in with an API token").click();
  await page.getByLabel("API token").fill("q2at_wrong");
  await page.getByRole("button", { name: "Sign in", exact: true }).last().click();
  await expect(page.getByRole("alert")).toBeVisible();
  await page.getByLabel("API token").fill(token);
  await page.getByRole("button", { name: "Sign in", exact: true }).last().click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Jobs");
});

test("the page speaks the browser's language, and the other one", async ({ browser }) => {
  const context = await browser.newContext({ locale: "ja-JP" });
  const page = await context.newPage();
  await page.goto("/console");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("ログイン");
  await expect(page.locator("html")).toHaveAttribute("lang", "ja");
  await page.getByLabel("言語").selectOption("en");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in");
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in");
  await context.close();
});
