import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// `npm run dev` shows the page at http://127.0.0.1:5174/console/ with the API of a server that runs beside it.
const api = process.env.API_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  base: "/console/",
  plugins: [react()],
  // Browsers since 2024 know light-dark(). An older target would have it rewritten in a way that no
  // switch can change. Nothing goes into data: addresses, so that the policy of the page can be strict.
  build: {
    target: "es2022",
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    outDir: process.env.OUT_DIR ?? "../../modules/console/dist",
    emptyOutDir: true,
  },
  server: { proxy: { "/v1": { target: api, changeOrigin: true } } },
});
