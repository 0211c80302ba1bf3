import { expect, open, test, toast } from "./fixtures";

test("a job is started, its end is seen without loading the page again, and its page has what it said", async ({
  page,
}) => {
  await open(page, "administrator", "/jobs");
  const job = page.locator("[data-job=hotness]");
  await job.getByRole("button", { name: "Start: hotness" }).click();
  await expect(toast(page)).toContainText("Started: hotness");
  await expect(job.getByText("done", { exact: true })).toBeVisible({ timeout: 30_000 });
  await job.getByRole("link", { name: "hotness" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("hotness");
  await expect(page.getByRole("row").filter({ hasText: "done" }).first()).toBeVisible();
});

test("a dry run with a parameter is told so, and what is refused is said", async ({ page, allow }) => {
  allow(/status of 4\d\d/);
  await open(page, "administrator", "/jobs/recount");
  await page.getByLabel("Only find out what would be done").check();
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await expect(page.getByRole("row").filter({ hasText: "done" }).first()).toBeVisible({ timeout: 30_000 });
  await page.goto("/console/jobs/nothing-of-that-name");
  await expect(page.getByRole("alert")).toBeVisible();
});

test("a run shows its progress, and can be stopped", async ({ page }) => {
  const run = { id: 1, job: "recount", requestedAt: "2026-01-01T00:00:00Z", differences: 0, dryRun: false };
  let status = "running";
  let done = 30;
  await page.route("**/v1/admin/jobs", (route) =>
    route.fulfill({
      json: { items: [{ name: "recount", summary: "counts", last: { ...run, status, done, total: 120 } }] },
    }),
  );
  await page.route("**/v1/admin/jobs/recount/run", async (route) => {
    expect(route.request().method()).toBe("DELETE");
    status = "cancelled";
    await route.fulfill({ status: 204 });
  });
  await open(page, "administrator", "/jobs");
  const bar = page.getByRole("progressbar", { name: "recount: Progress" });
  await expect(bar).toHaveAttribute("value", "30");
  await expect(bar).toHaveAttribute("max", "120");
  done = 60;
  await expect(bar).toHaveAttribute("value", "60"); // by itself
  await page.getByRole("button", { name: "Stop: recount" }).click();
  await expect(page.getByText("cancelled")).toBeVisible();
  await expect(bar).toHaveCount(0);
});
