// axe-core on each page, for each kind of reader, in both colours.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { ask, askOpenly, newPerson, roles, type Role } from "./people";
import { expect, open, test } from "./fixtures";

test.setTimeout(180_000);

async function hold(page: Page, what: string) {
  await expect(page.locator("main h1")).toBeVisible();
  await expect(page.locator(".loading")).toHaveCount(0);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    // The other mode, for frames of other origins, opens a page for each run.
    const { violations, passes } = await new AxeBuilder({ page }).setLegacyMode().analyze();
    expect(passes.map((rule) => rule.id), what).toContain("color-contrast");
    const told = violations.map(
      (v) => `${v.id}: ${v.nodes.map((node) => `${node.target.join(" ")} ${node.failureSummary ?? ""}`).join("; ")}`,
    );
    expect(told, `${what}, ${colorScheme}`).toEqual([]);
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide, `${what} is wider than the screen`).toBeLessThanOrEqual(0);
}

test("axe finds nothing where one signs in", async ({ page, allow }) => {
  allow(/status of 401/);
  await page.goto("/console");
  await page.getByText("Sign in with an API token").click();
  await hold(page, "sign in");
  await page.getByLabel("Handle or e-mail address").fill("nobody");
  await page.getByLabel("Password").fill("wrong");
  await page.getByRole("button", { name: "Sign in", exact: true }).first().click();
  await expect(page.getByRole("alert")).toBeVisible();
  await hold(page, "sign in, refused");
});

const pages: Record<Role, string[]> = {
  member: [""],
  moderator: ["/queue", "/flagged", "/hidden", "/new-users", "/users", `/users/${roles.moderator}`, "/categories", "/addresses"],
  administrator: [
    "/statistics", "/jobs", "/jobs/recount", "/options", "/mail", "/webhooks", "/changes", "/tokens", "/nowhere",
    `/users/${roles.member}`, "/users", "/categories", "/addresses/10.0.0.1",
  ],
};

for (const role of Object.keys(pages) as Role[]) {
  test(`axe finds nothing on the pages of a ${role}`, async ({ page, allow }) => {
    allow(/status of 403/);
    if (role === "moderator") {
      const author = await newPerson("axe");
      await ask(author, "見やすさを確かめる質問");
      const open = await askOpenly(author, "見やすさを確かめる公開の質問");
      const judge = await newPerson("axe-judge");
      await judge.do("PUT", `/v1/posts/${open.id}/flag`);
    }
    await open(page, role);
    for (const path of pages[role]) {
      await page.goto(`/console${path}`);
      await hold(page, path);
      if (path === "/queue") {
        await page.locator("[data-entry]").first().getByRole("button", { name: "Details" }).click();
        await page.getByRole("button", { name: "Keyboard" }).click();
        await expect(page.getByRole("dialog")).toBeVisible();
        await hold(page, `${path} with its help`);
        await page.keyboard.press("Escape");
        await page.locator("[data-entry]").first().getByRole("checkbox").check();
        await page.locator("[data-entry]").first().getByText("History").click();
        await hold(page, `${path} with entries selected`);
      }
      if (path === "/categories" && role === "administrator") {
        await page.getByRole("button", { name: /^Edit:/ }).first().click();
        await hold(page, `${path} with the form`);
        await page.keyboard.press("Escape");
        await page.getByRole("button", { name: /^Merge:/ }).first().click();
        await hold(page, `${path} with merging`);
      }
      if (path === `/users/${roles.member}`) {
        await page.getByText("What cannot be undone").click();
        await hold(page, `${path} with what cannot be undone`);
      }
      if (path === "/statistics") {
        for (const table of await page.getByText("As a table").all()) await table.click();
        await hold(page, `${path} with its tables`);
      }
    }
  });
}
