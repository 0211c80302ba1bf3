import { signedIn } from "./people";
import { expect, open, test, toast } from "./fixtures";

const valueOf = async (name: string) => {
  const queen = await signedIn("administrator");
  const { items } = await queen.do<{ items: { name: string; value: unknown }[] }>("GET", "/v1/admin/options");
  return items.find((option) => option.name === name)?.value;
};

test("options are found, changed, saved and set back", async ({ page }) => {
  await open(page, "administrator", "/options");
  await page.getByRole("searchbox").fill("page_size_users");
  await expect(page.getByText("1 option", { exact: true })).toBeVisible();
  const option = page.locator("[data-option=page_size_users]");
  await option.getByRole("spinbutton").fill("44");
  await expect(option).toContainText("changed");
  await expect(page.getByText("1 change is not saved")).toBeVisible();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(toast(page)).toContainText("Saved");
  expect(await valueOf("page_size_users")).toBe(44);
  await option.getByRole("button", { name: "Back to the default" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(option.getByText("default", { exact: true })).toBeVisible();
  expect(await valueOf("page_size_users")).not.toBe(44);
});

test("what is wrong stands at its field, and nothing is written", async ({ page, allow }) => {
  allow(/status of 422/);
  await open(page, "administrator", "/options");
  await page.getByRole("searchbox").fill("page_size_tags");
  const before = await valueOf("page_size_tags");
  const field = page.locator("[data-option=page_size_tags]").getByRole("spinbutton");
  await field.fill("999999");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(field).toHaveAttribute("aria-invalid", "true");
  await expect(field).toHaveAccessibleDescription(/at most|most/);
  expect(await valueOf("page_size_tags")).toBe(before);
  await page.getByRole("button", { name: "Discard" }).first().click();
});

test("of two administrators the second is told, and keeps what they wrote", async ({ page, allow }) => {
  allow(/status of 412/);
  await open(page, "administrator", "/options");
  await page.getByRole("searchbox").fill("page_size_una");
  const field = page.locator("[data-option=page_size_una_qs]").getByRole("spinbutton");
  await field.fill("31");
  const queen = await signedIn("administrator");
  await queen.do("PATCH", "/v1/admin/options", { options: { page_size_una_qs: 32 } });
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("alert")).toContainText("Somebody else has changed these options meanwhile");
  await expect(field).toHaveValue("31");
  await expect(page.locator("[data-option=page_size_una_qs]")).toContainText("32");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(toast(page)).toContainText("Saved");
  expect(await valueOf("page_size_una_qs")).toBe(31);
});

test("descriptions come in the language of the page", async ({ page }) => {
  await open(page, "administrator", "/options");
  const option = page.locator("[data-option=site_title]");
  await expect(option).toContainText("The site's name.");
  await page.getByLabel("Language", { exact: true }).selectOption("ja");
  await expect(option).toContainText(/[ぁ-ん]/);
});
