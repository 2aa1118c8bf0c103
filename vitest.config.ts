import { defineConfig } from "vitest/config";
import { termsDefine } from "./scripts/terms-define.mjs";

export default defineConfig({
  define: termsDefine(import.meta.dirname),
  test: {
    globalSetup: "tests/helpers/caches.ts",
    include: ["tests/**/*.test.ts"],
    testTimeout: 120_000, // for busy machines: no test waits for its end
    hookTimeout: 60_000,
    maxWorkers: "100%", // many tests wait for processes of their own
  },
});
