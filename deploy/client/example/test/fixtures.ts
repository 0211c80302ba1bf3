// A page whose test fails when the console shows an error.
import { test as base, expect, type Page } from "@playwright/test";
import { newPerson, type Person } from "./people";

interface Fixtures {
  /** What the console may say in this test: browsers report each refused request there. */
  allow: (pattern: RegExp) => void;
  /** The page of a member who is signed in. */
  member: Person;
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
  member: async ({ page }, use) => {
    const person = await newPerson("member");
    await signInHere(page, person);
    await use(person);
  },
});

/** Gives the browser the person's refresh token, as if they had signed in at an earlier visit. */
export async function signInHere(page: Page, person: Person): Promise<void> {
  await page.addInitScript((token) => {
    if (sessionStorage.getItem("given") === null) {
      sessionStorage.setItem("given", "yes");
      localStorage.setItem("q2a-refresh-token", token);
    }
  }, person.refreshToken);
}

/** What is told to screen readers. */
export const announced = (page: Page) => page.getByTestId("announcer");

export { expect };
