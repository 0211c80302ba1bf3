// Takes the pictures of the README: list, search, thread and form, as phone and desktop, light and dark.
import { test, type Page } from "@playwright/test";
import { mkdirSync, writeFileSync } from "node:fs";
import { signInHere } from "./fixtures";
import { api, known, newPerson } from "./people";

const folder = "../../../docs/images";
const sizes = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 860 } };

mkdirSync(folder, { recursive: true });

for (const [size, viewport] of Object.entries(sizes)) {
  for (const colorScheme of ["light", "dark"] as const) {
    test.describe(`${size} ${colorScheme}`, () => {
      test.use({
        viewport,
        colorScheme,
        isMobile: size === "phone",
        hasTouch: size === "phone",
        deviceScaleFactor: size === "phone" ? 1.5 : 1,
        locale: size === "phone" || colorScheme === "light" ? "ja-JP" : "en-GB",
      });

      // WebP, which Playwright's own pictures cannot be, is a quarter of PNG.
      async function shoot(page: Page, name: string) {
        const browser = await page.context().newCDPSession(page);
        const { data } = await browser.send("Page.captureScreenshot", { format: "webp", quality: 88 });
        writeFileSync(`${folder}/example-${name}-${size}-${colorScheme}.webp`, Buffer.from(data, "base64"));
      }

      test("list, search, thread, form", async ({ page }) => {
        await page.goto("/");
        await page.locator(".card[data-question]").first().waitFor();
        await page.waitForTimeout(800);
        await shoot(page, "list");
        await page.goto("/search?q=巣箱");
        await page.locator(".card[data-question]").first().waitFor();
        await page.waitForTimeout(800);
        await shoot(page, "search");
        await page.goto(`/questions/${size === "phone" ? known.thread : known.withPicture}`);
        await page.locator(".question").waitFor();
        await page.waitForTimeout(500);
        await shoot(page, "thread");
        const person = await newPerson("mika");
        await signInHere(page, person);
        await page.goto("/ask");
        await page
          .locator("input[type=text]")
          .first()
          .fill(size === "phone" ? "短い題名" : "巣箱の前に水飲み場を置きました");
        await page.locator("textarea").fill("浅い皿に小石を入れました。\n\nもっと良い方法はありますか？");
        if (size === "phone") {
          await page.locator("main button[type=submit]").click();
          await page.locator(".wrong").first().waitFor();
        } else {
          const picture = await fetch(`${api}/v1/media/1234567890123456789`);
          await page.locator("input[type=file]").setInputFiles({
            name: "water.png",
            mimeType: "image/png",
            buffer: Buffer.from(await picture.arrayBuffer()),
          });
          await page.locator(".picture .hint").waitFor();
        }
        await page.waitForTimeout(800);
        await page.evaluate(() => scrollTo(0, 0));
        await shoot(page, "ask");
      });
    });
  }
}
