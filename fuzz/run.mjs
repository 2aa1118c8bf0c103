// Bundles the fuzzer and the sources into fuzz/work, which Node can run, and runs it: node fuzz/run.mjs --help
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { bundleOptions } from "../scripts/bundle-options.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..");
// Below the project, because the engine's package is found from there. One for each run: several do not disturb each other.
mkdirSync(join(here, "work"), { recursive: true });
const outdir = mkdtempSync(join(here, "work", "build-"));
try {
  const bundle = await rolldown({
    ...bundleOptions(root, "fuzz"),
    input: { fuzz: "fuzz/main.ts", "fuzz-worker": "fuzz/worker.ts", thread: "src/thread.ts" },
  });
  // As the program is: threads are found by the names of their files.
  await bundle.write({ dir: outdir, format: "cjs", sourcemap: "inline", entryFileNames: "[name].cjs", chunkFileNames: "chunk-[name]-[hash].cjs" });
  await bundle.close();
  const { main } = await import(join(outdir, "fuzz.cjs"));
  process.exitCode = await main(process.argv.slice(2), { root, entry: join(outdir, "fuzz-worker.cjs") });
} finally {
  rmSync(outdir, { recursive: true, force: true });
}
