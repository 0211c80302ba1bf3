// A page whose test fails when the browser's console shows an error, of which refused content is one.
import { test as base, expect, type Page } from "@playwright/test";
import { anyAddress, password, roles, type Role } from "./people";

interface Fixtures {
  /** What the console may say in this test: browsers report each refused request there. */
  allow: (pattern: RegExp) => void;
}

export const test = base.extend<Fixtures>({
  // Every test is watched, and not only those that allow something.
  allow: [
    async ({ page }, use) => {
      const allowed: RegExp[] = [];
      const errors: string[] = [];
      page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) errors.push(message.text());
      });
      page.on("pageerror", (error) => errors.push(String(error)));
      await use((pattern) => allowed.push(pattern));
      expect(
        errors.filter((text) => !allowed.some((pattern) => pattern.test(text))),
        "the console's errors",
      ).toEqual([]);
    },
    { auto: true },
  ],
  extraHTTPHeaders: async ({}, use) => use({ "X-Forwarded-For": anyAddress() }),
});

/** Opens a page of the console as somebody, through the form. */
export async function open(page: Page, role: Role, path = ""): Promise<void> {
  await page.goto(`/console${path}`);
  await page.getByLabel("Handle or e-mail address").fill(roles[role]);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).first().click();
  await expect(page.locator("button").filter({ hasText: "Sign out" })).toBeAttached();
}

/** The entry of a list with this text. */
export const entry = (page: Page, text: string) => page.locator("[data-entry]").filter({ hasText: text });

export const toast = (page: Page) => page.locator(".toasts");

export { expect };
