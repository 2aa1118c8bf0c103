// Bundles the program into dist/: one entry for the command, one for the library, one for threads,
// and chunks that are loaded when a command needs them. They are CommonJS, which Node loads in less time; the library is an ES module in front of them.
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { bundleOptions } from "./bundle-options.mjs";
import { thirdPartyLicenses } from "./licenses.mjs";
import { loadSource } from "./load-source.mjs";
import { writeTypes } from "./types.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** What a run loads, one after the other, whatever the archive: each step is one file, with all that it imports and the steps before it do not. */
const STEPS = {
  base: ["cli/main.ts", "safe/policy.ts", "text/size.ts"], // few, since nothing keeps what V8 makes of the first file
  program: ["cli/program.ts"],
  start: ["cli/verbs/index.ts", "cli/terms.ts", "cli/render.ts", "core/open.ts", "core/select.ts", "core/summary.ts", "core/oddities.ts", "commands/list.ts"], // most of the last x and t need as well
  jobs: ["core/jobs.ts"], // what worker threads need
  extract: ["commands/extract.ts", "cli/ask-overwrite.ts"],
  zip: ["formats/zip/read.ts", "formats/zip/decode.ts"],
};

rmSync(join(root, "dist"), { recursive: true, force: true });
const bundle = await rolldown({
  ...bundleOptions(root, version),
  input: { main: "src/cli/main.ts", index: "src/index.ts", thread: "src/thread.ts" },
  preserveEntrySignatures: "allow-extension",
});
const { output } = await bundle.write({
  dir: "dist",
  format: "cjs",
  minify: true,
  charset: "ascii", // a text with others takes twice the memory in V8, and a millisecond to be read
  comments: false, // the licences are in THIRD-PARTY-LICENSES.txt
  entryFileNames: "[name].cjs",
  chunkFileNames: (chunk) => `chunk-${titleOf(chunk)}-[hash].cjs`,
  // A module that several chunks share would get a file of its own, and to find a file takes longer than to run it.
  codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: stepOf(), debugName: "step" }] },
  plugins: [{ name: "runtime-in-main", generateBundle: (_, chunks) => moveRuntime(chunks) }],
});
await bundle.close();
const titles = output.map(({ fileName }) => fileName.replace(/-[\w-]{8}\.cjs$/, ""));
const twice = titles.find((title, i) => titles.indexOf(title) < i);
if (twice !== undefined) throw new Error(`Two files of the bundle are called ${twice}`);
writeFileSync(join(root, "dist/index.js"), moduleAround("./index.cjs", output.find((chunk) => chunk.name === "index").exports));
writeFileSync(join(root, "THIRD-PARTY-LICENSES.txt"), thirdPartyLicenses(output.flatMap((chunk) => chunk.moduleIds ?? [])));

const { manPage } = await loadSource(root, version, "cli/man.ts");
writeFileSync(join(root, "dist/unzipx.1"), manPage(version));

// The library's types; without the compiler (an install of production dependencies only) the program still builds.
if (existsSync(join(root, "node_modules/typescript/bin/tsc"))) writeTypes(root, join(root, "dist/types"));

/** Several modules have one name in different folders; what is compiled is kept by these names (src/safe/code-cache.ts). */
function titleOf({ name, facadeModuleId }) {
  const path = facadeModuleId?.split(/[\\/](?:src|node_modules)[\\/]/).at(-1);
  return path === undefined ? name : path.replace(/\.[cm]?[jt]s$/, "").replace(/[^\w.]+/g, "-").replace(/^-/, "");
}

/** The bundler's own helpers, which no group may have, are a file that every run would have to find: main.cjs, which all others need as well, takes them in. */
function moveRuntime(chunks) {
  const [file, runtime] = Object.entries(chunks).find(([name]) => name.startsWith("chunk-rolldown-runtime-"));
  const call = `require("./${file}")`;
  delete chunks[file];
  for (const [name, chunk] of Object.entries(chunks)) {
    const code = name === "main.cjs" ? `(exports.runtime={},(exports=>{${runtime.code}})(exports.runtime),exports.runtime)` : 'require("./main.cjs").runtime';
    if (chunk.type === "chunk") chunk.code = chunk.code.replace(call, () => code); // as it is: "$" would mean something
  }
}

/** An ES module with the same exports, by their names. */
function moduleAround(file, names) {
  return `import library from ${JSON.stringify(file)};\nexport const { ${names.join(", ")} } = library;\n`;
}

/** Names the step that a module belongs to; null: it is loaded when it is needed, or an entry by itself. */
function stepOf() {
  const steps = new Map();
  return (id, bundle) => {
    if (steps.size === 0) {
      for (const [step, files] of Object.entries(STEPS)) {
        for (const one of closureOf(files.map((file) => join(root, "src", file)), bundle)) if (!steps.has(one)) steps.set(one, step);
      }
    }
    return steps.get(id) ?? null;
  };
}

function closureOf(ids, bundle) {
  const closure = new Set(ids);
  // A Set also walks what is added meanwhile.
  for (const id of closure) for (const imported of bundle.getModuleInfo(id)?.importedIds ?? []) closure.add(imported);
  return closure;
}
