// Bundles the program into dist/: one entry for the command, one for the library, one for the worker threads,
// and chunks that are loaded when a command needs them.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { thirdPartyLicenses } from "./licenses.mjs";
import { termsDefine } from "./terms-define.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

rmSync(join(root, "dist"), { recursive: true, force: true });
const result = await build({
  absWorkingDir: root,
  entryPoints: { main: "src/cli/main.ts", index: "src/index.ts", worker: "src/worker.ts", "filter-worker": "src/filter-worker.ts", "engine-worker": "src/engine-worker.ts" },
  outdir: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  minify: true,
  metafile: true,
  external: ["7z-wasm", "7zip-bin"],
  legalComments: "none", // all of them are in THIRD-PARTY-LICENSES.txt
  chunkNames: "chunk-[name]-[hash]",
  // Packages in CommonJS call require() for Node's own modules.
  banner: { js: 'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);' },
  define: { ...termsDefine(root), __VERSION__: JSON.stringify(version) },
  alias: { ajv: "./scripts/ajv-stub.mjs", "ajv/dist/2020.js": "./scripts/ajv-stub.mjs", "ajv-formats": "./scripts/ajv-stub.mjs" },
});
writeFileSync(join(root, "THIRD-PARTY-LICENSES.txt"), thirdPartyLicenses(root, Object.keys(result.metafile.inputs)));

// The library's types; without the compiler (an install of production dependencies only) the program still builds.
const tsc = join(root, "node_modules/typescript/bin/tsc");
if (existsSync(tsc)) execFileSync(process.execPath, [tsc, "-p", join(root, "tsconfig.build.json")], { stdio: "inherit" });
