import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkLayers } from "../scripts/check-layers.mjs";
import { temporaryFolder } from "./helpers/tools.ts";

const root = join(import.meta.dirname, "..");

it("the sources keep to their layers", () => {
  expect(checkLayers(join(root, "src"))).toEqual([]);
});

it("the script says nothing and is exit 0 then", () => {
  expect(execFileSync(process.execPath, [join(root, "scripts/check-layers.mjs")], { encoding: "utf8" })).toBe("");
});

describe("check-layers finds", () => {
  /** Sources of one file, and of the one exception that there is. */
  function problemsWith(file: string, text: string): string[] {
    const src = join(temporaryFolder(), "src");
    const files = { "formats/detect.ts": 'import { FILTERS } from "../filters/index.ts";', [file]: text };
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(src, path)), { recursive: true });
      writeFileSync(join(src, path), content);
    }
    return checkLayers(src);
  }
  const wrong: [what: string, file: string, text: string, said: string][] = [
    ["an import upward", "bytes/odd.ts", 'import { extract } from "../core/extract.ts";', "core lies above bytes"],
    ["an import of a type upward", "core/odd.ts", 'import type { Flags } from "../cli/program.ts";', "cli lies above core"],
    ["an import sideways", "formats/odd.ts", 'import { checkPath } from "../safe/path.ts";', "formats and safe lie side by side"],
    ["an import sideways in the row below", "text/odd.ts", 'import { crc32 } from "../bytes/crc32.ts";', "text and bytes lie side by side"],
    ["a filter that looks at a format", "filters/odd.ts", 'import { zip } from "../formats/zip/index.ts";', "filters and formats lie side by side"],
    ["an import that comes later", "safe/odd.ts", 'export const load = () => import("../cli/render.ts");', "cli lies above safe"],
    ["a re-export", "commands/odd.ts", 'export { main } from "../cli/main.ts";', "cli lies above commands"],
    ["a type taken in passing", "text/odd.ts", 'export type Odd = import("../core/summary.ts").Summary;', "core lies above text"],
    ["the contract imported as more than a type", "bytes/odd.ts", 'import { x } from "../formats/contract.ts";', "formats lies above bytes"],
    ["an import of the threads' own file", "core/odd.ts", 'import "../thread.ts";', "thread.ts lies above core"],
    ["a file in no layer", "odd/odd.ts", "", "belongs to no layer"],
    ["a file written outside of safe", "core/odd.ts", 'import { writeFileSync } from "node:fs";', "writeFileSync"],
    ["a folder made outside of safe", "formats/odd.ts", 'import { mkdir } from "node:fs/promises";', "mkdir"],
    ["a file removed under another name", "cli/odd.ts", 'import { unlinkSync as away } from "node:fs";', "unlinkSync"],
    ["all of node:fs taken", "bytes/odd.ts", 'import * as fs from "node:fs";', "instead of all of it"],
    ["the default of node:fs taken", "bytes/odd.ts", 'import fs from "node:fs";', "instead of all of it"],
    ["node:fs loaded later", "bytes/odd.ts", 'export const fs = await import("node:fs");', "instead of all of it"],
    ["threads outside of parallel", "core/odd.ts", 'import { Worker } from "node:worker_threads";', "src/parallel"],
    ["another program run", "core/odd.ts", 'import { spawn } from "node:child_process";', "never run"],
    ["Node's own standard output", "cli/odd.ts", 'process.stdout.write("x");', "cli/streams.ts"],
    ["console outside of cli", "core/odd.ts", 'console.log("x");', "only src/cli talks"],
    ["a standard stream outside of cli", "safe/odd.ts", 'process.stderr.write("x");', "process.stderr"],
    ["the process ended outside of cli", "formats/odd.ts", "process.exit(1);", "process.exit"],
    ["a file that is too long", "text/odd.ts", "export {};\n".repeat(401), "401 lines"],
  ];
  for (const [what, file, text, said] of wrong) {
    it(what, () => {
      const problems = problemsWith(file, text);
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain(`src/${file}`);
      expect(problems[0]).toContain(said);
    });
  }

  const right: [what: string, file: string, text: string][] = [
    ["an import downward", "core/odd.ts", 'import { printable } from "../text/printable.ts";\nimport { UnzipxError } from "../errors.ts";'],
    ["an import within the layer's own folder", "formats/zip/odd.ts", 'import { tar } from "../tar/index.ts";'],
    ["the contract as a type", "bytes/odd.ts", 'import type { Bytes } from "../formats/contract.ts";'],
    ["reading a file anywhere", "formats/odd.ts", 'import { readSync, fstatSync, type Stats } from "node:fs";'],
    ["a type of node:fs that writes", "core/odd.ts", 'import type { WriteStream, writeFile } from "node:fs";'],
    ["writing in safe", "safe/odd.ts", 'import { writeFileSync } from "node:fs";'],
    ["talk in cli", "cli/odd.ts", 'process.stdin.resume(); console.log("x");'],
    ["the standard streams in their own file", "cli/streams.ts", 'process.stdout.write("x");'],
    ["a file of just the right length", "text/odd.ts", "export {};\n".repeat(400)],
  ];
  for (const [what, file, text] of right) {
    it(`nothing wrong with ${what}`, () => expect(problemsWith(file, text)).toEqual([]));
  }

  it("an exception that nobody needs any more", () => {
    const src = join(temporaryFolder(), "src");
    mkdirSync(src);
    expect(checkLayers(src)).toEqual([expect.stringContaining("needs no exception")]);
  });
});
