// Bundles the fuzzer and the sources into fuzz/work, which Node can run, and runs it: node fuzz/run.mjs --help
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { termsDefine } from "../scripts/terms-define.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..");
// Below the project, because the engine's package is found from there. One for each run: several do not disturb each other.
mkdirSync(join(here, "work"), { recursive: true });
const outdir = mkdtempSync(join(here, "work", "build-"));
try {
  await build({
    absWorkingDir: root,
    entryPoints: {
      fuzz: "fuzz/main.ts", "fuzz-worker": "fuzz/worker.ts",
      worker: "src/worker.ts", "filter-worker": "src/filter-worker.ts", "engine-worker": "src/engine-worker.ts",
    },
    outdir,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    sourcemap: "inline",
    external: ["7z-wasm", "7zip-bin"],
    banner: { js: 'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);' },
    define: { ...termsDefine(root), __VERSION__: '"fuzz"' },
    alias: { ajv: "./scripts/ajv-stub.mjs", "ajv/dist/2020.js": "./scripts/ajv-stub.mjs", "ajv-formats": "./scripts/ajv-stub.mjs" },
  });
  const { main } = await import(join(outdir, "fuzz.js"));
  process.exitCode = await main(process.argv.slice(2), { root, entry: join(outdir, "fuzz-worker.js") });
} finally {
  rmSync(outdir, { recursive: true, force: true });
}
