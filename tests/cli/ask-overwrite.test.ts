/** The question about a file that exists already, on a real terminal of 40 columns. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildTar } from "../helpers/build.ts";
import { sandbox } from "../helpers/cli.ts";
import { has } from "../helpers/tools.ts";

const COMMAND = join(import.meta.dirname, "../../bin/unzipx.js");

/** Three files that are all there already, as "old"; `keys` is what the user types. */
function answered(keys: string): { shown: string; code: number | null; files: Record<string, unknown> } {
  const where = sandbox();
  where.file("a.tar", buildTar(["a", "b", "c"].map((name) => ({ name, content: `new ${name}` }))));
  for (const name of ["a", "b", "c"]) where.file(`out/${name}`, "old");
  const { stdout, status } = spawnSync("script", ["-qec", `stty cols 40; ${process.execPath} ${COMMAND} x a.tar -C out`, "/dev/null"], {
    cwd: where.folder, input: keys, env: { ...process.env, UNZIPX_ACCEPT_TERMS: "1", NO_COLOR: "1" }, timeout: 50_000,
  });
  return { shown: String(stdout).replaceAll("\r", ""), code: status, files: where.contents("out") };
}

describe.skipIf(!has("script"))("the question about a file that exists (needs script)", () => {
  const [a, b, c] = ["new a", "new b", "new c"];
  it.each([
    ["y\nn\nyes\n", { a, b: "old", c }],
    ["no\nall\n", { a: "old", b, c }],
    ["Y\nnone\n", { a, b: "old", c: "old" }],
    ["r\no\n", { a: "old", "a (1)": a, b: "old", c: "old" }],
    ["u\nr\na\n", { a: "old", b: "old", "b (1)": b, c }],
    ["\nwhat?\ny\no\n", { a, b: "old", c: "old" }],
  ])("%j is done for these files, and for those behind them", (keys, expected) => {
    const { code, files } = answered(keys);
    expect({ code, files }).toEqual({ code: 0, files: expected });
  });
  it("shows sizes and dates of both, one below the other, in 40 columns", () => {
    const { shown } = answered("o\n");
    expect(shown).toMatch(/^"a" exists already:\n {2}there: {3}3 B, [-\d]+ [:\d]+, newer\n {2}archive: 5 B, [-\d]+ [:\d]+\nReplace it\? \[y\]es, \[n\]o, \[a\]ll, n\[o\]ne,/m);
    expect(Math.max(...shown.split("\n").filter((line) => /^ {2}(there|archive):/.test(line)).map((line) => line.length))).toBeLessThanOrEqual(40);
  });
  it("Ctrl-D is no answer: exit 5, and everything is as it was", () => {
    const { shown, code, files } = answered("\x04");
    expect({ code, files }).toEqual({ code: 5, files: { a: "old", b: "old", c: "old" } });
    expect(shown).toContain('"a": it exists already and nobody answered');
  });
});
