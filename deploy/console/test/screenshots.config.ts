// npm run screenshots: pictures of the console for the papers, in docs/images of the repository.
import { defineConfig } from "@playwright/test";
import base from "../playwright.config";

export default defineConfig({
  ...base,
  testDir: ".",
  globalSetup: "./community.ts",
  testMatch: "screenshots.ts",
  workers: 1,
  retries: 0,
  projects: [{ name: "screenshots" }],
});
