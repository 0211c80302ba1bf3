// Drives the built page in Chromium, from another origin than the API. .ci/client-example prepares what
// this needs.
import { defineConfig, devices } from "@playwright/test";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const api = process.env.VITE_API_URL ?? "http://127.0.0.1:8080";
const page = process.env.PAGE_URL ?? "http://127.0.0.1:4173";
const pageAt = new URL(page);

// The community of the tests is made anew for each run; the process that holds the server removes it at the
// end.
const data = process.env.DATA_DIR ?? join(tmpdir(), `q2a-client-example-${process.pid}`);
if (process.env.TEST_WORKER_INDEX === undefined) {
  process.on("exit", () => rmSync(data, { recursive: true, force: true }));
}

export default defineConfig({
  testDir: "test",
  outputDir: "test-results",
  globalSetup: "./test/community.ts",
  fullyParallel: false,
  workers: 2,
  timeout: 20_000,
  forbidOnly: true,
  // Chromium drops its connections (ERR_NETWORK_CHANGED) when a container starts on the machine. What
  // passes only then is
  // reported as flaky.
  retries: 1,
  reporter: [["list"]],
  use: {
    baseURL: page,
    locale: "ja-JP",
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox"], // CI is root, for whom Chromium has none
    },
  },
  projects: [
    { name: "phone", testIgnore: "lighthouse.spec.ts", use: { ...devices["Pixel 7"] } },
    { name: "desktop", testIgnore: "lighthouse.spec.ts", use: { viewport: { width: 1280, height: 800 } } },
    // It measures, so it runs when nothing else does.
    { name: "lighthouse", testMatch: "lighthouse.spec.ts", dependencies: ["phone", "desktop"], workers: 1 },
  ],
  webServer: [
    {
      name: "api",
      cwd: import.meta.dirname,
      command: process.env.SERVER ?? "go run ../../../cmd/server",
      url: `${api}/readyz`,
      stdout: "ignore",
      gracefulShutdown: { signal: "SIGTERM", timeout: 10_000 },
      env: {
        LISTEN: new URL(api).host,
        PUBLIC_URL: api,
        CORS_ORIGINS: page,
        DATA_DIR: data,
        // The tests' own people come from addresses of their own, so that they do not share hourly
        // limits with the browser.
        TRUSTED_PROXIES: "127.0.0.1/32",
        LOG_LEVEL: "warn",
        REFUSED_LIMIT: "60-H",
      },
    },
    {
      name: "page",
      cwd: import.meta.dirname,
      command: `npx vite preview --host ${pageAt.hostname} --port ${pageAt.port} --strictPort`,
      url: page,
      gracefulShutdown: { signal: "SIGTERM", timeout: 2_000 },
    },
  ],
});
