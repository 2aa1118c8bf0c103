import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { buildTar, buildZip } from "../helpers/build.ts";
import { contentsOf, sandbox } from "../helpers/cli.ts";
import { extract, failure } from "../helpers/unzipx.ts";

const zip = buildZip([{ name: "top/a.txt", content: "a" }, { name: "top/sub/*.txt", content: "star" }, { name: "top/sub/b.txt", content: "b" }]);

async function out(options: Parameters<typeof extract>[2]): Promise<Record<string, string>> {
  const { folder } = sandbox();
  await extract(zip, join(folder, "out"), options);
  return contentsOf(join(folder, "out"));
}

it("names mean just themselves, and a folder all below it", async () => {
  expect(await out({ names: ["top/sub/*.txt"] })).toEqual({ "top/": "", "top/sub/": "", "top/sub/*.txt": "star" });
  expect(Object.keys(await out({ names: ["top/sub"], exclude: "b.txt" }))).toEqual(["top/", "top/sub/", "top/sub/*.txt"]);
  expect((await failure(out({ names: ["sub"] }))).code).toBe("NO_MATCH");
});

it("entries get other names: folders left out, expressions, a function", async () => {
  expect(Object.keys(await out({ stripComponents: "auto" }))).toEqual(["a.txt", "sub/", "sub/*.txt", "sub/b.txt"]);
  expect(Object.keys(await out({ stripComponents: 2 }))).toEqual(["*.txt", "b.txt"]);
  expect(Object.keys(await out({ junkPaths: true, transform: "s/\\.txt$/.md/" }))).toEqual(["*.md", "a.md", "b.md"]);
  expect(Object.keys(await out({ transform: (name) => name.replace("top", "TOP"), names: ["top/a.txt"] }))).toEqual(["TOP/", "TOP/a.txt"]);
  for (const options of [{ junkPaths: true, stripComponents: 1 }, { stripComponents: -1 }, { transform: "s/a" }]) expect((await failure(out(options))).code).toBe("USAGE");
});

it("a file that was unpacked whole is deleted where that is asked for, and what is no file cannot be", async () => {
  const where = sandbox();
  const file = where.file("a.tar", buildTar([{ name: "x", content: "x" }]));
  await extract(file, join(where.folder, "out"), { deleteSource: true });
  expect([existsSync(file), contentsOf(join(where.folder, "out"))]).toEqual([false, { x: "x" }]);
  expect((await failure(extract(zip, join(where.folder, "out2"), { deleteSource: true }))).code).toBe("USAGE");
  expect(existsSync(join(where.folder, "out2"))).toBe(false);
});
