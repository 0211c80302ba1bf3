import type { Page } from "@playwright/test";
import { newPerson, signedIn } from "./people";
import { expect, open, test, toast } from "./fixtures";

interface Made {
  category: { id: number; etag: string };
}

const unique = (word: string) => `${word} ${Date.now() % 1e7}${Math.floor(Math.random() * 1e4)}`;

async function make(title: string, parentId = 0): Promise<Made["category"]> {
  const queen = await signedIn("administrator");
  const { category } = await queen.do<Made>("POST", "/v1/admin/categories", { title, ...(parentId && { parentId }) });
  return category;
}

const branch = (page: Page, title: string) => page.locator("[data-category]").filter({ hasText: title }).last();
const button = (page: Page, label: string, title: string) =>
  page.getByRole("button", { name: `${label}: ${title}`, exact: true });
const titlesBelow = (page: Page, id: number) => page.locator(`[data-category="${id}"] [data-category] strong`);

test("a category is made below another one, and what is wrong stands at its field", async ({ page, allow }) => {
  allow(/status of 422/);
  const top = unique("Top");
  const { id } = await make(top);
  await open(page, "administrator", "/categories");
  await button(page, "Add below", top).click();
  const form = page.getByRole("dialog");
  await form.getByRole("button", { name: "Make" }).click();
  await expect(form.getByLabel("Name")).toHaveAttribute("aria-invalid", "true");
  const title = unique('<b>"&');
  await form.getByLabel("Name").fill(title);
  await form.getByLabel("Part of the address").fill("a/b");
  await form.getByRole("button", { name: "Make" }).click();
  await expect(form.getByLabel("Part of the address")).toHaveAttribute("aria-invalid", "true");
  await form.getByLabel("Part of the address").fill("below");
  await form.getByLabel("Description").fill("About that.");
  await form.getByRole("button", { name: "Make" }).click();
  await expect(form).toHaveCount(0);
  await expect(titlesBelow(page, id)).toHaveText([title]);
  await expect(branch(page, title)).toContainText("About that.");
  await expect(branch(page, title)).toContainText("/below");
});

test("categories are moved up and down by keyboard, and below another one", async ({ page }) => {
  const { id } = await make(unique("Order"));
  const [first, second, elsewhere] = [unique("First"), unique("Second"), unique("Elsewhere")];
  await make(first, id);
  await make(second, id);
  const other = await make(elsewhere);
  await open(page, "administrator", "/categories");
  await button(page, "Move up", second).focus();
  await page.keyboard.press("Enter");
  await expect(titlesBelow(page, id)).toHaveText([second, first]);
  await expect(button(page, "Move up", second)).toBeFocused();
  await expect(button(page, "Move up", second)).toHaveAttribute("aria-disabled", "true");
  await button(page, "Edit", second).click();
  await page.getByRole("dialog").getByLabel("Below").selectOption({ label: elsewhere });
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await expect(titlesBelow(page, other.id)).toHaveText([second]);
  await expect(titlesBelow(page, id)).toHaveText([first]);
});

test("what somebody else changed meanwhile is not overwritten unseen", async ({ page, allow }) => {
  allow(/status of 412/);
  const title = unique("Contested");
  const { id } = await make(title);
  await open(page, "administrator", "/categories");
  await button(page, "Edit", title).click();
  const queen = await signedIn("administrator");
  await queen.do("PATCH", `/v1/admin/categories/${id}`, { description: "By somebody else" });
  const form = page.getByRole("dialog");
  await form.getByLabel("Name").fill(`${title}!`);
  await form.getByRole("button", { name: "Save" }).click();
  await expect(form.getByRole("alert")).toContainText("Somebody else");
  await form.getByRole("button", { name: "Save" }).click();
  await expect(form).toHaveCount(0);
  await expect(page.locator(`[data-category="${id}"]`)).toContainText(`${title}!`);
  await expect(page.locator(`[data-category="${id}"]`)).toContainText("By somebody else");
});

test("a category is deleted once it is said where its posts go, and another is merged", async ({ page }) => {
  const [full, target, last] = [unique("Full"), unique("Target"), unique("Last")];
  const from = await make(full);
  const to = await make(target);
  const end = await make(last);
  const author = await newPerson("categorised");
  const question = await author.do("POST", "/v1/questions", {
    title: unique("移される質問です"), content: "養蜂の道具について。", format: "html", categoryId: from.id,
  });
  const queen = await signedIn("administrator");
  const categoryOf = async () =>
    (await queen.do<{ category?: { id: number } }>("GET", `/v1/questions/${question.id}`)).category?.id;
  await open(page, "administrator", "/categories");
  await button(page, "Delete", full).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Delete" }).click();
  await expect(dialog.getByLabel("Where its posts go")).toHaveAttribute("aria-invalid", "true");
  await dialog.getByLabel("Where its posts go").selectOption({ label: target });
  await dialog.getByRole("button", { name: "Delete" }).click();
  await expect(page.locator("[data-run=categories]")).toContainText("done", { timeout: 30_000 });
  await expect(page.locator(`[data-category="${from.id}"]`)).toHaveCount(0);
  expect(await categoryOf()).toBe(to.id);

  await button(page, "Merge", target).click();
  await dialog.getByLabel("Into").selectOption({ label: last });
  await dialog.getByRole("button", { name: "Merge" }).click();
  await expect(toast(page)).toContainText("Merged");
  await expect(page.locator(`[data-category="${to.id}"]`)).toHaveCount(0, { timeout: 30_000 });
  await expect.poll(categoryOf).toBe(end.id);
});
