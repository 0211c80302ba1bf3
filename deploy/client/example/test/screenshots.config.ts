// npm run screenshots: pictures of the demonstration for the papers, in docs/images of the repository.
import { defineConfig } from "@playwright/test";
import base from "../playwright.config";

export default defineConfig({
  ...base,
  testDir: ".",
  testMatch: "screenshots.ts",
  globalSetup: undefined,
  workers: 1,
  projects: [{ name: "screenshots" }],
});
