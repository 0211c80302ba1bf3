// Drives the console in Chromium as the server serves it, with the demonstration's community. .ci/console
// prepares what this needs.
import { defineConfig, devices } from "@playwright/test";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const server = process.env.SERVER_URL ?? "http://127.0.0.1:8080";

// The community of the tests is made anew for each run; the process that holds the server removes it at the
// end.
const data = process.env.DATA_DIR ?? join(tmpdir(), `q2a-console-${process.pid}`);
if (process.env.TEST_WORKER_INDEX === undefined) {
  process.on("exit", () => rmSync(data, { recursive: true, force: true }));
}

export default defineConfig({
  testDir: "test",
  outputDir: "test-results",
  globalSetup: "./test/community.ts",
  fullyParallel: false,
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  forbidOnly: true,
  // Chromium drops its connections (ERR_NETWORK_CHANGED) when a container starts on the machine. What
  // passes only then is reported as flaky.
  retries: 1,
  reporter: [["list"]],
  use: {
    baseURL: process.env.PAGE_URL ?? server,
    locale: "en-GB",
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox"], // CI is root, for whom Chromium has none
    },
  },
  projects: [
    { name: "desktop", testIgnore: "phone.spec.ts", use: { viewport: { width: 1280, height: 800 } } },
    {
      name: "phone",
      testMatch: ["axe.spec.ts", "phone.spec.ts"],
      use: { ...devices["Pixel 7"], viewport: { width: 360, height: 740 } },
    },
  ],
  webServer: {
    cwd: import.meta.dirname,
    command: process.env.SERVER ?? "go run ../../cmd/server",
    url: `${server}/readyz`,
    timeout: 600_000,
    stdout: "ignore",
    gracefulShutdown: { signal: "SIGTERM", timeout: 10_000 },
    env: {
      LISTEN: new URL(server).host,
      PUBLIC_URL: server,
      DATA_DIR: data,
      // Each test comes from an address of its own, so that they do not share hourly limits.
      TRUSTED_PROXIES: "127.0.0.1/32",
      LOG_LEVEL: "warn",
      // Receivers of webhooks in the tests do not exist.
      WEBHOOKS_OVER_HTTP: "true",
    },
  },
});
