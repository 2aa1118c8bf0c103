import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { documents } from "../src/cli/documents.ts";
import { formatRows } from "../src/cli/render-formats.ts";
import { ERRORS } from "../src/errors.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "bench/README.md", "docs/AUDIT.md", "docs/LIBRARY.md", "docs/FORMATS.md", "docs/EXIT-CODES.md", "docs/GUIDE.md", "docs/DEPENDENCIES.md", "docs/JSON.md"];
const readme = read("README.md");
const folder = realpathSync(mkdtempSync(join(tmpdir(), "unzipx-documents-")));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(document: string): string {
  return readFileSync(join(root, document), "utf8");
}

/** The code blocks of a language, in order. */
function blocks(text: string, language: string): string[] {
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter(([, name]) => name === language).map(([, , body]) => body!);
}

/** The rows below the table head that begins with these cells. */
function table(text: string, head: string): string[][] {
  const lines = text.slice(text.indexOf(head)).split("\n").slice(2);
  const end = lines.findIndex((line) => !line.startsWith("|"));
  return lines.slice(0, end).map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}

/** `accepted`: without it nothing is done but parsing, because the terms stand in front of every verb. */
function unzipx(words: readonly string[], { accepted }: { accepted: boolean }): { status: number | null; output: string } {
  const home = mkdtempSync(join(folder, "home-")); // a new one, so that nothing stored counts for the next line
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "bin/unzipx.js"), ...words], {
    cwd: folder, encoding: "utf8", input: "",
    env: { PATH: process.env["PATH"], HOME: home, XDG_CONFIG_HOME: home, TZ: "UTC", ...(accepted ? { UNZIPX_ACCEPT_TERMS: "1" } : {}) },
  });
  return { status, output: stdout + stderr };
}

/** The words of a simple shell line: quotes, no expansions; a comment, a pipe or a redirection ends it. */
function shellWords(line: string): string[] {
  const words: string[] = [];
  for (const [word, single, double] of line.matchAll(/'([^']*)'|"([^"]*)"|[^\s'"]+/g)) {
    if (/^([|>#]|&&)/.test(word)) break;
    words.push(single ?? double ?? word);
  }
  return words;
}

test("shellWords() keeps quoted words whole and stops at a pipe", () => {
  expect(shellWords("unzipx x a.zip '*.j g' -x \"b c\" | less # why")).toEqual(["unzipx", "x", "a.zip", "*.j g", "-x", "b c"]);
});

test("the README's table of formats is that of unzipx formats, alike ones in one row", () => {
  const yes = (is: boolean): string => (is ? "yes" : "no");
  const groups = new Map<string, string[]>();
  for (const row of formatRows()) {
    const able = [row.read, row.write, row.stream, row.encrypted].map(yes).join(" ");
    groups.set(able, [...(groups.get(able) ?? []), row.name]);
  }
  const expected = [...groups].map(([able, names]) => [names.join(" · "), ...able.split(" ")]);
  expect(table(readme, "| formats | read |")).toEqual(expected);
});

test("the README's exit codes are those of errors.ts, and 0", () => {
  const documented = table(readme, "| code | meaning |").flatMap(([codes]) => codes!.split(",").map(Number));
  const known = new Set([0, ...Object.values(ERRORS).map(({ exit }) => exit)]);
  // 1 is also what warnings lead to: it has to be there, whatever the table of errors says.
  expect(documented.sort((a, b) => a - b)).toEqual([...known.add(1)].sort((a, b) => a - b));
});

test.each(Object.entries(documents()))("%s is what npm run docs makes", (document, text) => {
  expect(read(document)).toBe(text);
});

test("docs/DEPENDENCIES.md names every dependency and its licence, in the right table", () => {
  const page = read("docs/DEPENDENCIES.md");
  const { dependencies, devDependencies } = JSON.parse(read("package.json")) as Record<"dependencies" | "devDependencies", Record<string, string>>;
  const bundled = read("THIRD-PARTY-LICENSES.txt");
  const rows = page.split("\n").filter((line) => line.startsWith("| ") && !/^\| (package|---)/.test(line)).map((line) => line.split("|").slice(1, 3).map((cell) => cell.trim()));
  const named = new Map(rows.flatMap(([names, licence]) => names!.split(", ").map((name) => [name, licence!] as const)));
  expect([...named.keys()].sort()).toEqual([...Object.keys(dependencies), ...Object.keys(devDependencies), "readline-sync"].sort());
  for (const name of Object.keys(devDependencies)) {
    const inBundle = new RegExp(`^${name} \\d`, "m").test(bundled);
    expect([name, page.slice(page.indexOf("## Bundled"), page.indexOf("## For dev")).includes(`| ${name} |`)]).toEqual([name, inBundle]);
    const { license } = JSON.parse(read(`node_modules/${name}/package.json`)) as { license: string };
    expect([name, named.get(name)]).toEqual([name, license]);
  }
});

test("the README has at most 250 lines", () => {
  expect(readme.trimEnd().split("\n").length).toBeLessThanOrEqual(250);
});

test.each(DOCUMENTS)("every relative link in %s leads to a file", (document) => {
  const links = [...read(document).matchAll(/\]\(([^)#\s]+)(#[^)]*)?\)/g)].map((match) => match[1]!).filter((link) => !/^[a-z]+:/.test(link));
  const missing = links.filter((link) => !existsSync(join(root, dirname(document), link)));
  expect(missing).toEqual([]);
});

test.each(["ARCHITECTURE.md", "CONTRIBUTING.md"])("every file that %s names is there", (document) => {
  const named = [...read(document).matchAll(/`((?:src|scripts|bin|bench|tests|\.ci)\/[\w./-]*)`/g)].map((match) => match[1]!);
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test("CONTRIBUTING.md shows a filter as it is", () => {
  expect(blocks(read("CONTRIBUTING.md"), "ts")).toEqual([read("src/filters/snappy.ts")]);
});

test("ARCHITECTURE.md names functions that exist", () => {
  const sources = spawnSync("node", ["-e", "const fs=require('fs');for(const f of fs.readdirSync('src',{recursive:true}))if(f.endsWith('.ts'))process.stdout.write(fs.readFileSync('src/'+f,'utf8'))"], {
    cwd: root, encoding: "utf8", maxBuffer: 1 << 26,
  }).stdout;
  // In backticks, in camel case or with parentheses: a name of the code and nothing else.
  const named = [...read("ARCHITECTURE.md").matchAll(/`(#?[A-Za-z]\w*)(?:\(\))?`/g)].map((match) => match[1]!).filter((name) => /[a-z][A-Z]|^[A-Z_]{4,}$/.test(name));
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((name) => !sources.includes(name))).toEqual([]);
});

test(".ci/run runs the README's test command", () => {
  const command = /^(npm ci && npm test)\b/m.exec(readme)?.[1];
  expect(command).toBeDefined();
  expect(read(".ci/run")).toContain(`'${command}'`);
});

describe("command lines of the README", () => {
  const lines = blocks(readme, "sh").flatMap((block) => block.split("\n")).flatMap((line) => line.split(/ \| | && /)).map((line) => line.trim());
  const own = lines.filter((line) => line.startsWith("unzipx "));

  test("there are some", () => expect(own.length).toBeGreaterThan(5));

  test.each(own)("%s", (line) => {
    const [, ...words] = shellWords(line);
    const { status, output } = unzipx(words, { accepted: false });
    // 4 comes after parsing and before anything else; help and terms need no acceptance.
    expect({ status: status === 0 ? 4 : status, output }).toMatchObject({ status: 4 });
  });
});

// After a wanted change: npx vitest run tests/documents.test.ts -u
test("what the README shows is what unzipx prints", async () => {
  for (const fixture of ["fixtures/zip/sample.zip", "fixtures/tar/sample.tar.gz"]) {
    mkdirSync(join(folder, dirname(fixture)), { recursive: true });
    cpSync(join(root, fixture), join(folder, fixture));
  }
  const printed = readme.replace(/^```console\n([\s\S]*?)^```$/gm, (_, block: string) => {
    const steps = block.split(/^\$ /m).slice(1).map((step) => {
      const end = step.indexOf("\n");
      const [line, shown] = [step.slice(0, end), step.slice(end + 1)];
      const output = unzipx(shellWords(line).slice(1), { accepted: true }).output.replaceAll(folder, "/tmp");
      return `$ ${line}\n${steady(output) === steady(shown) ? shown : output}`;
    });
    return `\`\`\`console\n${steps.join("")}\`\`\``;
  });
  await expect(printed).toMatchFileSnapshot("../README.md");
});

/** Without what differs from run to run: how long it took, and how small zlib of this Node makes it. */
function steady(text: string): string {
  return text.trim().replace(/\bin \d+(\.\d+)? s\b/g, "in … s").replace(/"elapsed": \d+/g, '"elapsed": …').replace(/→ [\d.]+ \w+( \([\d.]+ %\))?/g, "→ …");
}
