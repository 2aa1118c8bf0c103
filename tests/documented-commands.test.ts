/** The command lines of the documents and of the help do what they are there for: each is run as it stands. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../src/cli/table/index.ts";
import { EXAMPLES } from "../src/cli/table/texts.ts";
import { documented } from "./helpers/documented.ts";
import { has } from "./helpers/tools.ts";

const DOCUMENTS = ["README.md", "docs/GUIDE.md"];

/** What is not run here, and where it is. */
const ELSEWHERE: readonly (readonly [RegExp, string])[] = [
  [/^npm |^npx /, "set-up: .ci/run and tests/package.test.ts"],
  [/^source <|\.config\/fish|Invoke-Expression/, "in a shell of its own: tests/cli/completions.test.ts"],
];

/** The lines of a document's shell blocks. "# exit 6" in the remark says which code is right. */
function linesOf(document: string): string[] {
  const text = readFileSync(join(import.meta.dirname, "..", document), "utf8");
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block]) => block!.split("\n")).filter((line) => line.trim() !== "" && !line.startsWith("#"));
}

/** Lines that did not end as they should, with what they said. */
function failing(lines: readonly string[]): object[] {
  const { run } = documented();
  return lines.filter((line) => !ELSEWHERE.some(([pattern]) => pattern.test(line))).flatMap((line) => {
    const { code, stderr } = run(line);
    const expected = Number(/# exit (\d+)/.exec(line)?.[1] ?? 0);
    return code === expected ? [] : [{ line, code, stderr }];
  });
}

describe.skipIf(!has("bash"))("every command line runs (needs bash):", () => {
  it.each(DOCUMENTS)("%s", (document) => {
    const lines = linesOf(document);
    expect(lines.length).toBeGreaterThan(5);
    expect(failing(lines)).toEqual([]);
  });

  it("the examples of the help", () => {
    expect(failing([{ examples: EXAMPLES }, ...COMMANDS].flatMap(({ examples }) => examples.map(([line, does]) => `${line} # ${does}`)))).toEqual([]);
  });
});
