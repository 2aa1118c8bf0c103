/** Every example of docs/LIBRARY.md and of the README is run as it stands there. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { buildTar, buildZip } from "../helpers/build.ts";
import { contentsOf } from "../helpers/cli.ts";
import { temporaryFolder } from "../helpers/tools.ts";

const root = join(import.meta.dirname, "../..");

function examplesOf(document: string): string[] {
  return [...readFileSync(join(root, document), "utf8").matchAll(/^```js\n([\s\S]*?)^```$/gm)].map((match) => match[1]!);
}

const release = gzipSync(buildTar([{ name: "release/README.md", content: "# release" }, { name: "release/data.bin", content: Buffer.alloc(100_000, 1) }]));

/** A folder with what the examples speak of, and a network with the one file that they fetch. */
function workplace(): string {
  const folder = temporaryFolder();
  const files: Record<string, string | Uint8Array> = {
    "upload.zip": buildZip([{ name: "fine.txt", content: "fine" }, { name: "../evil", content: "evil" }]),
    "photos.zip": buildZip([{ name: "a.jpg", content: "jpg" }, { name: "raw/b.jpg", content: "b" }, { name: "readme.txt", content: "r" }]),
    "release.tar.gz": release,
    "public/index.html": "<p>", "public/app.js.map": "{}", "public/drafts/x": "x",
    "notes/todo.md": "todo", "notes/more.txt": "more",
  };
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules/unzipx"));
  writeFileSync(join(folder, "network.mjs"), 'import { readFileSync } from "node:fs";\nglobalThis.fetch = async () => new Response(readFileSync("release.tar.gz"));\n');
  return folder;
}

function run(example: string, folder: string): { status: number | null; stdout: string; stderr: string } {
  writeFileSync(join(folder, "example.mjs"), example);
  return spawnSync(process.execPath, ["--no-warnings", "--import", "./network.mjs", "example.mjs"], { cwd: folder, encoding: "utf8", timeout: 60_000 });
}

for (const [document, expected] of [
  ["README.md", [/^4$[^]*^hello\.txt 5$/m]],
  ["docs/LIBRARY.md", [/^UNSAFE_PATH "\.\.\/evil" /, /^$/, /^2 files in \/.*photos$/m, /^$/, /^"a\.jpg" file 3 /, /^2 files, 0 of them damaged$[^]*path-traversal/m, /^# release$/m]],
] as const) {
  describe(document, () => {
    const examples = examplesOf(document);

    it("has the examples that are looked at here", () => expect(examples).toHaveLength(expected.length));

    for (const [at, example] of examples.entries()) {
      it(`example ${at + 1}: ${example.split("\n").find((line) => line.includes("await"))?.trim()}`, () => {
        const { status, stdout, stderr } = run(example, workplace());
        expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
        expect(stdout).toMatch(expected[at]!);
      });
    }
  });
}

it("the first example of create makes what its text says", () => {
  const folder = workplace();
  run(examplesOf("docs/LIBRARY.md")[3]!, folder);
  run('import { extract } from "unzipx"; await extract("site.zip", "a"); await extract("report.tar.gz", "b");', folder);
  expect(contentsOf(join(folder, "a"))).toEqual({ "public/": "", "public/index.html": "<p>" });
  expect(contentsOf(join(folder, "b"))).toMatchObject({ "report/data.json": '{"ok":true}', "notes/todo.md": "todo" });
});

it("docs/LIBRARY.md names every option that there is, and the README's section is short", () => {
  const document = readFileSync(join(root, "docs/LIBRARY.md"), "utf8");
  const options = ["extract", "create", "list", "test", "open", "reading", "progress", "outcome"].flatMap((name) => {
    const source = readFileSync(join(root, `src/api/${name}.ts`), "utf8");
    return [...source.matchAll(/^export interface \w+Options\b[^{]*\{\n([\s\S]*?)^\}/gm)].flatMap(([, body]) => [...body!.matchAll(/^ {2}readonly (\w+)\?/gm)].map((match) => match[1]!));
  });
  expect(options.length).toBeGreaterThan(30);
  expect(options.filter((option) => !document.includes(`\`${option}`) && !document.includes(`${option}:`))).toEqual([]);
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const section = readme.slice(readme.indexOf("## Library"), readme.indexOf("\n## ", readme.indexOf("## Library") + 1));
  expect(section.trim().split("\n").length).toBeLessThanOrEqual(25);
});
