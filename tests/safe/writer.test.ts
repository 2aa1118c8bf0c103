/** The promises of SafeWriter, one by one: see "SafeWriter" in the design, and the attacks in SAFETY. */
import {
  chmodSync, existsSync, linkSync, lstatSync, mkdirSync, readdirSync, readFileSync, realpathSync, renameSync, statSync, symlinkSync, utimesSync, writeFileSync,
} from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UnzipxError } from "../../src/errors.ts";
import type { Entry } from "../../src/formats/contract.ts";
import { openSink, writeWhole } from "../../src/safe/new-file.ts";
import { foldsNames, moveFolder } from "../../src/safe/publish.ts";
import { DEFAULT_POLICY, type Policy } from "../../src/safe/policy.ts";
import type { Answer, Conflict } from "../../src/safe/conflicts.ts";
import { Place } from "../../src/safe/tree.ts";
import { SafeWriter, type ClaimRules, type Claimed, type Destination } from "../../src/safe/writer.ts";
import { entering } from "../helpers/entering.ts";
import { unplaced } from "../helpers/unplaced.ts";
import { contentsOf, isRoot, isWindows, sandbox, type Sandbox } from "../helpers/cli.ts";
import { has, temporaryFolder } from "../helpers/tools.ts";

type Item = Partial<Entry> & { readonly path: string; readonly content?: string };

const MTIME = Date.UTC(2024, 1, 3, 4, 5, 6);

function entryOf({ content: _, ...item }: Item): Entry {
  return {
    type: item.linkTarget !== undefined ? "symlink" : item.path.endsWith("/") ? "directory" : "file",
    size: undefined, packedSize: undefined, mtime: undefined, mode: undefined, linkTarget: undefined,
    method: "", crc32: undefined, encrypted: false, comment: undefined, refusal: undefined, ...item,
  };
}

const dir = (path: string, more: Partial<Item> = {}): Item => ({ path, type: "directory", ...more });
const file = (path: string, content = path, more: Partial<Item> = {}): Item => ({ path, content, ...more });
const symlink = (path: string, linkTarget: string): Item => ({ path, linkTarget, type: "symlink" });
const hardlink = (path: string, linkTarget: string): Item => ({ path, linkTarget, type: "hardlink" });

interface Options {
  readonly policy?: Partial<Policy>;
  readonly destination?: Partial<Destination>;
  readonly rules?: Partial<ClaimRules>;
  readonly ask?: (conflict: Conflict) => Promise<Answer>;
  /** After the claims, before the files are written: what another process might do. */
  readonly meanwhile?: (writer: SafeWriter) => void;
  /** After the files are written, before they are published. */
  readonly beforePublish?: () => void;
}

interface Written {
  /** What each claim came to: "ok", "skip", or the code of the refusal; then those of settle, finish and publish. */
  readonly results: string[];
  readonly errors: UnzipxError[];
  readonly writer: SafeWriter;
}

/** Claims, writes, finishes and publishes, in the order in which the core does it. */
async function write(folder: string, items: readonly Item[], options: Options = {}): Promise<Written> {
  const writer = new SafeWriter(
    { directory: folder, into: "directory", name: "own", protect: [], mayEnter: entering.wanted, ...options.destination }, { ...DEFAULT_POLICY, ...options.policy }, options.ask,
  );
  const home = process.cwd();
  const results: string[] = [];
  const errors: UnzipxError[] = [];
  const note = (claimed: Claimed): void => {
    if (claimed instanceof UnzipxError) errors.push(claimed);
    results.push(claimed === "skip" ? "skip" : claimed instanceof UnzipxError ? claimed.code : "ok");
  };
  try {
    const entries = items.map(entryOf);
    if (unplaced.wanted && options.rules?.repeated !== "last") writer.askAgain((number) => entries[number]!, entries.length);
    for (const [number, item] of items.entries()) {
      const folder = writer.takeUnplaced(entries[number]!, number);
      if (folder instanceof Place) {
        results.push("ok");
        writeWhole(writer.unplacedFileOf(folder, entries[number]!), Buffer.from(item.content ?? ""));
        continue;
      }
      const claimed = folder ?? (await writer.claim(entries[number]!, { backslash: "character", repeated: "refuse", ...options.rules }));
      note(claimed);
      if (claimed === "skip" || claimed instanceof UnzipxError || claimed.place.type !== "file") continue;
      writeWhole(writer.fileOf(claimed), Buffer.from(item.content ?? ""));
    }
    if (entering.wanted && process.platform === "linux" && writer.markable()[Symbol.iterator]().next().done !== true) expect(process.cwd()).not.toBe(home);
    options.meanwhile?.(writer);
    for (const error of [...(await writer.settle()).refused, ...writer.finish()]) note(error);
    expect(process.cwd()).toBe(home);
    options.beforePublish?.();
    for (const error of await writer.publish()) note(error);
  } catch (error) {
    writer.discard();
    expect(process.cwd()).toBe(home);
    throw error;
  }
  return { results, errors, writer };
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(() => "nothing was thrown", (error: unknown) => (error instanceof UnzipxError ? error.code : String(error)));
}

/** A sandbox with an empty folder "out" in it, the destination. */
function destination(): { where: Sandbox; out: string } {
  const where = sandbox();
  const out = join(where.folder, "out");
  mkdirSync(out);
  return { where, out };
}

const modeOf = (path: string): string => (lstatSync(path).mode & 0o7777).toString(8);
const plain = (mode: number): string => (mode & ~process.umask()).toString(8);

describe("checked paths: SafeWriter refuses by value, keeps the rest", () => {
  it("names that leave, whatever their type", async () => {
    const { where, out } = destination();
    const { results } = await write(out, [
      file("../x"), file("/abs"), file("C:x"), dir("../d/"), symlink("../l", "a"), hardlink("../h", "a"), file("a\0b"), file("good"),
    ]);
    expect(results).toEqual([...Array<string>(7).fill("UNSAFE_PATH"), "ok"]);
    expect(where.contents("out")).toEqual({ good: "good" });
    where.assertOutsideUntouched();
  });

  it("a file whose name is empty or the root itself", async () => {
    const { where, out } = destination();
    expect((await write(out, [file(""), file("."), file("./", "", { type: "file" }), dir("./"), file("x")])).results).toEqual(["UNSAFE_PATH", "UNSAFE_PATH", "UNSAFE_PATH", "ok", "ok"]);
    expect(where.contents("out")).toEqual({ x: "x" });
  });

  it("a sibling whose name begins like the destination's", async () => {
    const where = sandbox(); // has a "work-evil" beside its "work"
    expect((await write(where.folder, [file("../work-evil/sentinel", "changed")])).results).toEqual(["UNSAFE_PATH"]);
    where.assertOutsideUntouched();
  });

  it("devices, FIFOs and sockets, which are skipped", async () => {
    const { where, out } = destination();
    expect((await write(out, [{ path: "fifo", type: "special" }, file("x")])).results).toEqual(["SPECIAL_FILE", "ok"]);
    expect(where.contents("out")).toEqual({ x: "x" });
  });

  it("an entry that the parser has refused, with the parser's reason", async () => {
    const { out } = destination();
    const refusal = new UnzipxError("AMBIGUOUS", "Refused an entry: two readings");
    const { errors } = await write(out, [file("a", "a", { refusal }), file("b")]);
    expect(errors).toEqual([refusal]);
  });
});

describe("no write through any link: SafeWriter refuses", () => {
  it("a file below a symlink from the same archive", async () => {
    const { where, out } = destination();
    const { results } = await write(out, [symlink("d", "../../.."), file("d/evil"), symlink("e", "."), file("e/x")]);
    expect(results).toEqual(["ok", "COLLISION", "ok", "COLLISION", "UNSAFE_LINK"]);
    expect(where.contents("out")).toEqual({ e: "-> ." });
    where.assertOutsideUntouched();
  });

  it("a symlink where a folder with files already is", async () => {
    const { where, out } = destination();
    expect((await write(out, [file("d/x"), symlink("d", "../..")])).results).toEqual(["ok", "COLLISION"]);
    expect(where.contents("out")).toEqual({ "d/": "", "d/x": "d/x" });
  });

  it("a folder entry over a symlink, whose mode would go elsewhere", async () => {
    const { where, out } = destination();
    mkdirSync(join(where.folder, "other"));
    chmodSync(join(where.folder, "other"), 0o700);
    expect((await write(out, [symlink("d", "../other"), dir("d/", { mode: 0o777, mtime: MTIME })])).results).toEqual(["ok", "COLLISION", "UNSAFE_LINK"]);
    expect(modeOf(join(where.folder, "other"))).toBe("700");
  });

  it("a file of the same name as a symlink, in both orders", async () => {
    const { where, out } = destination();
    writeFileSync(join(where.folder, "victim"), "before");
    expect((await write(out, [symlink("a", "../victim"), file("a", "evil"), file("b", "mine"), symlink("b", "../victim")])).results).toEqual(["ok", "COLLISION", "ok", "COLLISION", "UNSAFE_LINK"]);
    expect(readFileSync(join(where.folder, "victim"), "utf8")).toBe("before");
    expect(where.contents("out")).toEqual({ b: "mine" });
  });

  it("a file below a symlink that was in the destination before", async () => {
    const { where, out } = destination();
    mkdirSync(join(where.folder, "other"));
    symlinkSync("../other", join(out, "d"));
    expect((await write(out, [file("d/x"), file("ok")], { policy: { overwrite: "always" } })).results).toEqual(["UNSAFE_LINK", "ok"]);
    expect(readdirSync(join(where.folder, "other"))).toEqual([]);
    expect(where.contents("out")).toEqual({ d: "-> ../other", ok: "ok" });
  });

  it("a folder entry over a symlink that was in the destination before", async () => {
    const { where, out } = destination();
    mkdirSync(join(where.folder, "other"));
    symlinkSync("../other", join(out, "d"));
    const before = statSync(join(where.folder, "other")).mode;
    expect((await write(out, [dir("d/", { mode: 0o700 })])).results).toEqual(["UNSAFE_LINK"]);
    expect(statSync(join(where.folder, "other")).mode).toBe(before);
  });

  it("and replaces a symlink at a file's own place, leaving what it leads to alone", async () => {
    const { where, out } = destination();
    writeFileSync(join(where.folder, "victim"), "before");
    symlinkSync("../victim", join(out, "a"));
    expect((await write(out, [file("a", "new")], { policy: { overwrite: "always" } })).results).toEqual(["ok"]);
    expect(where.contents("out")).toEqual({ a: "new" });
    expect(readFileSync(join(where.folder, "victim"), "utf8")).toBe("before");
  });

  it("a symlink that appears where a shared folder was looked at before", async () => {
    const { where, out } = destination();
    mkdirSync(join(out, "d"));
    mkdirSync(join(where.folder, "other"));
    const { results } = await write(out, [file("d/x")], {
      beforePublish() {
        renameSync(join(out, "d"), join(out, "moved"));
        symlinkSync("../other", join(out, "d"));
      },
    });
    expect(results[0]).toBe("ok");
    expect(results).toHaveLength(2); // told as one entry's trouble
    expect(readdirSync(join(where.folder, "other"))).toEqual([]);
  });
});

describe("links last, and only inside the root", () => {
  it("no link exists while files are written", async () => {
    const { out } = destination();
    let links: string[] = ["not looked"];
    await write(out, [symlink("l", "x"), hardlink("h", "x"), file("x")], {
      meanwhile: () => {
        links = readdirSync(out, { recursive: true, withFileTypes: true }).filter((one) => one.isSymbolicLink() || one.name === "h").map(({ name }) => name);
      },
    });
    expect(links).toEqual([]);
    expect(contentsOf(out)).toEqual({ h: "x", l: "-> x", x: "x" });
  });

  it("a link that stays inside is made with its very text, one that leaves is refused", async () => {
    const { out } = destination();
    const { results } = await write(out, [
      dir("a/"), symlink("a/up", "../b"), symlink("a/odd", ".//../a/./up"), symlink("dangling", "nowhere"), symlink("root", "."),
      symlink("out", ".."), symlink("abs", "/etc"), symlink("drive", "c:\\x"), symlink("empty", ""),
    ]);
    expect(results.slice(9)).toEqual(Array<string>(4).fill("UNSAFE_LINK"));
    expect(contentsOf(out)).toEqual({ "a/": "", "a/odd": "-> .//../a/./up", "a/up": "-> ../b", dangling: "-> nowhere", root: "-> ." });
  });

  it("links are followed as the final tree has them: two harmless ones may leave together", async () => {
    const { out } = destination();
    const { results } = await write(out, [symlink("a/l", "."), symlink("b", "a/l/../.."), symlink("c", "a/l/..")]);
    expect(results).toEqual(["ok", "ok", "ok", "UNSAFE_LINK"]);
    expect(contentsOf(out)).toEqual({ "a/": "", "a/l": "-> .", c: "-> a/l/.." });
  });

  it("links that were in the destination before count in the way", async () => {
    const { where, out } = destination();
    symlinkSync("..", join(out, "there"));
    expect((await write(out, [symlink("l", "there/sentinel"), symlink("m", "here/sentinel")])).results).toEqual(["ok", "ok", "UNSAFE_LINK"]);
    expect(where.contents("out")).toEqual({ m: "-> here/sentinel", there: "-> .." });
  });

  it("--links skip makes none and says nothing of them", async () => {
    const { out } = destination();
    expect((await write(out, [file("x"), symlink("l", "/etc/passwd"), hardlink("h", "x")], { policy: { links: "skip" } })).results).toEqual(["ok", "skip", "skip"]);
    expect(contentsOf(out)).toEqual({ x: "x" });
  });

  it.skipIf(isWindows)("a link gets the time of its entry, and what it leads to keeps its own", async () => {
    const { out } = destination();
    await write(out, [file("x", "x", { mtime: MTIME }), { ...symlink("l", "x"), mtime: MTIME + 60_000 }]);
    expect(lstatSync(join(out, "l")).mtimeMs).toBe(MTIME + 60_000);
    expect(lstatSync(join(out, "x")).mtimeMs).toBe(MTIME);
  });
});

describe("hard links lead only to files of this run", () => {
  it("and are the same file then", async () => {
    const { out } = destination();
    await write(out, [file("a/x"), hardlink("h", "a/x"), hardlink("b/h", "./a//x")]);
    expect(lstatSync(join(out, "h")).ino).toBe(lstatSync(join(out, "a/x")).ino);
    expect(lstatSync(join(out, "b/h")).nlink).toBe(3);
  });

  it("outside, absolute, to folders, to themselves and to nothing they are refused", async () => {
    const { where, out } = destination();
    writeFileSync(join(out, "there"), "before");
    const { results } = await write(out, [
      dir("d/"), hardlink("a", "../../sentinel"), hardlink("b", "/etc/passwd"), hardlink("c", "d"), hardlink("e", "e"), hardlink("f", "missing"), hardlink("g", ""),
      hardlink("i", "there"),
    ]);
    expect(results.slice(8)).toEqual(Array<string>(7).fill("UNSAFE_LINK"));
    expect(where.contents("out")).toEqual({ "d/": "", there: "before" });
    expect(lstatSync(join(out, "there")).nlink).toBe(1);
  });

  it("through a symlink of the archive they are refused", async () => {
    const { where, out } = destination();
    const { results } = await write(out, [symlink("d", ".."), hardlink("h", "d/sentinel")]);
    expect(results).toEqual(["ok", "ok", "UNSAFE_LINK", "UNSAFE_LINK"]);
    where.assertOutsideUntouched();
  });

  it("to a symlink they are that link once more, checked from where they lie", async () => {
    const { out } = destination();
    const { results } = await write(out, [file("a/b/t"), symlink("a/b/l", "../../x"), hardlink("a/h", "a/b/l"), symlink("a/ok", "b/t"), hardlink("a/twin", "a/ok")]);
    expect(results).toEqual(["ok", "ok", "ok", "ok", "ok", "UNSAFE_LINK"]); // from a/ "../../x" leaves
    expect(contentsOf(out)).toEqual({ "a/": "", "a/b/": "", "a/b/l": "-> ../../x", "a/b/t": "a/b/t", "a/ok": "-> b/t", "a/twin": "-> b/t" });
  });

  it("to a hard link that comes later they are the same file as well, and in a circle refused", async () => {
    const { out } = destination();
    const { results } = await write(out, [file("x"), hardlink("a", "b"), hardlink("b", "x"), hardlink("c", "d"), hardlink("d", "c")]);
    expect(results).toEqual([...Array<string>(5).fill("ok"), "UNSAFE_LINK", "UNSAFE_LINK"]);
    expect(contentsOf(out)).toEqual({ a: "x", b: "x", x: "x" });
  });

  it("a second write to the linked file does not reach it", async () => {
    const { out } = destination();
    expect((await write(out, [file("x", "first"), hardlink("h", "x"), file("h", "second")])).results).toEqual(["ok", "ok", "COLLISION"]);
    expect(contentsOf(out)).toEqual({ h: "first", x: "first" });
  });

  it("to a file that was not extracted they are refused", async () => {
    const { out } = destination();
    writeFileSync(join(out, "x"), "before");
    expect((await write(out, [file("x", "new"), hardlink("h", "x")], { policy: { overwrite: "never" } })).results).toEqual(["skip", "ok", "UNSAFE_LINK"]);
    expect(contentsOf(out)).toEqual({ x: "before" });
  });

  it("to a file that got another name they lead to that", async () => {
    const { out } = destination();
    writeFileSync(join(out, "x"), "before");
    expect((await write(out, [file("x", "new"), hardlink("h", "x")], { policy: { overwrite: "rename" } })).results).toEqual(["ok", "ok"]);
    expect(contentsOf(out)).toEqual({ h: "new", x: "before", "x (1)": "new" });
  });
});

describe("collisions: one name, one place", () => {
  it("the same name twice is refused, however it is written", async () => {
    const { out } = destination();
    expect((await write(out, [file("a/b", "1"), file("a//b", "2"), file("./a/b", "3"), dir("a/b/"), file("a", "4")])).results).toEqual(["ok", "COLLISION", "COLLISION", "COLLISION", "COLLISION"]);
    expect(contentsOf(out)).toEqual({ "a/": "", "a/b": "1" });
  });

  it("a file where a folder is needed, and the other way round", async () => {
    const { out } = destination();
    expect((await write(out, [file("a"), file("a/b"), file("c/d"), file("c")])).results).toEqual(["ok", "COLLISION", "ok", "COLLISION"]);
    expect(contentsOf(out)).toEqual({ a: "a", "c/": "", "c/d": "c/d" });
  });

  it("a folder named twice is one folder, and the later mode holds", async () => {
    const { out } = destination();
    expect((await write(out, [dir("d/", { mode: 0o700 }), file("d/x"), dir("d", { mode: 0o755 })])).results).toEqual(["ok", "ok", "ok"]);
    expect(modeOf(join(out, "d"))).toBe(plain(0o755));
  });

  for (const [what, one, other] of [["case", "README", "readme"], ["normal form", "caf\u00e9", "cafe\u0301"], ["a folding", "straße", "STRASSE"]] as const) {
    it(`names that differ in ${what} only stand side by side where the file system keeps them apart`, async () => {
      const { out } = destination();
      const folding = foldsNames(out);
      const { results, writer } = await write(out, [file(one, "1"), file(other, "2")]);
      expect(results).toEqual(["ok", folding ? "COLLISION" : "ok"]);
      expect(readFileSync(join(out, one), "utf8")).toBe("1");
      if (!folding) expect(readFileSync(join(out, other), "utf8")).toBe("2");
      if (!folding) expect([...writer.oddities.keys()]).toEqual(["alike"]);
    });

    it(`names that differ in ${what} only are one place when either is a link, on every system`, async () => {
      const { out } = destination();
      expect((await write(out, [symlink(one, "."), file(other)])).results).toEqual(["ok", "COLLISION"]);
      expect((await write(join(out, "2"), [file(one), symlink(other, ".")])).results).toEqual(["ok", "COLLISION"]);
      expect((await write(join(out, "3"), [symlink(one, "."), file(`${other}/x`)])).results).toEqual(["ok", "COLLISION"]);
    });
  }

  it("in an appended tar the last file of a name counts, but links and folders are never updated", async () => {
    const { out } = destination();
    const { results, writer } = await write(out, [file("a", "1"), file("a", "2"), symlink("l", "a"), file("l", "evil"), dir("d/"), file("d", "evil")], { rules: { repeated: "last" } });
    expect(results).toEqual(["ok", "ok", "ok", "COLLISION", "ok", "COLLISION"]);
    expect(contentsOf(out)).toEqual({ a: "2", "d/": "", l: "-> a" });
    expect(writer.oddities.get("repeated")).toEqual({ count: 1, first: "a" });
  });

  it("in an appended tar a file that is there is kept or renamed once, not refused the second time", async () => {
    for (const [overwrite, expected] of [["never", { a: "before" }], ["rename", { a: "before", "a (1)": "2" }]] as const) {
      const { out } = destination();
      writeFileSync(join(out, "a"), "before");
      const { errors } = await write(out, [file("a", "1"), file("a", "2")], { rules: { repeated: "last" }, policy: { overwrite } });
      expect(errors).toEqual([]);
      expect(contentsOf(out)).toEqual(expected);
    }
  });
});

describe.skipIf(isWindows)("masked modes", () => {
  it("setuid, setgid, sticky and the write bits of group and others never arrive", async () => {
    const { out } = destination();
    await write(out, [file("a", "", { mode: 0o7777 }), file("b", "", { mode: 0o4755 }), file("c", "", { mode: 0o666 }), file("d", "", { mode: 0o600 }), dir("e/", { mode: 0o3777 })]);
    expect(modeOf(join(out, "a"))).toBe(plain(0o755));
    expect(modeOf(join(out, "b"))).toBe(plain(0o755));
    expect(modeOf(join(out, "c"))).toBe(plain(0o644));
    expect(modeOf(join(out, "d"))).toBe(plain(0o600));
    expect(modeOf(join(out, "e"))).toBe(plain(0o755));
  });

  it("entries without a mode, and all with keepMode off, get what a new file gets", async () => {
    const { out } = destination();
    await write(out, [file("a"), dir("d/")]);
    await write(out, [file("b", "", { mode: 0o4700 }), dir("e/", { mode: 0o700 })], { policy: { keepMode: false } });
    for (const name of ["a", "b"]) expect(modeOf(join(out, name))).toBe(plain(0o666));
    for (const name of ["d", "e"]) expect(modeOf(join(out, name))).toBe(plain(0o777));
  });

  for (const [what, into] of [["a new folder", "new"], ["an existing folder", ""]] as const) {
    it(`folders of mode 000 and 0555 can be filled in ${what}, and have their mode at the end`, async () => {
      const { out } = destination();
      const target = join(out, into);
      await write(target, [dir("closed/", { mode: 0 }), file("closed/x"), dir("ro/", { mode: 0o555 }), dir("ro/inner/", { mode: 0o500 }), file("ro/inner/y")]);
      expect(modeOf(join(target, "closed"))).toBe("0");
      expect(modeOf(join(target, "ro"))).toBe(plain(0o555));
      expect(modeOf(join(target, "ro/inner"))).toBe("500");
      chmodSync(join(target, "closed"), 0o700);
      expect(contentsOf(target)).toEqual({ "closed/": "", "closed/x": "closed/x", "ro/": "", "ro/inner/": "", "ro/inner/y": "ro/inner/y" });
    });
  }

  it.skipIf(process.platform !== "linux")("folders below one whose group is handed down hand it down as well, whatever their mode", async () => {
    for (const into of ["new", ""]) for (const atomic of [false, true]) {
      const { out } = destination();
      chmodSync(out, 0o2755);
      await write(join(out, into), [dir("as-made/", { mode: 0o755 }), file("unnamed/x"), dir("private/", { mode: 0o700 }), dir("locked/", { mode: 0o555 }), file("locked/x")], { policy: { atomic } });
      const modes = { "": into === "" ? 0o2755 : 0o2777, "as-made": 0o2755, unnamed: 0o2777, private: 0o2700, locked: 0o2555 };
      for (const [name, mode] of Object.entries(modes)) expect([into, atomic, name, modeOf(join(out, into, name))]).toEqual([into, atomic, name, plain(mode)]);
    }
  });

  it("a root of mode 000 or 0555 is moved as well", async () => {
    for (const mode of [0, 0o555]) {
      const { out } = destination();
      await write(join(out, "new"), [dir("./", { mode }), file("x")]);
      expect(modeOf(join(out, "new"))).toBe(plain(mode));
    }
  });

  it("a file of mode 000 has all its content", async () => {
    const { out } = destination();
    await write(out, [file("x", "content", { mode: 0 })]);
    expect(modeOf(join(out, "x"))).toBe("0");
    chmodSync(join(out, "x"), 0o600);
    expect(readFileSync(join(out, "x"), "utf8")).toBe("content");
  });
});

describe("times", () => {
  it("files and folders get theirs, folders also after they were filled", async () => {
    const { out } = destination();
    await write(join(out, "new"), [dir("d/", { mtime: MTIME }), file("d/x", "x", { mtime: MTIME + 2000 }), file("d/later")]);
    expect(statSync(join(out, "new/d")).mtimeMs).toBe(MTIME);
    expect(statSync(join(out, "new/d/x")).mtimeMs).toBe(MTIME + 2000);
  });

  it("with keepMtime off and for times that are no number the present is taken", async () => {
    const { out } = destination();
    const before = Date.now() - 5000;
    await write(out, [file("a", "a", { mtime: MTIME })], { policy: { keepMtime: false } });
    await write(out, [file("b", "b", { mtime: Number.NaN }), file("c", "c", { mtime: Infinity })]);
    for (const name of ["a", "b", "c"]) expect(statSync(join(out, name)).mtimeMs).toBeGreaterThan(before);
  });

  it("before 1970 and far in the future are no reason to fail", async () => {
    const { out } = destination();
    const { results } = await write(out, [
      file("old", "", { mtime: Date.UTC(1901, 0, 1) }), file("far", "", { mtime: Date.UTC(2200, 0, 1) }), file("never", "", { mtime: 1e18 }), dir("d/", { mtime: -1e18 }),
      { ...symlink("l", "old"), mtime: 1e18 },
    ]);
    expect(results).toEqual(["ok", "ok", "ok", "ok", "ok"]);
    expect(Object.keys(contentsOf(out)).sort()).toEqual(["d/", "far", "l", "never", "old"]);
  });
});

describe("a new folder appears whole or not at all:", () => {
  it("nothing is visible before publish(), and no staging folder after it", async () => {
    const { where, out } = destination();
    const target = join(out, "new/deep");
    let seen: string[] = [];
    await write(target, [file("a"), file("b")], { beforePublish: () => (seen = existsSync(target) ? ["visible"] : readdirSync(join(out, "new"))) });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatch(/^\.unzipx-[0-9a-f]{16}\.partial$/);
    expect(where.contents("out")).toEqual({ "new/": "", "new/deep/": "", "new/deep/a": "a", "new/deep/b": "b" });
  });

  it.skipIf(isWindows)("the staging folder is for its owner only", async () => {
    const { out } = destination();
    let mode = "";
    await write(out, [file("a")], { beforePublish: () => (mode = modeOf(join(out, readdirSync(out)[0]!))) });
    expect(mode).toBe("700");
  });

  it("discard() takes everything away again, the folders above the target too", () => {
    const { where, out } = destination();
    const writer = new SafeWriter({ directory: join(out, "x/y"), into: "directory", name: "own", protect: [] }, DEFAULT_POLICY);
    const claim = writer.claim(entryOf(file("d/a")), { backslash: "character", repeated: "refuse" });
    if (claim instanceof UnzipxError || claim === "skip" || claim instanceof Promise) throw new Error("not claimed");
    writeWhole(writer.fileOf(claim), Buffer.from("a"));
    expect(readdirSync(out)).toEqual(["x"]);
    writer.discard();
    writer.discard();
    expect(where.contents("out")).toEqual({});
  });

  it("discard() leaves what somebody else put there meanwhile", () => {
    const { where, out } = destination();
    const writer = new SafeWriter({ directory: join(out, "x"), into: "own-folder", name: "own", protect: [] }, DEFAULT_POLICY);
    void writer.claim(entryOf(dir("d/")), { backslash: "character", repeated: "refuse" });
    writeFileSync(join(out, "x/theirs"), "theirs");
    writer.discard();
    expect(where.contents("out")).toEqual({ "x/": "", "x/theirs": "theirs" });
  });

  it("discard() gets rid of folders without any permission", async () => {
    const { where, out } = destination();
    const writer = new SafeWriter({ directory: out, into: "directory", name: "own", protect: [] }, DEFAULT_POLICY);
    void writer.claim(entryOf(dir("d/e/", { mode: 0 })), { backslash: "character", repeated: "refuse" });
    void writer.claim(entryOf(dir("d/", { mode: 0o500 })), { backslash: "character", repeated: "refuse" });
    await writer.settle();
    writer.finish();
    writer.discard();
    expect(where.contents("out")).toEqual({});
  });

  it("a target that appears meanwhile is a conflict, and stays as it is", async () => {
    const { where, out } = destination();
    const target = join(out, "new");
    const beforePublish = (): void => {
      mkdirSync(target);
      writeFileSync(join(target, "theirs"), "theirs");
    };
    expect(await codeOf(write(target, [file("a")], { beforePublish }))).toBe("CONFLICT");
    expect(where.contents("out")).toEqual({ "new/": "", "new/theirs": "theirs" });
  });

  it.each([
    ["a folder with something in it", (to: string) => void mkdirSync(join(to, "theirs"), { recursive: true }), (to: string) => readdirSync(to)[0]],
    ["a file", (to: string) => writeFileSync(to, "theirs"), (to: string) => readFileSync(to, "utf8")],
  ])("so is %s that takes the name between the last look and the rename, told by the name that the user knows", (_, appear, whose) => {
    const where = sandbox();
    mkdirSync(join(where.folder, "staged"));
    const [from, to] = [join(where.folder, "staged"), join(where.folder, "taken")];
    const place = { name: "", type: "directory", children: new Map(), get mode() { return void appear(to); } } as unknown as Place;
    expect(() => moveFolder(from, to, place, 0o022, "out/new")).toThrow(expect.objectContaining({
      code: "CONFLICT", message: 'Cannot make the folder "out/new": something appeared there meanwhile', details: { hint: "ls -ld out/new" },
    }));
    expect([existsSync(from), whose(to)]).toEqual([true, "theirs"]);
  });

  it("an archive of nothing makes an empty folder", async () => {
    const { where, out } = destination();
    await write(join(out, "new"), []);
    expect(where.contents("out")).toEqual({ "new/": "" });
  });

  it("into auto one thing goes straight into the folder, several into one of their own", async () => {
    const { where, out } = destination();
    await write(out, [file("only/a"), file("only/b")], { destination: { into: "auto" } });
    await write(out, [file("a"), file("b")], { destination: { into: "auto" } });
    expect(where.contents("out")).toEqual({ "only/": "", "only/a": "only/a", "only/b": "only/b", "own/": "", "own/a": "a", "own/b": "b" });
  });

  it("a destination that is a file is a conflict", async () => {
    const { out } = destination();
    writeFileSync(join(out, "f"), "");
    expect(await codeOf(write(join(out, "f"), [file("a")]))).toBe("CONFLICT");
  });

  it("a destination that is a symlink to a folder is the user's own choice", async () => {
    const { where } = destination();
    symlinkSync("out", join(where.folder, "link"));
    await write(join(where.folder, "link"), [file("a"), symlink("l", "..")]);
    expect(where.contents("out")).toEqual({ a: "a" });
    expect(lstatSync(join(where.folder, "link")).isSymbolicLink()).toBe(true);
  });

  it("an own folder that is a symlink there is a conflict", async () => {
    const { where, out } = destination();
    mkdirSync(join(where.folder, "other"));
    symlinkSync("../other", join(out, "own"));
    expect(await codeOf(write(out, [file("a")], { destination: { into: "own-folder" } }))).toBe("CONFLICT");
    expect(readdirSync(join(where.folder, "other"))).toEqual([]);
  });

  it.skipIf(isRoot || isWindows)("a folder that may not be written to is an error, and nothing is left", async () => {
    const { out } = destination();
    chmodSync(out, 0o555);
    expect(await codeOf(write(out, [file("a")]))).toBe("WRITE_FAILED");
    expect(readdirSync(out)).toEqual([]);
  });
});

describe("merging into an existing folder", () => {
  it("keeps what is there, fills folders, and leaves their modes and times alone", async () => {
    const { where, out } = destination();
    mkdirSync(join(out, "d/e"), { recursive: true });
    writeFileSync(join(out, "d/there"), "there");
    chmodSync(join(out, "d"), 0o750);
    await write(out, [dir("d/", { mode: 0o700 }), file("d/x"), file("d/e/y"), file("n/z")]);
    expect(where.contents("out")).toEqual({ "d/": "", "d/e/": "", "d/e/y": "d/e/y", "d/there": "there", "d/x": "d/x", "n/": "", "n/z": "n/z" });
    if (!isWindows) expect(modeOf(join(out, "d"))).toBe("750");
  });

  it("overwrite fail throws before anything is visible", async () => {
    const { where, out } = destination();
    writeFileSync(join(out, "b"), "before");
    expect(await codeOf(write(out, [file("a"), file("b", "new")]))).toBe("CONFLICT");
    expect(where.contents("out")).toEqual({ b: "before" });
  });

  const policies: [Policy["overwrite"], Record<string, string>][] = [
    ["always", { a: "new", "a.txt": "new", older: "new", newer: "new" }],
    ["never", { a: "before", "a.txt": "before", older: "before", newer: "before" }],
    ["newer", { a: "new", "a.txt": "new", older: "before", newer: "new" }],
    ["rename", { a: "before", "a (1)": "new", "a.txt": "before", "a (1).txt": "new", older: "before", "older (1)": "new", newer: "before", "newer (1)": "new" }],
  ];
  for (const into of ["directory", "auto"] as const) {
    for (const [overwrite, expected] of policies) {
      it(`overwrite ${overwrite} does what it says (into ${into})`, async () => {
        const { where, out } = destination();
        // "auto" with one root extracts straight into the folder as well.
        const root = into === "auto" ? "r/" : "";
        mkdirSync(join(out, root), { recursive: true });
        for (const name of ["a", "a.txt", "older", "newer"]) {
          writeFileSync(join(out, root, name), "before");
          utimesSync(join(out, root, name), MTIME / 1000, MTIME / 1000);
        }
        const times = { a: 1000, "a.txt": 1000, older: -1000, newer: 1000 };
        const { errors } = await write(out, Object.entries(times).map(([name, by]) => file(root + name, "new", { mtime: MTIME + by })), { policy: { overwrite }, destination: { into } });
        expect(errors).toEqual([]);
        expect(where.contents(join("out", root))).toEqual(expected);
      });
    }
  }

  it("overwrite newer goes by the archive's time also when times are not restored", async () => {
    for (const into of ["directory", "auto"] as const) {
      const { where, out } = destination();
      writeFileSync(join(out, "a"), "before");
      utimesSync(join(out, "a"), 1, 1);
      await write(out, [file("a", "new", { mtime: MTIME })], { policy: { overwrite: "newer", keepMtime: false }, destination: { into } });
      expect(where.contents("out")).toEqual({ a: "new" });
    }
  });

  it("overwrite rename takes the first name that is free, in the folder and in the archive", async () => {
    const { where, out } = destination();
    for (const name of ["a.txt", "a (1).txt", ".hidden"]) writeFileSync(join(out, name), "before");
    await write(out, [file("a (2).txt", "mine"), file("a.txt", "new"), file(".hidden", "new")], { policy: { overwrite: "rename" } });
    expect(where.contents("out")).toEqual({ ".hidden": "before", ".hidden (1)": "new", "a (1).txt": "before", "a (2).txt": "mine", "a (3).txt": "new", "a.txt": "before" });
  });

  it("overwrite ask puts each question once, and takes every answer", async () => {
    const answers: [Answer, string, string][] = [["yes", "new", "?"], ["no", "before", "?"], ["all", "new", "new"], ["none", "before", "before"], ["newer", "new", "?"], ["rename", "before", "?"]];
    for (const [answer, first, second] of answers) {
      const { out } = destination();
      for (const name of ["a", "b"]) {
        writeFileSync(join(out, name), "before");
        utimesSync(join(out, name), 1, 1);
      }
      const asked: string[] = [];
      const ask = async (conflict: Conflict): Promise<Answer> => {
        asked.push(conflict.path);
        expect(conflict.existing).toEqual({ size: 6, mtime: 1000 });
        return asked.length === 1 ? answer : "no";
      };
      await write(out, [file("a", "new", { mtime: MTIME }), file("b", "new", { mtime: MTIME })], { policy: { overwrite: "ask" }, ask });
      expect(readFileSync(join(out, "a"), "utf8"), answer).toBe(first);
      expect(asked, answer).toEqual(second === "?" ? ["a", "b"] : ["a"]);
      expect(readFileSync(join(out, "b"), "utf8"), answer).toBe(second === "?" ? "before" : second);
      expect(existsSync(join(out, "a (1)"))).toBe(answer === "rename");
    }
  });

  it("overwrite ask without anybody to ask is a conflict", async () => {
    const { out } = destination();
    writeFileSync(join(out, "a"), "before");
    expect(await codeOf(write(out, [file("a")], { policy: { overwrite: "ask" } }))).toBe("CONFLICT");
  });

  it("a folder is never replaced by a file or a link, nor a file by a folder", async () => {
    const { where, out } = destination();
    mkdirSync(join(out, "d"));
    writeFileSync(join(out, "f"), "before");
    const { results } = await write(out, [file("d"), symlink("d", "x"), file("f/x"), dir("f/")], { policy: { overwrite: "always" } });
    expect(results).toEqual(["CONFLICT", "COLLISION", "CONFLICT", "CONFLICT"]);
    expect(where.contents("out")).toEqual({ "d/": "", f: "before" });
  });

  it("a hard-linked file at the place is replaced, not written into", async () => {
    const { where, out } = destination();
    writeFileSync(join(where.folder, "precious"), "before");
    linkSync(join(where.folder, "precious"), join(out, "a"));
    await write(out, [file("a", "new")], { policy: { overwrite: "always" } });
    expect(readFileSync(join(where.folder, "precious"), "utf8")).toBe("before");
    expect(readFileSync(join(out, "a"), "utf8")).toBe("new");
  });

  it("the archive itself is never a target, under any of its names", async () => {
    const { out } = destination();
    writeFileSync(join(out, "me.zip"), "archive");
    linkSync(join(out, "me.zip"), join(out, "twin"));
    const { dev, ino } = statSync(join(out, "me.zip"));
    const { results } = await write(out, [file("me.zip", "evil"), file("twin", "evil"), file("b")], { policy: { overwrite: "always" }, destination: { protect: [{ dev, ino }] } });
    expect(results).toEqual(["CONFLICT", "CONFLICT", "ok"]);
    expect(contentsOf(out)).toEqual({ b: "b", "me.zip": "archive", twin: "archive" });
  });

  it.skipIf(!has("mkfifo"))("a FIFO at the place holds nobody up: it is a file like any other to the policy", async () => {
    const { out } = destination();
    execFileSync("mkfifo", [join(out, "a"), join(out, "b")]);
    expect((await write(out, [file("a", "new")], { policy: { overwrite: "never" } })).results).toEqual(["skip"]);
    expect((await write(out, [file("b", "new")], { policy: { overwrite: "always" } })).results).toEqual(["ok"]);
    expect(contentsOf(out)).toEqual({ a: "(special)", b: "new" });
  });

  it("what appears at a place meanwhile is not replaced", async () => {
    const { where, out } = destination();
    const { results } = await write(out, [file("a"), file("b"), symlink("l", "b"), dir("d/")], {
      beforePublish() {
        for (const name of ["a", "l"]) writeFileSync(join(out, name), "theirs");
        mkdirSync(join(out, "d"));
        writeFileSync(join(out, "d/theirs"), "theirs");
      },
    });
    expect(results.slice(4)).toEqual(["CONFLICT", "CONFLICT", "CONFLICT"]);
    expect(where.contents("out")).toEqual({ a: "theirs", b: "b", "d/": "", "d/theirs": "theirs", l: "theirs" });
  });
});

describe("exclusive creation: a sink", () => {
  it("does not open a file, a link or a folder that is there", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "file"), "before");
    symlinkSync("target", join(folder, "link"));
    mkdirSync(join(folder, "folder"));
    for (const name of ["file", "link", "folder"]) {
      expect(() => openSink({ path: join(folder, name), mode: 0o644, mtime: undefined }), name).toThrow(expect.objectContaining({ code: "EEXIST" }));
    }
    expect(readFileSync(join(folder, "file"), "utf8")).toBe("before");
    expect(existsSync(join(folder, "target"))).toBe(false);
  });

  it("leaves nothing of a file that failed", () => {
    const folder = temporaryFolder();
    const sink = openSink({ path: join(folder, "x"), mode: 0o644, mtime: undefined });
    sink.write(Buffer.from("half"));
    sink.discard();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("a dropped claim is not published, and the rest is", async () => {
    const { where, out } = destination();
    const writer = new SafeWriter({ directory: out, into: "directory", name: "own", protect: [] }, DEFAULT_POLICY);
    for (const name of ["bad", "d/good"]) {
      const claim = writer.claim(entryOf(file(name)), { backslash: "character", repeated: "refuse" });
      if (claim instanceof UnzipxError || claim === "skip" || claim instanceof Promise) throw new Error("not claimed");
      if (name === "bad") writer.drop(claim);
      else writeWhole(writer.fileOf(claim), Buffer.from(name));
    }
    await writer.settle();
    expect(writer.finish()).toEqual([]);
    expect(await writer.publish()).toEqual([]);
    expect(where.contents("out")).toEqual({ "d/": "", "d/good": "d/good" });
  });
});

it("SafeWriter works below a long path and with names from every script", async () => {
  const { out } = destination();
  const names = ["-rf", "a b", "ü", "名前", "🙂", "__proto__", "constructor", "a\\b", "$(touch x)", "x".repeat(255)].filter((name) => !isWindows || !name.includes("\\"));
  const { results } = await write(out, names.map((name) => file(`deep/${name}`, "x")));
  expect(results).toEqual(names.map(() => "ok"));
  expect(readdirSync(join(realpathSync(out), "deep")).sort()).toEqual([...names].sort());
});
