// Holds the imports of src/ against ARCHITECTURE.md: they go down only, and some doors are for one layer only.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const src = join(root, "src");
const MAX_LINES = 420;

/** Higher may import lower; equal ranks only inside the same folder. */
const RANK = { entry: 6, cli: 5, commands: 4, core: 3, formats: 2, filters: 2, safe: 2, parallel: 2, bytes: 1, text: 1, contract: 0.5, errors: 0 };

/** Imports that go sideways on purpose: [from, to, why]. */
const ALLOWED = [
  ["formats/detect.ts", "filters/index.ts", "the bidding goes over filters and containers"],
];

/** Functions of node:fs that create, link, change or remove. */
const WRITING = /^(appendFile|chmod|chown|copyFile|cp|fchmod|fchown|ftruncate|futimes|lchmod|lchown|link|lutimes|mkdir|mkdtemp|rename|rm|rmdir|symlink|truncate|unlink|utimes|write|writeFile|writev)(Sync)?$/;
const MAY_WRITE = [
  [/^safe\//, "the only hand on the disk"],
  [/^cli\/store\.ts$/, "the program's own settings file"],
];

const files = readdirSync(src, { recursive: true }).map(String).filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts")).map((name) => name.replaceAll("\\", "/"));
const problems = [];

for (const file of files) {
  const text = readFileSync(join(src, file), "utf8");
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const problem = (what) => problems.push(`src/${file}: ${what}`);
  const lines = text.split("\n").length;
  if (lines > MAX_LINES) problem(`has ${lines} lines, the limit is ${MAX_LINES}`);

  for (const [, clause, target] of code.matchAll(/(?:^|\n)\s*(?:import|export)\b([^;"']*?)(?:\bfrom\s*)?["']([^"']+)["']/g)) checkImport(file, clause, target, problem);
  for (const [, target] of code.matchAll(/\bimport\(\s*["']([^"']+)["']\s*\)/g)) checkImport(file, "", target, problem);

  const layer = layerOf(file);
  if (layer !== "cli" && layer !== "entry" && /\bconsole\.|\bprocess\.(exit|stdout|stderr|stdin)\b/.test(code)) problem("prints or ends the process, which only src/cli does");
}

function checkImport(file, clause, target, problem) {
  if (target.startsWith(".")) {
    const to = relative(src, join(src, dirname(file), target)).replaceAll("\\", "/");
    const [from, into] = [layerOf(file), layerOf(to)];
    if (from === into || RANK[into] < RANK[from]) return;
    if (ALLOWED.some(([a, b]) => a === file && b === to)) return;
    problem(`imports ${to}: ${from} may not import ${into}`);
    return;
  }
  if (target === "node:worker_threads" && layerOf(file) !== "parallel") problem("imports node:worker_threads, which only src/parallel does");
  if ((target === "commander" || target === "conf" || target === "chalk" || target === "cli-progress") && layerOf(file) !== "cli") problem(`imports ${target}, which only src/cli does`);
  if (target === "node:fs" || target === "node:fs/promises") {
    if (MAY_WRITE.some(([pattern]) => pattern.test(file))) return;
    for (const [, name] of clause.matchAll(/\b([a-zA-Z]+)\b/g)) {
      if (WRITING.test(name)) problem(`imports ${name} from ${target}: users' files are changed only in src/safe`);
    }
    if (/\*\s+as\b/.test(clause) || /^\s*[a-z]+\s*$/i.test(clause)) problem(`imports all of ${target}: name the functions, so that this check sees them`);
  }
}

function layerOf(file) {
  if (file === "errors.ts") return "errors";
  if (file === "formats/contract.ts") return "contract";
  const slash = file.indexOf("/");
  return slash < 0 ? "entry" : file.slice(0, slash);
}

if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
console.log(`${files.length} files in ${Object.keys(RANK).length} layers: imports go down only`);
