import { defineConfig } from "vitest/config";
import { termsDefine } from "./scripts/terms-define.mjs";

export default defineConfig({
  define: termsDefine(import.meta.dirname),
  test: {
    include: ["tests/**/*.test.ts"],
    testTimeout: 30_000,
    maxWorkers: "100%", // many tests wait for processes of their own
  },
});
