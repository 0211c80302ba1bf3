import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Where the API is. Its CORS_ORIGINS has to name the origin of this page.
process.env.VITE_API_URL ??= "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  // Browsers since 2024 know light-dark(). An older target would have it rewritten in a way that no
  // switch can change.
  build: { target: "es2022", cssTarget: ["chrome123", "firefox120", "safari17.5"] },
});
