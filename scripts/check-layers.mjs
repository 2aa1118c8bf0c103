// Checks how the sources hang together: imports go down only, one hand on the disk, one mouth, files of a size to review.
// The reasons stand in ARCHITECTURE.md. Prints what is wrong and exits with 1, or says nothing.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import ts from "typescript";

/** From the top to the bottom; what stands in one row knows nothing of each other. */
const LAYERS = [["cli"], ["commands"], ["thread.ts", "index.ts"], ["api"], ["core"], ["formats", "filters", "safe", "parallel"], ["engine"], ["lzma", "zstd", "bzip2", "deflate"], ["bytes", "text"], ["errors.ts"]];

/** Every exception has its reason; one that is not needed any more is a failure as well. `from` and `to` are files below src. */
const ALLOWED = [
  { from: "formats/detect.ts", to: "filters/index.ts", why: "the bidding asks filters and containers alike" },
];

/** What everything may know as a type: the contract of the formats. */
const CONTRACT = "formats/contract.ts";

/** Functions of node:fs that create, link, change or remove; each has a Sync and a promise twin. */
const CHANGES = new Set([
  "appendFile", "chmod", "chown", "copyFile", "cp", "createWriteStream", "fchmod", "fchown", "ftruncate", "futimes", "lchmod", "lchown", "link", "lutimes",
  "mkdir", "mkdtemp", "rename", "rm", "rmdir", "symlink", "truncate", "unlink", "utimes", "write", "writeFile", "writev",
]);
/** What writes all the same, outside of safe/: the settings are no user's files. */
const MAY_CHANGE = new Map([["cli/store.ts", "the settings file"], ["cli/streams.ts", "standard output and error"]]);

/** Where the standard streams are. */
const STREAMS = "cli/streams.ts";

/** What runs another program all the same. */
const MAY_RUN = new Map([
  ["safe/quarantine.ts", "the system's own program marks files of ours; its path is fixed, and no shell is between"],
  ["core/native-7za.ts", "7za gets bytes of ours to compress, and gives bytes; it sees no archive, no name and no password"],
]);

/** More than a review likes. */
const LINES = 400;

/** The problems of the sources below `src`, one sentence each. */
export function checkLayers(src) {
  const problems = [];
  const used = new Set();
  for (const path of filesBelow(src)) {
    const file = relative(src, path).split(sep).join("/");
    const text = readFileSync(path, "utf8");
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    const say = (node, sentence) => problems.push(`src/${file}:${source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1}: ${sentence}`);
    const row = layerOf(file);
    if (row === undefined) problems.push(`src/${file}: belongs to no layer: ${LAYERS.flat().join(", ")}`);
    for (const one of importsOf(source)) {
      if (!one.from.startsWith(".")) {
        checkPackage(file, one, say);
        continue;
      }
      const to = relative(src, resolve(dirname(path), one.from)).split(sep).join("/");
      const target = layerOf(to);
      if (target === undefined || row === undefined) continue; // package.json and the like; told above
      if (top(to) === top(file) || target > row) continue;
      if (to === CONTRACT && one.typeOnly) continue;
      const exception = ALLOWED.find((allowed) => allowed.from === file && allowed.to === to);
      if (exception !== undefined) used.add(exception);
      else say(one.node, `imports ${to}: ${target === row ? `${top(file)} and ${top(to)} lie side by side` : `${top(to)} lies above ${top(file)}`}, and imports go down only`);
    }
    checkTalk(file, source, say);
    const lines = text.split("\n").length - 1;
    if (lines > LINES) problems.push(`src/${file}: has ${lines} lines, and ${LINES} are the most: several files read better`);
  }
  for (const { from, to } of ALLOWED.filter((one) => !used.has(one))) problems.push(`scripts/check-layers.mjs: src/${from} does not import ${to} any more, so it needs no exception`);
  return problems;
}

function top(file) {
  return file.split("/")[0];
}

/** The number of the layer, 0 for the top; undefined for a file that is in none. */
function layerOf(file) {
  const at = LAYERS.findIndex((row) => row.includes(top(file)));
  return at < 0 ? undefined : at;
}

function checkPackage(file, { from, names, whole, node, typeOnly }, say) {
  if (typeOnly) return;
  if (from === "node:worker_threads" && !["thread.ts", "parallel", "engine"].includes(top(file))) say(node, "threads are the business of src/thread.ts, src/parallel and src/engine");
  if ((from === "node:child_process" || from === "child_process") && !MAY_RUN.has(file)) say(node, "other programs are never run");
  if (!["node:fs", "fs", "node:fs/promises", "fs/promises"].includes(from) || top(file) === "safe" || MAY_CHANGE.has(file)) return;
  if (whole) say(node, `names what it takes from ${from} instead of all of it: only so can be seen what it does`);
  for (const name of names) {
    if (CHANGES.has(name.replace(/Sync$/, "")) || name === "promises") say(node, `takes ${name} from ${from}: files are created, changed and removed in src/safe only`);
  }
}

/** console, process.exit and the standard streams belong to the command line. */
function checkTalk(file, source, say) {
  if (file === STREAMS) return;
  visit(source, (node) => {
    if (!ts.isPropertyAccessExpression(node) || !ts.isIdentifier(node.expression)) return;
    const [object, member] = [node.expression.text, node.name.text];
    if (top(file) === "cli") {
      if (object === "process" && ["stdout", "stderr"].includes(member)) say(node, `uses process.${member}, which takes long to load: src/${STREAMS} has what stands for it`);
      return;
    }
    if (object === "console") say(node, "prints: only src/cli talks");
    if (object === "process" && ["stdout", "stderr", "stdin"].includes(member)) say(node, `uses process.${member}: only src/cli talks`);
    if (object === "process" && ["exit", "exitCode", "abort", "kill"].includes(member) && !asksOnly(node)) say(node, `uses process.${member}: only src/cli ends the process`);
  });
}

/** process.kill(pid, 0): whether a process is there. */
function asksOnly(node) {
  const [, signal] = ts.isCallExpression(node.parent) ? node.parent.arguments : [];
  return node.name.text === "kill" && signal !== undefined && ts.isNumericLiteral(signal) && signal.text === "0";
}

/** Static and dynamic imports, re-exports and types taken from another file. */
function importsOf(source) {
  const imports = [];
  visit(source, (node) => {
    if (ts.isImportDeclaration(node)) {
      const clause = node.importClause;
      const bindings = clause?.namedBindings;
      const named = bindings !== undefined && ts.isNamedImports(bindings) ? bindings.elements : [];
      imports.push({
        node, from: node.moduleSpecifier.text,
        names: named.filter((element) => !element.isTypeOnly).map((element) => (element.propertyName ?? element.name).text),
        whole: clause !== undefined && !clause.isTypeOnly && (clause.name !== undefined || (bindings !== undefined && ts.isNamespaceImport(bindings))),
        typeOnly: clause !== undefined && (clause.isTypeOnly || (clause.name === undefined && named.length > 0 && named.every((element) => element.isTypeOnly))),
      });
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
      imports.push({ node, from: node.moduleSpecifier.text, names: [], whole: false, typeOnly: node.isTypeOnly });
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword && ts.isStringLiteral(node.arguments[0])) {
      imports.push({ node, from: node.arguments[0].text, names: [], whole: true, typeOnly: false });
    } else if (ts.isImportTypeNode(node)) {
      imports.push({ node, from: node.argument.literal.text, names: [], whole: false, typeOnly: true });
    }
  });
  return imports;
}

function visit(node, each) {
  each(node);
  ts.forEachChild(node, (child) => visit(child, each));
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((one) => (one.isDirectory() ? filesBelow(join(folder, one.name)) : one.name.endsWith(".ts") ? [join(folder, one.name)] : []))
    .sort();
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const problems = checkLayers(join(dirname(fileURLToPath(import.meta.url)), "../src"));
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exit(1);
}
