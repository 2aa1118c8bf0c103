import { chmodSync, linkSync, mkdirSync, readFileSync, statSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { list } from "../../src/core/list.ts";
import { createSelection, EVERYTHING } from "../../src/core/select.ts";
import { extractTo } from "../../src/core/test.ts";
import { UnzipxError } from "../../src/errors.ts";
import { DEFAULT_LIMITS } from "../../src/safe/policy.ts";
import { contentsOf, sha256 } from "../helpers/cli.ts";
import { fixture, mixture, noise } from "../helpers/filters.ts";
import { codeOfTest, entriesOf, unpack } from "../helpers/library.ts";
import { has, run, temporaryFolder } from "../helpers/tools.ts";

const sample = { "sample/": "", "sample/README.txt": "unzipx unpacks this.\n", "sample/bin/": "", "sample/bin/hello": "#!/bin/sh\necho hello\n", "sample/docs/readme": "-> ../README.txt" };
const secret = async (): Promise<string> => "secret";

/** A folder of files, by path; content that ends with a slash is a folder, "-> x" a symlink. */
function tree(files: Record<string, string | Uint8Array>): string {
  const folder = temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    const at = join(folder, path);
    mkdirSync(path.endsWith("/") ? at : dirname(at), { recursive: true });
    if (path.endsWith("/")) continue;
    if (typeof content === "string" && content.startsWith("-> ")) symlinkSync(content.slice(3), at);
    else writeFileSync(at, content);
  }
  return folder;
}

/** What 7-Zip makes of a folder. */
function pack(folder: string, ...args: readonly string[]): Buffer {
  const out = join(temporaryFolder(), "a.7z");
  run("7zz", ["a", "-bso0", "-bsp0", "-snl", ...args, out, "."], { cwd: folder });
  return readFileSync(out);
}

const files = {
  "text": mixture(120_000), "noise": noise(5000), "program": Buffer.concat([readFileSync(process.execPath).subarray(0, 60_000)]),
  "empty": "", "folder/": "", "deep/er/est": "deep",
};

describe.skipIf(!has("7zz"))("7z archives of 7-Zip (needs 7zz)", () => {
  for (const args of [
    ["-m0=lzma"], ["-m0=lzma2"], ["-m0=ppmd"], ["-m0=bzip2"], ["-m0=deflate"], ["-m0=deflate64"], ["-m0=copy"], ["-m0=bcj", "-m1=lzma2"],
    ["-m0=bcj2", "-m1=lzma", "-m2=lzma", "-m3=lzma", "-mb0:1", "-mb0s1:2", "-mb0s2:3"], ["-m0=delta:4", "-m1=lzma2"], ["-m0=arm64", "-m1=lzma2"], ["-m0=riscv", "-m1=lzma2"], ["-m0=ppc", "-m1=lzma"], ["-m0=arm", "-m1=ppmd"],
    ["-ms=off"], ["-ms=2f"], ["-ms=50k"], ["-mx=9"], ["-mx=0"], ["-mhc=off"], ["-mtm=off"], ["-mtc", "-mta"], ["-m0=lzma2", "-mmt=2"],
    ["-psecret"], ["-psecret", "-mhe"], ["-psecret", "-mx0"], ["-psecret", "-mx0", "-mhe"], ["-psecret", "-ms=off", "-m0=ppmd"],
  ]) {
    it(`${args.join(" ")}: every file as it was`, async () => {
      const folder = tree(files);
      const bytes = pack(folder, ...args);
      const { code, failures, contents, error } = await unpack(bytes, { password: secret });
      expect([error?.message, code, failures]).toEqual([undefined, 0, {}]);
      expect(contents).toEqual(contentsOf(folder));
      // What it lists is what comes out.
      const entries = await list(join(dirname(await onDisk(bytes)), "a.7z"), { limits: DEFAULT_LIMITS, selection: EVERYTHING, password: secret });
      expect(Array.from(entries.entries, ({ path }) => path.replace(/\/$/, "")).sort()).toEqual(Object.keys(contents).map((path) => path.replace(/\/$/, "")).sort());
      expect([...entries.entries].find(({ path }) => path === "text")?.size).toBe(120_000);
    });
  }

  it("an empty archive, and one with nothing but an empty folder or an empty file", async () => {
    for (const content of [{ "folder/": "" }, { file: "" }] as const) expect((await unpack(pack(tree(content)))).contents).toEqual({ ...content });
    const nothing = Buffer.alloc(32); // no header at all: its place and size are 0
    nothing.set([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c, 0, 4, 0x8d, 0x9b, 0xd5, 0x0f]);
    const { code, contents } = await unpack(nothing);
    expect([code, contents]).toEqual([0, {}]);
  });

  it("modes, and times, which are listed to 100 ns", async () => {
    const folder = tree({ run: "x", plain: "y", "d/f": "z" });
    chmodSync(join(folder, "run"), 0o755);
    chmodSync(join(folder, "plain"), 0o600);
    utimesSync(join(folder, "plain"), 1700000000.1234567, 1700000000.1234567);
    const bytes = pack(folder);
    const { folder: out, code } = await unpack(bytes);
    expect(code).toBe(0);
    const listed = (await entriesOf(bytes, "a.7z")).find(({ path }) => path === "plain")?.mtime;
    expect(Math.abs(listed! - statSync(join(folder, "plain")).mtimeMs)).toBeLessThan(0.001);
    expect([statSync(join(out, "run")).mode & 0o777, statSync(join(out, "plain")).mode & 0o777]).toEqual([0o755, 0o600]);
    expect(Math.abs(statSync(join(out, "plain")).mtimeMs - 1700000000123.4567)).toBeLessThan(1);
  });

  it("symlinks: inside they are made, also with ..; those that lead out are refused, and the rest comes", async () => {
    const good = { "a/file": "x", "a/same": "-> file", "b/up": "-> ../a/file", "b/folder": "-> ../a", dangling: "-> nowhere" };
    const { code, contents } = await unpack(pack(tree(good)));
    expect([code, contents]).toEqual([0, { ...good, "a/": "", "b/": "" }]);
    for (const target of ["/etc/passwd", "../../outside", "a/../../x", "../work-evil/sentinel"]) {
      const { code: bad, failures, contents: rest } = await unpack(pack(tree({ file: "x", link: `-> ${target}` })));
      expect([target, bad, failures, rest]).toEqual([target, 6, { link: "UNSAFE_LINK" }, { file: "x" }]);
    }
  });

  it("hard links come as files of the same content", async () => {
    const folder = tree({ one: "content" });
    linkSync(join(folder, "one"), join(folder, "two"));
    for (const args of [[], ["-snh"]]) {
      const { code, contents } = await unpack(pack(folder, ...args));
      expect([code, contents]).toEqual([0, { one: "content", two: "content" }]);
    }
  });

  const NAMES = ["a b", "quote\"d", "it's", "new\nline", "-dash", "@at", "star*", "question?", "[brackets]", "grüße 世界", "back\\slash", "tab\tbed", " leading", "trailing ", "dots..", "$HOME", "`id`", "x".repeat(240), "e\u0301", "percent%41", "#hash", "!bang", "semi;colon", "\u{1f600}"];
  it("names of every kind keep their content, and come alone when they are asked for", async () => {
    const all = Object.fromEntries(NAMES.map((name, i) => [`in/${name}`, `content ${i}`]));
    const bytes = pack(tree(all));
    const { code, contents } = await unpack(bytes);
    expect(code).toBe(0);
    expect(contents).toEqual({ "in/": "", ...all });
    for (const name of NAMES.filter((one) => !/[\\\n]/.test(one))) {
      const pieces: Buffer[] = [];
      const selection = { ...EVERYTHING, wants: (path: string) => path === `in/${name}` };
      const summary = await extractTo((chunk) => void pieces.push(Buffer.from(chunk)), await onDisk(bytes), { limits: DEFAULT_LIMITS, lenient: false, selection, threads: 1, reporter: {} });
      expect([name, summary.failures, Buffer.concat(pieces).toString()]).toEqual([name, [], all[`in/${name}`]]);
    }
  });

  it("a selection from a solid block gives just those files, with the right content", async () => {
    const all = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`d${i % 3}/f${i}`, `content ${i}\n`.repeat(i * 10)]));
    for (const args of [[], ["-ms=off"], ["-psecret", "-mhe"]]) {
      const bytes = pack(tree(all), ...args);
      for (const include of [["d1/f1"], ["d2/f29"], ["f3", "d2/f2"], ["d1"], ["*"]]) {
        const selection = await createSelection({ include, exclude: ["d1/f4"], ignoreCase: false });
        const wanted = Object.keys(all).filter((path) => selection.wants(path));
        const { code, contents } = await unpack(bytes, { selection, password: secret });
        const got = Object.fromEntries(Object.entries(contents).filter(([path]) => !path.endsWith("/")));
        expect([include, code, Object.keys(got)]).toEqual([include, 0, wanted.sort()]);
        for (const path of wanted) expect([path, got[path]]).toEqual([path, all[path]!.length <= 200 ? all[path] : sha256(Buffer.from(all[path]!))]);
      }
    }
  });

  it("something to be deleted is said, and not done", async () => {
    const folder = tree({ stays: "1", goes: "2" });
    const place = temporaryFolder();
    run("7zz", ["a", "-bso0", join(place, "base.7z"), "."], { cwd: folder });
    run("rm", [join(folder, "goes")]);
    // -u: a second archive that holds what makes the first one into the folder as it is now: an "anti item" for what is gone.
    run("7zz", ["u", "-bso0", join(place, "base.7z"), "-u-", `-up0q3r2x2y2z0w2!${join(place, "update.7z")}`, "."], { cwd: folder });
    const { code, warnings, contents } = await unpack(readFileSync(join(place, "update.7z")));
    expect([code, warnings.some((warning) => warning.includes("deleted")), "goes" in contents]).toEqual([0, true, false]);
  });

  it("a program in front is read past, and bytes behind the end are told", async () => {
    const bytes = pack(tree({ a: "alpha" }));
    const stub = Buffer.alloc(3000, "MZ\0\x01\x02", "latin1");
    expect((await unpack(Buffer.concat([stub, bytes]))).contents).toEqual({ a: "alpha" });
    const { code, warnings, contents } = await unpack(Buffer.concat([bytes, Buffer.from("bytes of nobody")]));
    expect([code, contents, warnings.join()]).toEqual([0, { a: "alpha" }, expect.stringContaining("followed by")]);
  });

  it("many files keep their order, one solid block or many", async () => {
    const all = Object.fromEntries(Array.from({ length: 700 }, (_, i) => [`f${i}`, `${i}`]));
    for (const args of [["-ms=on"], ["-ms=10f"]]) expect((await unpack(pack(tree(all), ...args))).contents).toEqual(all);
  });

  it("60 MiB of zeros are no bomb, and 200 MiB are", async () => {
    const folder = tree({ "hole": "" });
    truncateSync(join(folder, "hole"), 60 * 1024 * 1024);
    expect((await unpack(pack(folder, "-mx1"))).code).toBe(0);
    truncateSync(join(folder, "hole"), 200 * 1024 * 1024);
    expect((await unpack(pack(folder, "-mx1"))).error?.code).toBe("LIMIT");
  });
});

async function onDisk(bytes: Uint8Array): Promise<string> {
  const path = join(temporaryFolder(), "a.7z");
  writeFileSync(path, bytes);
  return path;
}

describe("encrypted 7z", () => {
  for (const name of ["good-encrypted.7z", "good-copy-encrypted.7z"]) {
    const bytes = fixture(`7z/${name}`);
    it(`${name}: the right password, whatever it takes`, async () => {
      const { code, contents } = await unpack(bytes, { password: secret });
      expect(code).toBe(0);
      expect(contents).toMatchObject(sample);
    });
    for (const [what, password] of [["a wrong one", "wrong"], ["an empty one", ""], ["one that 7-Zip could take for a switch", "-mhe"], ["none", undefined], ["half of it", "secre"], ["one of a kilobyte", "s".repeat(1024)]] as const) {
      it(`${name}: ${what} is a PASSWORD error that leaves nothing, and the next archive works`, async () => {
        const { code, error, failures, contents } = await unpack(bytes, { password: async () => password });
        expect([code, contents]).toEqual([82, {}]);
        expect([error?.code, ...Object.values(failures)]).toContain("PASSWORD");
        expect((await unpack(fixture("7z/good-lzma2.7z"))).contents).toMatchObject(sample);
      });
    }
  }
  it.skipIf(!has("7zz"))("only the contents: names are listed without a password, contents need it (needs 7zz)", async () => {
    const bytes = pack(tree({ a: "alpha", empty: "" }), "-psecret");
    expect((await entriesOf(bytes, "a.7z")).map(({ path, encrypted }) => [path, encrypted])).toEqual([["empty", false], ["a", true]]);
    expect(await codeOfTest(bytes)).toBe(82);
    expect((await unpack(bytes, { password: async () => "wrong" })).failures).toEqual({ a: "PASSWORD" });
    expect((await unpack(bytes, { password: secret })).contents).toEqual({ a: "alpha", empty: "" });
  });
  it.skipIf(!has("7zz"))("passwords of all kinds (needs 7zz)", async () => {
    for (const password of ["pass word", "grüße 世界", "\"quoted\"", "-p", "@file", "$HOME`id`", "\u{1f600}", "a".repeat(200)]) {
      const bytes = pack(tree({ a: "alpha" }), `-p${password}`, "-mhe");
      expect([password, (await unpack(bytes, { password: async () => password })).contents]).toEqual([password, { a: "alpha" }]);
    }
  });
});

/** What came of a damaged archive: nothing, or an error of ours, or content that is right. */
async function isHonest(bytes: Uint8Array, whole: Record<string, string>, password?: string): Promise<string | undefined> {
  const { code, contents } = await unpack(bytes, { password: async () => password }); // anything but an UnzipxError is thrown on
  if (code !== 0) return undefined;
  for (const [path, content] of Object.entries(contents)) if (!Object.values(whole).includes(content)) return `${path}: ${content}`;
  return Object.keys(contents).length === Object.keys(whole).length ? undefined : `${Object.keys(contents).join()}`;
}

describe("damaged 7z", () => {
  const bytes = fixture("7z/good-lzma2.7z");
  const header = 32 + Number(bytes.readBigUInt64LE(12));
  it("truncated anywhere is an error, and nothing is left", async () => {
    for (let length = 0; length < bytes.length; length += length < 40 || length > header - 3 ? 3 : 23) {
      const { code, contents } = await unpack(bytes.subarray(0, length));
      expect([length, code > 0, contents]).toEqual([length, true, {}]);
    }
    expect((await unpack(bytes)).contents).toMatchObject(sample);
  }, 60_000);
  it("any bit of the headers changed: an error, or the right content", async () => {
    const whole = (await unpack(bytes)).contents;
    for (const [from, to] of [[0, 32], [header, bytes.length]] as const) {
      for (let bit = from * 8; bit < to * 8; bit += 5) {
        const changed = Buffer.from(bytes);
        changed[bit >>> 3]! ^= 1 << (bit & 7);
        expect([bit, await isHonest(changed, whole)]).toEqual([bit, undefined]);
      }
    }
  }, 60_000);
  it("any bit of the header changed, with its checksums made right: an error, or something harmless", async () => {
    const { crc32 } = await import("../../src/bytes/crc32.ts");
    const plain = fixture("7z/hostile-symlink.7z"); // stored, and so is its header: every byte of it means something
    const start = 32 + Number(plain.readBigUInt64LE(12));
    for (let bit = start * 8; bit < plain.length * 8; bit += 3) {
      const changed = Buffer.from(plain);
      changed[bit >>> 3]! ^= 1 << (bit & 7);
      changed.writeUInt32LE(crc32(changed.subarray(start)), 28);
      changed.writeUInt32LE(crc32(changed.subarray(12, 32)), 8);
      const { contents } = await unpack(changed); // in a folder whose surroundings are watched
      for (const content of Object.values(contents)) expect(content).not.toMatch(/^-> \//);
    }
  }, 60_000);
  it("a place or size of the header beyond the file, up to 2^63, is an error and takes no memory", async () => {
    for (const at of [12, 20]) {
      for (const value of [1n, BigInt(bytes.length), 1n << 31n, 1n << 40n, (1n << 63n) - 1n, (1n << 64n) - 1n]) {
        const changed = Buffer.from(bytes);
        changed.writeBigUInt64LE(value, at);
        expect([at, value, (await unpack(changed)).code > 0]).toEqual([at, value, true]);
      }
    }
  });
  it("an error is one of ours, with a code, for every archive of the row, and the last one works", async () => {
    const codes: (string | undefined)[] = [];
    for (const broken of [Buffer.alloc(0), bytes.subarray(0, 6), Buffer.concat([bytes.subarray(0, 32), noise(500)]), fixture("7z/bad-truncated.7z"), fixture("7z/bad-crc.7z")]) {
      const { error, failures } = await unpack(broken, { name: "a.7z" });
      codes.push(error?.code ?? Object.values(failures)[0]);
    }
    expect(codes).toEqual(["UNKNOWN_FORMAT", "BAD_HEADER", "BAD_HEADER", "BAD_HEADER", "BAD_CHECKSUM"]);
    expect(UnzipxError.name).toBe("UnzipxError");
    expect((await unpack(bytes)).contents).toMatchObject(sample);
  });
});
