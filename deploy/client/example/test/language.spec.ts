import { expect, test } from "./fixtures";
import { known } from "./people";

test.describe("an English browser", () => {
  test.use({ locale: "en-GB" });

  test("the page speaks English, and Japanese when asked, then and after", async ({ page, allow }) => {
    allow(/status of (401|422)/);
    await page.goto("/");
    await expect(page.locator("html")).toHaveAttribute("lang", "en");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Questions");
    await page.getByRole("button", { name: "日本語に切り替える" }).click();
    await expect(page.locator("html")).toHaveAttribute("lang", "ja");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("質問");
    await page.reload();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("質問");
  });

  test("the server's sentences come in the language of the page", async ({ page, allow }) => {
    allow(/status of 401/);
    await page.goto("/sign-in");
    for (const [locale, words] of [
      ["en", /[a-z]{4}/],
      ["ja", /[ぁ-ん]/],
    ] as const) {
      if (locale === "ja") await page.getByRole("button", { name: "日本語に切り替える" }).click();
      await page.locator("input[type=text]").fill("nobody");
      await page.locator("input[type=password]").fill("no-password");
      await page.locator("main button[type=submit]").click();
      await expect(page.getByRole("alert")).toHaveText(words);
    }
  });
});

test("uploads are refused in the language of the page, too", async ({ page, member, allow }) => {
  void member;
  allow(/status of 4\d\d/);
  await page.goto("/ask");
  await page.getByRole("button", { name: "Switch to English" }).click();
  await page
    .locator("input[type=file]")
    .setInputFiles({ name: "a.png", mimeType: "image/png", buffer: Buffer.from("no picture") });
  await expect(page.getByRole("alert")).toHaveText(/picture|image/i);
});

test("what is written in English is marked as English on a Japanese page", async ({ page }) => {
  await page.goto(`/questions/${known.english}`);
  await expect(page.locator("html")).toHaveAttribute("lang", "ja");
  await expect(page.getByRole("heading", { level: 1 })).toHaveAttribute("lang", "en");
  await page.goto(`/questions/${known.thread}`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveAttribute("lang", "ja");
});
