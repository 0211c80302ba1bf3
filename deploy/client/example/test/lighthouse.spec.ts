// Lighthouse on the list and on a thread, as a phone with a slow connection. LIGHTHOUSE is the program.
import { execFileSync } from "node:child_process";
import { expect, test } from "@playwright/test";
import { known } from "./people";

const least = 95;
const categories = ["performance", "accessibility", "best-practices"] as const;

interface Report {
  categories: Record<string, { score: number }>;
  audits: Record<string, { id: string; title: string; score: number | null; displayValue?: string }>;
}

function run(url: string): Report {
  const program = process.env.LIGHTHOUSE;
  if (program === undefined) throw new Error("LIGHTHOUSE has to be the path of the program lighthouse");
  return JSON.parse(
    execFileSync(
      program,
      [
        // The stream of events never ends, and Lighthouse would wait for that.
        url,
        "--quiet",
        "--max-wait-for-load=6000",
        "--output=json",
        "--output-path=stdout",
        `--only-categories=${categories.join(",")}`,
        "--chrome-flags=--headless=new --no-sandbox --disable-gpu --lang=ja",
      ],
      { env: { ...process.env, CHROME_PATH: process.env.CHROMIUM ?? "/usr/bin/chromium" }, maxBuffer: 1e8 },
    ).toString(),
  ) as Report;
}

for (const path of ["/", `/questions/${known.withPicture}`]) {
  test(`${path} has ${least} of 100 at least`, ({ baseURL }) => {
    test.setTimeout(180_000);
    const best = new Map<string, number>();
    let report: Report | undefined;
    // Other work on the machine only ever makes a page slower, so the best of three runs counts.
    for (
      let attempt = 0;
      attempt < 3 && !categories.every((name) => (best.get(name) ?? 0) >= least);
      attempt++
    ) {
      report = run(`${baseURL}${path}`);
      for (const name of categories) {
        best.set(
          name,
          Math.max(best.get(name) ?? 0, Math.round(100 * (report.categories[name]?.score ?? 0))),
        );
      }
    }
    const figures = categories.map((name) => `${name} ${best.get(name)}`).join(", ");
    console.log(`     ${path}: ${figures}`);
    const found = Object.values(report?.audits ?? {})
      .filter((audit) => audit.score !== null && audit.score < 0.9)
      .map((audit) => `${audit.id}: ${audit.displayValue ?? audit.title}`);
    expect(
      Math.min(...categories.map((name) => best.get(name) ?? 0)),
      `${figures}\n${found.join("\n")}`,
    ).toBeGreaterThanOrEqual(least);
  });
}
