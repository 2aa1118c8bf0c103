/** tar's letters as the first word. */
import { describe, expect, it } from "vitest";
import { withoutCluster } from "../../src/cli/cluster.ts";
import { UnzipxError } from "../../src/errors.ts";
import { buildTar } from "../helpers/build.ts";
import { sandbox } from "../helpers/cli.ts";
import { has, run } from "../helpers/tools.ts";

const read = (line: string): string => withoutCluster(line.split(" ")).join(" ");
const refused = (line: string): UnzipxError => {
  try {
    read(line);
  } catch (error) {
    if (error instanceof UnzipxError) return error;
  }
  throw new Error(`${line} was taken`);
};

describe("a cluster of tar's letters", () => {
  for (const [typed, meant] of [
    ["xf a.tar", "x a.tar --"],
    ["xvf a.tgz", "x -v a.tgz --"],
    ["-xzf a.tgz", "x a.tgz --"],
    ["xjf a.tgz", "x a.tgz --"], // reading, the content decides
    ["tf a.tar", "l a.tar --"],
    ["tvf a.tar", "l -l a.tar --"],
    ["xf a.tar -C dir", "x -C dir a.tar --"],
    ["xf a.tar -Cdir b", "x -Cdir a.tar -- b"],
    ["xfC a.tar dir b", "x -C dir a.tar -- b"],
    ["xf a.tar b c", "x a.tar -- b c"],
    ["xf a.tar --into always b", "x --into always a.tar -- b"],
    ["xf a.tar --into=always b", "x --into=always a.tar -- b"],
    ["xf a.tar -qC dir b", "x -qC dir a.tar -- b"],
    ["xf a.tar -- -b", "x a.tar -- -b"],
    ["xf - b", "x - -- b"],
    ["xf -a.tar", "x ./-a.tar --"],
    ["xkOmpf a.tar", "x -n -O --no-mtime a.tar --"],
    ["cf a.zip b", "c a.zip -- b"], // without a letter the name decides
    ["czf a.tgz -C dir b c", "c --format tar.gz -C dir a.tgz -- b c"],
    ["cJf a.zip b", "c --format tar.xz a.zip -- b"],
    ["-cjvf a b", "c --format tar.bz2 -v a -- b"],
    ["cf a --zstd b", "c --format tar.zst a -- b"],
    ["cf - b", "c --format tar - -- b"],
    ["czf - b", "c --format tar.gz - -- b"],
    ["chf a.tar b", "c -L a.tar -- b"],
    ["caf a.tar.xz b", "c a.tar.xz -- b"],
    ["xf a --zstd", "x a --"],
  ] as const) {
    it(`${typed} is ${meant}`, () => expect(read(typed)).toBe(meant));
  }

  for (const [typed, why] of [
    ["xqf a.tar", 'there is no letter "q" for it'],
    ["tCf a.tar", 'there is no letter "C" for it'],
    ["tkf a.tar", 'there is no letter "k" for it'],
    ["xcf a.tar", "it asks for x and c at once"],
    ["czJf a.tar b", '"czJf" asks for tar.gz and tar.xz'],
    ["czf a.tar --xz b", '"czf" asks for tar.gz and tar.xz'],
    ["xf", "no archive follows it"],
    ["xfC a.tar", "no folder follows it"],
    ["-xfv a.tar", "what follows the f of a word with a dash is a file's name"],
  ] as const) {
    it(`${typed} is refused: ${why}`, () => {
      const error = refused(typed);
      expect([error.code, error.message]).toEqual(["USAGE", expect.stringContaining(why)]);
    });
  }

  it("is one whatever files there are, and a command is none", () => {
    const where = sandbox();
    where.file("a.tar", buildTar([{ name: "b", content: "content" }, { name: "c" }]));
    where.file("xf", "a file");
    where.file("b", "a file that is no archive");
    expect(where.run(["xf", "a.tar", "-C", "out", "b"])).toMatchObject({ code: 0 });
    expect(where.contents("out")).toEqual({ b: "content" });
    expect(where.run(["tf", "a.tar"]).stdout).toContain("2 files");
    expect(where.run(["formats"]).code).toBe(0);
    expect(where.run(["xqf", "a.tar"])).toMatchObject({ code: 7, stderr: expect.stringContaining('there is no letter "q"') });
    expect(where.run(["xf"]).code).toBe(7);
  });

  it.skipIf(!has("tar"))("makes what tar reads (needs tar)", () => {
    const where = sandbox();
    where.file("in/a", "content");
    for (const [cluster, out] of [["czf", "a.tgz"], ["-cjf", "a.tar.bz2"], ["cJf", "odd.name"], ["cf", "plain.tar"]] as const) {
      expect(where.run([cluster, out, "-C", "in", "a"])).toMatchObject({ code: 0 });
      expect(run("tar", ["xOf", out, "a"], { cwd: where.folder })).toBe("content");
    }
  });
});
