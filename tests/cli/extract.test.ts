import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, statSync, symlinkSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { buildTar, buildZip, DEFLATE, MTIME, paxHeader } from "../helpers/build.ts";
import { isWindows, sandbox, sha256, type Sandbox } from "../helpers/cli.ts";

const zip = buildZip([{ name: "d/a.txt", content: "a" }, { name: "b.txt", content: "b", method: DEFLATE }]);
const single = buildZip([{ name: "project/" }, { name: "project/a.txt", content: "a" }, { name: "project/b.txt", content: "b" }]);

/** A sandbox with an archive in it. */
function withArchive(name = "a.zip", bytes: Uint8Array = zip): Sandbox {
  const where = sandbox();
  where.file(name, bytes);
  return where;
}

/** What there is besides the archives. */
function made(where: Sandbox): string[] {
  where.assertOutsideUntouched();
  return Object.keys(where.contents()).filter((path) => !/^[^/]*\.(zip|tar|gz|tgz)$/.test(path));
}

describe("unzipx x: where things go", () => {
  it("several things go into a folder named after the archive", () => {
    const where = withArchive("photos 2024.zip");
    const { code, stdout, stderr } = where.run(["x", "photos 2024.zip"]);
    expect([code, stdout]).toEqual([0, ""]);
    expect(stderr).toMatch(/extracted: 2 files, 2 B into .*photos 2024/);
    expect(made(where)).toEqual(["photos 2024/", "photos 2024/b.txt", "photos 2024/d/", "photos 2024/d/a.txt"]);
  });
  it("a single thing goes into the current folder", () => {
    const where = withArchive("a.zip", single);
    expect(where.run(["x", "a.zip"]).code).toBe(0);
    expect(made(where)).toEqual(["project/", "project/a.txt", "project/b.txt"]);
  });
  it("--into always makes a folder, --into never and --here make none", () => {
    const where = withArchive("a.zip", single);
    expect(where.run(["x", "a.zip", "--into", "always"]).code).toBe(0);
    expect(made(where)).toEqual(["a/", "a/project/", "a/project/a.txt", "a/project/b.txt"]);
    for (const flag of [["--into", "never"], ["--here"]]) {
      const other = withArchive();
      expect(other.run(["x", "a.zip", ...flag]).code).toBe(0);
      expect(made(other)).toEqual(["b.txt", "d/", "d/a.txt"]);
    }
  });
  it("every extension gives the folder its name, and what has none another one", () => {
    const tar = buildTar([{ name: "a" }, { name: "b" }]);
    const names: [string, Uint8Array, string][] = [["x.tar", tar, "x"], ["x.tar.gz", gzipSync(tar), "x"], ["x.tgz", gzipSync(tar), "x"], ["x.v1.jar", zip, "x.v1"], ["plain", zip, "plain-extracted"], [".zip", zip, ".zip-extracted"]];
    for (const [name, bytes, folder] of names) {
      const where = withArchive(name, bytes);
      expect(where.run(["x", name]).code, name).toBe(0);
      expect(existsSync(join(where.folder, folder)), name).toBe(true);
    }
  });
  for (const flag of ["-C", "-d", "-o", "--directory"]) {
    it(`${flag} names the folder, which is made with all above it, and the contents go straight into it`, () => {
      const where = withArchive();
      expect(where.run(["x", "a.zip", flag, "new/deep"]).code).toBe(0);
      expect(made(where)).toEqual(["new/", "new/deep/", "new/deep/b.txt", "new/deep/d/", "new/deep/d/a.txt"]);
    });
  }
  it("the summary names the only folder that came out, with one slash behind it", () => {
    const where = withArchive("a.zip", single);
    const cwd = join(where.folder, "elsewhere");
    mkdirSync(cwd);
    for (const out of ["out", join(where.folder, "other")]) expect(where.run(["x", join("..", "a.zip"), "-C", out], { cwd }).stderr).toContain(` into ${join(out, "project")}/ in `);
  });
  it("-C into an existing folder keeps what is there", () => {
    const where = withArchive();
    where.file("out/mine", "mine");
    expect(where.run(["x", "a.zip", "-C", "out"]).code).toBe(0);
    expect(made(where)).toEqual(["out/", "out/b.txt", "out/d/", "out/d/a.txt", "out/mine"]);
  });
  it("the long name works, and so does an absolute path to the archive", () => {
    const where = withArchive();
    expect(where.run(["extract", join(where.folder, "a.zip")]).code).toBe(0);
    expect(made(where)).toContain("a/b.txt");
  });
  it("several archives in one run each get their own", () => {
    const where = withArchive();
    where.file("b.zip", zip);
    expect(where.run(["x", "a.zip", "b.zip"]).code).toBe(0);
    expect(made(where)).toEqual(["a/", "a/b.txt", "a/d/", "a/d/a.txt", "b/", "b/b.txt", "b/d/", "b/d/a.txt"]);
  });
  it("names are ways from the folder that the run began in, whatever was unpacked before, or failed", () => {
    const where = sandbox();
    where.file("secret.txt", "secret");
    where.file("word", "open sesame\n");
    expect(where.run(["c", "-q", "-e", "locked.zip", "secret.txt", "--password-file", "word"]).code).toBe(0);
    // Unpacked into "out", and into a new folder, they hold what the others are called.
    const decoys = ["locked.zip", "word", "last.tar"].map((name) => ({ name, content: "not this one" }));
    where.file("first.zip", buildZip(decoys));
    where.file("broken.zip", buildZip([...decoys, { name: "bad", content: "bad", local: { crc32: 1 }, central: { crc32: 1 } }]));
    where.file("last.tar", buildTar([{ name: "last.txt", content: "last" }]));
    mkdirSync(join(where.folder, "out"));
    const { code, stderr } = where.run(["x", "first.zip", "broken.zip", "locked.zip", "last.tar", "-C", "out", "--password-file", "word", "--overwrite", "always"]);
    expect([code, stderr]).toEqual([3, expect.stringContaining("bad")]);
    expect(where.contents("out")).toEqual({ "locked.zip": "not this one", word: "not this one", "last.tar": "not this one", "secret.txt": "secret", "last.txt": "last" });
    expect(where.run(["x", "first.zip", "broken.zip", "locked.zip", "last.tar", "-C", "new/er", "--into", "always", "--password-file", "word", "--delete-source"]).code).toBe(3);
    expect(made(where).filter((path) => path.startsWith("new/"))).toEqual(["new/", "new/er/", "new/er/first/", "new/er/first/last.tar", "new/er/first/locked.zip", "new/er/first/word", "new/er/last/", "new/er/last/last.txt", "new/er/locked/", "new/er/locked/secret.txt"]);
    expect(existsSync(join(where.folder, "last.tar"))).toBe(true); // one of them failed, so none is deleted
  });
  it("what NODE_OPTIONS names for each thread is not looked for in what was unpacked", () => {
    const where = sandbox();
    const evil = join(where.folder, "evil");
    mkdirSync(join(where.folder, "node_modules/hook"), { recursive: true });
    where.file("node_modules/hook/index.js", "");
    const files = [{ name: "node_modules/hook/index.js", content: `require("node:fs").writeFileSync(${JSON.stringify(evil)}, "")` }, ...Array.from({ length: 2600 }, (_, number) => ({ name: `f/${number}`, content: "x" }))];
    where.file("a.zip", buildZip(files));
    where.file("a.tar", buildTar(files));
    for (const archive of ["a.zip", "a.tar"]) {
      expect(where.run(["x", "-q", archive, "-C", archive.slice(2), "--threads", "3"], { through: ["env", "NODE_OPTIONS=--require hook", process.execPath] }).code).toBe(0);
      expect(existsSync(evil), archive).toBe(false);
    }
  });
  it("a folder of that name that is there is filled, conflicts are told before anything is written", () => {
    const where = withArchive();
    where.file("a/b.txt", "mine");
    const { code, stderr } = where.run(["x", "a.zip"]);
    expect(code).toBe(5);
    expect(stderr).toContain("hint: -f");
    expect(where.contents("a")).toEqual({ "b.txt": "mine" });
  });
});

describe("unzipx x: which members", () => {
  const many = buildZip(["src/a.ts", "src/b.js", "src/deep/c.ts", "README.md", "odd [1].txt"].map((name) => ({ name, content: name })));
  const extracted = (args: readonly string[]): { code: number | null; files: string[] } => {
    const where = withArchive("a.zip", many);
    const { code } = where.run(["x", "a.zip", "-C", "out", ...args]);
    return { code, files: made(where).filter((path) => !path.endsWith("/")).map((path) => path.slice(4)) };
  };
  const table: [args: string[], files: string[]][] = [
    [["README.md"], ["README.md"]],
    [["*.ts"], ["src/a.ts", "src/deep/c.ts"]],
    [["src/*.ts"], ["src/a.ts"]],
    [["src/**/*.ts"], ["src/a.ts", "src/deep/c.ts"]],
    [["src"], ["src/a.ts", "src/b.js", "src/deep/c.ts"]],
    [["src/"], ["src/a.ts", "src/b.js", "src/deep/c.ts"]],
    [["-i", "*.js", "-i", "*.md"], ["README.md", "src/b.js"]],
    [["-x", "*.ts"], ["README.md", "odd [1].txt", "src/b.js"]],
    [["src", "-x", "deep"], ["src/a.ts", "src/b.js"]],
    [["--ignore-case", "readme.MD"], ["README.md"]],
    [["--", "README.md", "*.js"], ["README.md", "src/b.js"]],
    [["odd [1].txt"], ["odd [1].txt"]],
    [["./README.md"], ["README.md"]],
  ];
  for (const [args, files] of table) {
    it(`${args.join(" ")} gives ${files.join(", ")}`, () => expect(extracted(args)).toEqual({ code: 0, files: [...files].sort() }));
  }
  it("a pattern that matches nothing is exit 11, and nothing is extracted", () => {
    for (const [name, bytes] of [["a.zip", many], ["a.tar", buildTar([{ name: "a" }])]] as const) {
      const where = withArchive(name, bytes);
      const { code, stderr } = where.run(["x", name, "-C", "out", "*", "missing"]);
      expect(code).toBe(11);
      expect(stderr).toContain('"missing"');
      expect(made(where)).toEqual([]);
    }
  });
  it("a member called like a file that is here is taken for it behind --", () => {
    const where = withArchive("a.zip", many);
    where.file("README.md", "mine");
    expect(where.run(["x", "a.zip", "-C", "out", "--", "README.md"]).code).toBe(0);
    expect(where.contents("out")).toEqual({ "README.md": "README.md" });
    expect(where.run(["x", "a.zip", "-C", "out2", "README.md"]).code).not.toBe(0);
  });
});

describe("unzipx x: existing files", () => {
  const archive = buildTar([{ name: "newer", content: "archive", mtime: MTIME }, { name: "older", content: "archive", mtime: MTIME }]);
  const policies: [flags: string[], newer: string, older: string, more?: string[]][] = [
    [["-f"], "archive", "archive"], [["--force"], "archive", "archive"], [["-n"], "mine", "mine"], [["-u"], "archive", "mine"], [["-y"], "archive", "archive"],
    [["--overwrite", "always"], "archive", "archive"], [["--overwrite", "never"], "mine", "mine"], [["--overwrite", "newer"], "archive", "mine"],
    [["--overwrite", "rename"], "mine", "mine", ["newer (1)", "older (1)"]],
  ];
  for (const [flags, newer, older, more = []] of policies) {
    it(`${flags.join(" ")}`, () => {
      const where = withArchive("a.tar", archive);
      for (const [name, by] of [["newer", -60], ["older", 60]] as const) utimesSync(where.file(`out/${name}`, "mine"), MTIME + by, MTIME + by);
      const { code, stderr } = where.run(["x", "a.tar", "-C", "out", ...flags]);
      expect([code, where.contents("out")]).toEqual([0, { newer, older, ...Object.fromEntries(more.map((name) => [name, "archive"])) }]);
      if (flags[0] === "-n") expect(stderr).toContain("2 left as they were");
    });
  }
  for (const flags of [[], ["--overwrite", "fail"], ["--overwrite", "ask"]]) {
    it(`${flags.join(" ") || "without a flag"} and a terminal is exit 5 before anything is written`, () => {
      const where = withArchive("a.tar", archive);
      where.file("out/older", "mine");
      expect(where.run(["x", "a.tar", "-C", "out", ...flags]).code).toBe(5);
      expect(where.contents("out")).toEqual({ older: "mine" });
    });
  }
  it("flags that contradict each other are exit 7", () => {
    const where = withArchive("a.tar", archive);
    expect(where.run(["x", "a.tar", "-f", "-n"]).code).toBe(7);
    expect(where.run(["x", "a.tar", "-f", "--overwrite", "always", "-C", "out"]).code).toBe(0);
  });
  it("extracting over itself is refused", () => {
    const where = withArchive("a.zip", buildZip([{ name: "a.zip", content: "evil" }, { name: "b", content: "b" }]));
    expect(where.run(["x", "a.zip", "--here", "-f"]).code).toBe(5);
    expect(readFileSync(join(where.folder, "a.zip")).subarray(0, 4).toString("latin1")).toBe("PK\x03\x04");
  });
});

describe("unzipx x: what comes with a file", () => {
  const tar = buildTar([{ name: "run.sh", content: "#!/bin/sh\n", mode: 0o755, mtime: MTIME }, { name: "l", type: "2", link: "run.sh" }, { name: "h", type: "1", link: "run.sh" }, { name: "d/", type: "5", mode: 0o700, mtime: MTIME }]);
  it.skipIf(isWindows)("modes, times and links are restored", () => {
    const where = withArchive("a.tar", tar);
    expect(where.run(["x", "a.tar"]).code).toBe(0);
    expect(statSync(join(where.folder, "a/run.sh")).mode & 0o777).toBe(0o755 & ~process.umask());
    expect(statSync(join(where.folder, "a/run.sh")).mtimeMs).toBe(MTIME * 1000);
    expect(statSync(join(where.folder, "a/d")).mtimeMs).toBe(MTIME * 1000);
    expect(lstatSync(join(where.folder, "a/h")).nlink).toBe(2);
    expect(where.contents("a")["l"]).toBe("-> run.sh");
  });
  it.skipIf(isWindows)("--no-mode, --no-mtime and --no-symlinks leave them out", () => {
    const where = withArchive("a.tar", tar);
    const before = Date.now() - 10_000;
    expect(where.run(["x", "a.tar", "--no-mode", "--no-mtime", "--no-symlinks"]).code).toBe(0);
    expect(statSync(join(where.folder, "a/run.sh")).mode & 0o777).toBe(0o666 & ~process.umask());
    expect(statSync(join(where.folder, "a/run.sh")).mtimeMs).toBeGreaterThan(before);
    expect(Object.keys(where.contents("a"))).toEqual(["d/", "run.sh"]);
  });
  it("names from every script arrive as they are", () => {
    const names = ["naïve.txt", "名前.txt", "🙂.txt", "-rf", "a b", "#hash", "%41"];
    const where = withArchive("a.tar", buildTar(names.map((name) => ({ name, content: name }))));
    expect(where.run(["x", "a.tar"]).code).toBe(0);
    expect(where.contents("a")).toEqual(Object.fromEntries(names.map((name) => [name, name])));
  });
});

describe("unzipx x: hostile archives leave nothing outside, and say so with exit 6", () => {
  const hostile: Record<string, Uint8Array> = {
    "zip that climbs": buildZip([{ name: "../evil", content: "evil" }, { name: "ok", content: "ok" }]),
    "tar that climbs": buildTar([{ name: "../../evil", content: "evil" }, { name: "ok" }]),
    "zip with an absolute name": buildZip([{ name: "/tmp/unzipx-evil", content: "evil" }]),
    "zip with backslashes": buildZip([{ name: "..\\..\\evil", content: "evil" }]),
    "zip with a link and a file through it": buildZip([{ name: "l", content: "../..", mode: 0o120777 }, { name: "l/evil", content: "evil" }]),
    "tar with a link and a file through it": buildTar([{ name: "l", type: "2", link: "../.." }, { name: "l/evil", content: "evil" }]),
    "tar with a link and a file of its name": buildTar([{ name: "l", type: "2", link: "../sentinel" }, { name: "l", content: "evil" }]),
    "tar with a hard link outside": buildTar([{ name: "h", type: "1", link: "../sentinel" }, { name: "h", content: "evil" }]),
    "tar with a pax path that climbs": buildTar([paxHeader({ path: "../evil" }), { name: "innocent", content: "evil" }]),
    "tar with a folder over a link": buildTar([{ name: "d", type: "2", link: "../.." }, { name: "d/", type: "5", mode: 0o777 }]),
    "tar whose sibling name begins like the folder": buildTar([{ name: "../work-evil/sentinel", content: "evil" }]),
  };
  for (const [what, bytes] of Object.entries(hostile)) {
    it(what, () => {
      for (const args of [["-C", "."], ["-C", "new"], []]) {
        const where = withArchive("a.bin", bytes);
        const { code, stderr } = where.run(["x", "a.bin", "-f", ...args]);
        expect(code).toBe(6);
        expect(stderr).toContain("unzipx: refused");
        where.assertOutsideUntouched();
        expect(Object.keys(where.contents()).filter((path) => path.includes("evil"))).toEqual([]);
      }
      expect(existsSync("/tmp/unzipx-evil")).toBe(false);
    });
  }
  it("a link that an archive before put there is not followed by the next one", () => {
    const where = sandbox();
    symlinkSync("..", join(where.folder, "l"));
    where.file("a.tar", buildTar([{ name: "l/sentinel", content: "evil" }]));
    expect(where.run(["x", "a.tar", "--here", "-f"]).code).toBe(6);
    where.assertOutsideUntouched();
  });
  it("--unsafe-paths makes names relative, and leads nowhere else", () => {
    const where = withArchive("a.tar", buildTar([{ name: "../../evil", content: "x" }, { name: "/etc/evil", content: "y" }]));
    expect(where.run(["x", "a.tar", "-C", "out", "--unsafe-paths"]).code).toBe(0);
    expect(where.contents("out")).toEqual({ "etc/": "", "etc/evil": "y", evil: "x" });
    where.assertOutsideUntouched();
  });
});

it("unzipx x gives the same with one thread and with many", () => {
  const items = Array.from({ length: 700 }, (_, at) => ({ name: `d${at % 7}/${at}.txt`, content: `${at} `.repeat(at * 10), method: at % 2 === 0 ? DEFLATE : 0, mode: at % 3 === 0 ? 0o100755 : 0o100644 }));
  const large = Buffer.alloc(9 * 1024 * 1024);
  for (let at = 0; at < large.length; at += 5) large[at] = at & 0xff;
  const bytes = buildZip([{ name: "large", content: large, method: DEFLATE }, ...items, { name: "l", content: "large", mode: 0o120777 }]);
  const tar = gzipSync(buildTar([{ name: "large", content: large }, ...items.map(({ name, content }) => ({ name, content }))]));
  const where = withArchive("a.zip", bytes);
  where.file("a.tgz", tar);
  for (const archive of ["a.zip", "a.tgz"]) {
    const trees = ["1", "2", "5"].map((threads) => {
      const out = `${archive}-${threads}`;
      expect(where.run(["x", archive, "-C", out, "--threads", threads]).code).toBe(0);
      return where.tree(out);
    });
    expect(Object.values(trees[0]!)).toContainEqual(expect.stringContaining(sha256(large)));
    expect(trees[1]).toEqual(trees[0]);
    expect(trees[2]).toEqual(trees[0]);
  }
});

it("unzipx x reports damaged entries the same with one thread and with many, and keeps the rest", () => {
  const wrong = { crc32: 1 };
  const bytes = buildZip(Array.from({ length: 600 }, (_, at) => ({ name: `${at}`, content: `${at}`, ...(at % 100 === 50 ? { local: wrong, central: wrong } : {}) })));
  const where = withArchive("a.zip", bytes);
  for (const threads of ["1", "3"]) {
    mkdirSync(join(where.folder, threads));
    const { code, stderr } = where.run(["x", "a.zip", "-C", threads, "--threads", threads]);
    expect(code).toBe(3);
    for (const at of [50, 150, 250, 350, 450, 550]) expect(stderr).toContain(`"${at}"`);
    expect(Object.keys(where.contents(threads))).toHaveLength(594);
  }
});

it.skipIf(isWindows)("unzipx x leaves a folder of mode 0555 as it found it", () => {
  const where = withArchive("a.tar", buildTar([{ name: "ro/", type: "5", mode: 0o555 }, { name: "ro/x", content: "x" }]));
  expect(where.run(["x", "a.tar"]).code).toBe(0);
  expect(statSync(join(where.folder, "ro")).mode & 0o777).toBe(0o555 & ~process.umask());
  chmodSync(join(where.folder, "ro"), 0o755);
});
