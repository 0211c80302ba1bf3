// Somebody blocks a spammer, hides what came from the spammer's address, makes a category and reads last week's
// numbers, with a picture of each step.
import type { Page } from "@playwright/test";
import { mkdirSync, statSync } from "node:fs";
import { askAs, askOpenly, newPerson } from "./people";
import { entry, expect, open, test, toast } from "./fixtures";

const folder = "../../docs/images";
mkdirSync(folder, { recursive: true });

async function shoot(page: Page, name: string) {
  const path = `${folder}/console-${name}.png`;
  await page.screenshot({ path, animations: "disabled", caret: "hide" });
  expect(statSync(path).size, path).toBeLessThanOrEqual(150_000);
}

test.describe("desktop", () => {
  test.use({ viewport: { width: 1120, height: 720 }, colorScheme: "light" });

  test("queue, user, statistics", async ({ page }) => {
    const spammer = await newPerson("cheap-watches", "cheap-watches");
    const beginner = await newPerson("beginner", "hachi-no-ko");
    await askOpenly(spammer, "Cheap watches, today only");
    await askAs(beginner, "初めての採蜜はいつがよいでしょうか", "巣箱が重くなってきました。");
    await askAs(spammer, "Best casino bonus without deposit", "<p>Click <a href='https://spam.example'>here</a>.</p>");
    await open(page, "administrator", "/queue");
    await entry(page, "casino").focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("r");
    await expect(toast(page)).toContainText("Rejected");
    await page.keyboard.press("z");
    await expect(entry(page, "casino")).toBeVisible();
    await expect(toast(page)).toContainText("Undone");
    await entry(page, "casino").focus();
    await page.keyboard.press("x");
    await shoot(page, "queue");
    await page.keyboard.press("x");

    await entry(page, "casino").locator(".handle").click();
    await page.getByRole("button", { name: "Block" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Block" }).click();
    await expect(page.getByRole("button", { name: "Unblock" })).toBeVisible();
    await expect(toast(page)).toContainText("Blocked");
    await shoot(page, "user");

    await page.getByRole("link", { name: spammer.address }).first().click();
    await page.getByRole("button", { name: "Hide everything from there" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Hide everything from there" }).click();
    await expect(toast(page)).toContainText("hidden");
    await expect(page.locator(".cards > li").first()).toBeVisible();
    await shoot(page, "address");

    await page.getByRole("link", { name: "Categories" }).click();
    await page.getByRole("button", { name: "New category" }).click();
    await page.getByRole("dialog").getByLabel("Name").fill("Wax and honey");
    await page.getByRole("dialog").getByRole("button", { name: "Make" }).click();
    await expect(page.locator(".tree").first()).toContainText("Wax and honey");
    await expect(toast(page)).toBeEmpty({ timeout: 15_000 });
    await shoot(page, "categories");

    await page.getByRole("link", { name: "Statistics" }).click();
    await page.getByLabel("By").first().selectOption("month");
    await expect(page.locator("figure rect").first()).toBeVisible();
    await expect(toast(page)).toBeEmpty({ timeout: 15_000 });
    await page.locator("figure").first().scrollIntoViewIfNeeded();
    await page.getByRole("heading", { name: "The last 30 days" }).evaluate((heading) => heading.scrollIntoView());
    await shoot(page, "statistics");

    await page.getByRole("link", { name: "Options" }).click();
    await page.getByRole("searchbox").fill("moderate");
    await shoot(page, "options");
  });
});

test.describe("phone", () => {
  test.use({ viewport: { width: 360, height: 740 }, colorScheme: "dark", deviceScaleFactor: 1.5, locale: "ja-JP" });

  test("queue", async ({ page }) => {
    const person = await newPerson("phone-picture", "mitsuko");
    await askAs(person, "分蜂の予測はどうすればよいですか", "王台がいくつか見えます。どの時期に出るでしょうか。");
    await page.goto("/console/queue");
    await page.getByLabel("名前またはメールアドレス").fill("はな");
    await page.getByLabel("パスワード").fill("mitsubachi");
    await page.getByRole("button", { name: "ログイン", exact: true }).first().click();
    await expect(page.locator("[data-entry]").first()).toBeVisible();
    await shoot(page, "phone");
  });
});
