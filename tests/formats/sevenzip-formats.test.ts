/** The formats besides 7z that the engine reads: what real tools wrote, and what is written here byte by byte. */
import { linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { crc32, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { createSelection } from "../../src/core/select.ts";
import { buildCab } from "../helpers/cab.ts";
import { contentsOf, sha256 } from "../helpers/cli.ts";
import { fixture, mixture } from "../helpers/filters.ts";
import { buildCompound, buildVhd } from "../helpers/images.ts";
import { codeOfTest, entriesOf, unpack } from "../helpers/library.ts";
import { buildRar4, buildRar5, type RarItem } from "../helpers/rar.ts";
import { has, run, temporaryFolder } from "../helpers/tools.ts";

function tree(): string {
  const folder = join(temporaryFolder(), "in");
  for (const [path, content] of [["README.txt", "read me\n"], ["docs/grüße.txt", "hello\n"], ["docs/long-name-of-many-letters-and-digits-0123456789.text", mixture(20_000)], ["bin/run", "#!/bin/sh\n"], ["empty", ""]] as const) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content, { mode: path === "bin/run" ? 0o755 : 0o644 });
  }
  mkdirSync(join(folder, "nothing"));
  return folder;
}

const items: readonly RarItem[] = [{ name: "d", directory: true }, { name: "d/a.txt", content: "alpha\n" }, { name: "run", content: "#!/bin/sh\n", mode: 0o100755 }, { name: "empty" }];
const unpacked = { "d/": "", "d/a.txt": "alpha\n", run: "#!/bin/sh\n", empty: "" };

for (const [what, build] of [["rar 4", buildRar4], ["rar 5", buildRar5]] as const) {
  describe(what, () => {
    it("gives files, folders and modes, and lists what comes out", async () => {
      const bytes = build(items);
      const { code, contents } = await unpack(bytes);
      expect([code, contents]).toEqual([0, unpacked]);
      expect((await entriesOf(bytes, "a.rar")).map(({ path, type, size, mode }) => [path, type, size, mode]).sort()).toEqual([
        ["d", "directory", undefined, 0o755], ["d/a.txt", "file", 6, 0o644], ["empty", "file", 0, 0o644], ["run", "file", 10, 0o755],
      ]);
      expect(await codeOfTest(bytes)).toBe(0);
    });
    it("makes links that stay inside, and refuses those that lead out", async () => {
      const link = (target: string): RarItem => (what === "rar 4" ? { name: "d/link", mode: 0o120777, content: target } : { name: "d/link", mode: 0o120777, redirection: [1, target] });
      for (const target of ["a.txt", "../d/a.txt", "nowhere"]) {
        const { code, contents } = await unpack(build([...items, link(target)]));
        expect([target, code, contents]).toEqual([target, 0, { ...unpacked, "d/link": `-> ${target}` }]);
      }
      for (const target of ["/etc/passwd", "../../x", "../../../../../../etc/passwd"]) {
        const { code, contents, failures } = await unpack(build([...items, link(target)]));
        expect([target, code, contents, failures]).toEqual([target, 6, unpacked, { "d/link": "UNSAFE_LINK" }]);
      }
    });
    it("refuses names that lead out", async () => {
      for (const name of ["../evil", "a/../../evil", "/etc/evil", "C:/evil", "..\\evil"]) {
        const { code, contents } = await unpack(build([...items, { name, content: "evil" }]));
        expect([name, code, Object.values(contents).includes("evil")]).toEqual([name, 6, false]);
      }
    });
    it("a wrong checksum is an error of that entry, and the others come", async () => {
      const { code, failures, contents } = await unpack(build([...items, { name: "wrong", content: "content", crc: 1 }, { name: "last", content: "z" }]));
      expect([code, failures, contents]).toEqual([3, { wrong: expect.stringMatching(/BAD_/) }, { ...unpacked, last: "z" }]);
    });
    it("truncated anywhere is an error, but for the end mark that says nothing", async () => {
      const bytes = build(items.slice(0, 2));
      for (let length = 8; length < bytes.length - 8; length++) expect([length, (await unpack(bytes.subarray(0, length))).code > 0]).toEqual([length, true]);
    });
    it("any bit changed: an error, or the right content", async () => {
      const bytes = build([{ name: "a.txt", content: "alpha\n" }]);
      for (let bit = 64; bit < bytes.length * 8; bit += 3) {
        const changed = Buffer.from(bytes);
        changed[bit >>> 3]! ^= 1 << (bit & 7);
        const { code, contents } = await unpack(changed);
        if (code === 0) expect([bit, Object.values(contents).filter((content) => content !== "alpha\n" && content !== "")]).toEqual([bit, []]);
      }
    });
    it("behind a program it is found, and compressed again it comes back as it was", async () => {
      const bytes = build(items);
      expect((await unpack(Buffer.concat([Buffer.alloc(2000, "MZ\0\x01", "latin1"), bytes]), { name: "a.exe" })).contents).toEqual(unpacked);
      const { folder, contents } = await unpack(gzipSync(bytes), { name: "a.rar.gz" });
      expect([Object.keys(contents), readFileSync(join(folder, "a.rar")).equals(bytes)]).toEqual([["a.rar"], true]);
    });
  });
}

describe("rar 5", () => {
  it("hard links and copies are files of the same content", async () => {
    const { code, contents } = await unpack(buildRar5([...items, { name: "hard", redirection: [4, "d/a.txt"] }, { name: "copy", redirection: [5, "d/a.txt"], size: 6 }]));
    expect([code, contents]).toEqual([0, { ...unpacked, hard: "alpha\n", copy: "alpha\n" }]);
  });
  it("hard links to what is not of this archive are refused", async () => {
    for (const target of ["/etc/passwd", "../../../../../etc/passwd", "nowhere"]) {
      const { code, contents } = await unpack(buildRar5([...items, { name: "hard", redirection: [4, target] }]));
      expect([target, code > 0, "hard" in contents]).toEqual([target, true, false]);
    }
  });
});

describe("cab", () => {
  it("gives files in folders, names in UTF-8 among them", async () => {
    const bytes = buildCab([{ name: "d\\a.txt", content: "alpha" }, { name: "grüße", content: "beta", attributes: 0xa0 }, { name: "empty" }]);
    const { code, contents } = await unpack(bytes);
    expect([code, contents]).toEqual([0, { "d/": "", "d/a.txt": "alpha", "grüße": "beta", empty: "" }]);
  });
  it("refuses names that lead out, and a wrong checksum", async () => {
    for (const name of ["..\\evil", "\\evil", "d\\..\\..\\evil", "/evil"]) {
      const { code, contents } = await unpack(buildCab([{ name, content: "evil" }]));
      expect([name, code, contents]).toEqual([name, 6, {}]);
    }
    expect((await unpack(buildCab([{ name: "a", content: "alpha" }], { checksum: 7 }))).code).toBe(3);
  });
  it("truncated anywhere is an error", async () => {
    const bytes = buildCab([{ name: "a", content: "alpha" }, { name: "b", content: "beta" }]);
    for (let length = 8; length < bytes.length; length++) expect([length, (await unpack(bytes.subarray(0, length), { name: "a.cab" })).code > 0]).toEqual([length, true]);
  });
});

/** Packs a folder; what comes back is to be the folder again. */
const WRITERS: readonly (readonly [what: string, tool: string, name: string, command: (out: string) => readonly string[], keepsModes: boolean])[] = [
  ["iso with Rock Ridge", "genisoimage", "a.iso", (out) => ["-quiet", "-no-pad", "-R", "-o", out, "."], true],
  ["iso with Joliet", "genisoimage", "a.iso", (out) => ["-quiet", "-no-pad", "-J", "-joliet-long", "-o", out, "."], false],
  ["iso with both, and UDF", "genisoimage", "a.iso", (out) => ["-quiet", "-R", "-J", "-joliet-long", "-udf", "-o", out, "."], false],
  ["wim (XPRESS)", "wimlib-imagex", "a.wim", (out) => ["capture", ".", out, "--compress=xpress", "--unix-data"], false],
  ["wim (LZX)", "wimlib-imagex", "a.wim", (out) => ["capture", ".", out, "--compress=maximum"], false],
  ["wim (solid LZMS)", "wimlib-imagex", "a.esd", (out) => ["capture", ".", out, "--solid"], false],
  ["wim (stored, by 7-Zip)", "7zz", "a.wim", (out) => ["a", "-twim", "-bso0", out, "."], false],
  ["squashfs (gzip)", "mksquashfs", "a.sqfs", (out) => [".", out, "-quiet", "-no-xattrs", "-all-root"], true],
  ["squashfs (xz)", "mksquashfs", "a.sqfs", (out) => [".", out, "-quiet", "-no-xattrs", "-all-root", "-comp", "xz"], true],
  ["xar", "bsdtar", "a.xar", (out) => ["--format", "xar", "-cf", out, "."], true],
  ["xar (bzip2)", "bsdtar", "a.xar", (out) => ["--format", "xar", "--options", "compression=bzip2", "-cf", out, "."], true],
];

describe("what other tools pack", () => {
  for (const [what, tool, name, command, keepsModes] of WRITERS) {
    it.skipIf(!has(tool))(`${what}: every file as it was (needs ${tool})`, async () => {
      const folder = tree();
      const out = join(temporaryFolder(), name);
      run(tool, command(out), { cwd: folder });
      const bytes = readFileSync(out);
      const { code, contents, failures, folder: made } = await unpack(bytes, { name });
      expect([code, failures, contents]).toEqual([0, {}, contentsOf(folder)]);
      if (keepsModes) expect(run("ls", ["-l", join(made, "bin/run")])).toMatch(/^-rwxr-xr-x/);
      const listed = (await entriesOf(bytes, name)).map(({ path }) => path.replace(/^\.\//, "").replace(/\/$/, "")).filter((path) => path !== "." && path !== "");
      expect(listed.sort()).toEqual(Object.keys(contents).map((path) => path.replace(/\/$/, "")).sort());
      const selection = await createSelection({ include: ["docs/grüße.txt"], exclude: [], ignoreCase: false });
      expect((await unpack(bytes, { name, selection })).contents).toEqual({ "docs/": "", "docs/grüße.txt": "hello\n" });
      for (const part of [0.3, 0.5, 0.7]) {
        const cut = await unpack(bytes.subarray(0, bytes.length * part), { name });
        if (cut.code === 0) expect([part, cut.contents]).toEqual([part, contents]); // images end with padding
      }
    });
  }

  it.skipIf(!has("genisoimage"))("iso without any extension: the short names of the format (needs genisoimage)", async () => {
    const out = join(temporaryFolder(), "a.iso");
    run("genisoimage", ["-quiet", "-no-pad", "-o", out, "."], { cwd: tree() });
    const { code, contents } = await unpack(readFileSync(out), { name: "a.iso" });
    expect([code, contents]).toMatchObject([0, { "README.TXT": "read me\n", "BIN/RUN": "#!/bin/sh\n" }]);
  });
  it.skipIf(!has("genisoimage"))("iso with links: kept inside, refused outside (needs genisoimage)", async () => {
    const folder = tree();
    symlinkSync("../README.txt", join(folder, "docs/link"));
    const out = join(temporaryFolder(), "a.iso");
    run("genisoimage", ["-quiet", "-no-pad", "-R", "-o", out, "."], { cwd: folder });
    expect((await unpack(readFileSync(out), { name: "a.iso" })).contents["docs/link"]).toBe("-> ../README.txt");
    symlinkSync("/etc/passwd", join(folder, "evil"));
    run("genisoimage", ["-quiet", "-no-pad", "-R", "-o", out, "."], { cwd: folder });
    const { code, failures } = await unpack(readFileSync(out), { name: "a.iso" });
    expect([code, failures]).toEqual([6, { evil: "UNSAFE_LINK" }]);
  });
  it.skipIf(!has("genisoimage"))("iso with Joliet and Rock Ridge: modes, links and names as they were (needs genisoimage)", async () => {
    const folder = tree();
    symlinkSync("../README.txt", join(folder, "docs/link"));
    const out = join(temporaryFolder(), "a.iso");
    run("genisoimage", ["-quiet", "-no-pad", "-R", "-J", "-o", out, "."], { cwd: folder });
    const { code, contents } = await unpack(readFileSync(out), { name: "a.iso" });
    expect([code, contents["docs/link"], contents["bin/run"]]).toEqual([0, "-> ../README.txt", "#!/bin/sh\n"]);
  });
  it.skipIf(!has("genisoimage"))("iso with folders deeper than the format allows: it is told that they were moved (needs genisoimage)", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "1/2/3/4/5/6/7/8/9"), { recursive: true });
    writeFileSync(join(folder, "1/2/3/4/5/6/7/8/9/file"), "x");
    const out = join(temporaryFolder(), "a.iso");
    run("genisoimage", ["-quiet", "-no-pad", "-R", "-o", out, "."], { cwd: folder });
    const { code, warnings } = await unpack(readFileSync(out), { name: "a.iso" });
    expect([code, warnings]).toEqual([0, [expect.stringContaining("rr_moved")]]);
  });
  it.skipIf(!has("wimlib-imagex"))("wim with links to a file and to a folder (needs wimlib-imagex)", async () => {
    const folder = tree();
    symlinkSync("README.txt", join(folder, "to-file"));
    symlinkSync("docs", join(folder, "to-folder"));
    const out = join(temporaryFolder(), "a.wim");
    run("wimlib-imagex", ["capture", ".", out, "--unix-data"], { cwd: folder });
    const { code, contents } = await unpack(readFileSync(out), { name: "a.wim" });
    expect([code, contents["to-file"], contents["to-folder"]]).toEqual([0, "-> README.txt", "-> docs"]);
  });
  it.skipIf(!has("wimlib-imagex"))("wim with a file under two names (needs wimlib-imagex)", async () => {
    const folder = tree();
    linkSync(join(folder, "README.txt"), join(folder, "second"));
    const out = join(temporaryFolder(), "a.wim");
    run("wimlib-imagex", ["capture", ".", out], { cwd: folder });
    const { code, contents } = await unpack(readFileSync(out), { name: "a.wim" });
    expect([code, contents["second"], contents["README.txt"]]).toEqual([0, "read me\n", "read me\n"]);
  });

  describe.skipIf(!has("arj"))("ARJ (needs arj)", () => {
    const pack = (...args: readonly string[]): Buffer => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, "ONE.TXT"), mixture(8000));
      writeFileSync(join(folder, "two.txt"), "two");
      run("arj", ["a", "-y", ...args, "a.arj", "ONE.TXT", "two.txt"], { cwd: folder });
      return readFileSync(join(folder, "a.arj"));
    };
    for (const method of ["-m0", "-m1", "-m2", "-m3", "-m4"]) {
      it(`${method}: every file as it was`, async () => {
        const { code, contents } = await unpack(pack(method));
        expect([code, Object.keys(contents), contents["two.txt"]]).toEqual([0, ["ONE.TXT", "two.txt"], "two"]);
      });
    }
    it("garbled: the right password opens it, a wrong one or none is a PASSWORD error that leaves nothing", async () => {
      const bytes = pack("-gsecret");
      expect((await unpack(bytes, { password: async () => "secret" })).contents["two.txt"]).toBe("two");
      for (const password of ["wrong", "", undefined]) {
        const { code, contents } = await unpack(bytes, { password: async () => password });
        expect([password, code, contents]).toEqual([password, 82, {}]);
      }
      expect(await codeOfTest(bytes)).toBe(82);
    });
  });
});

describe("images", () => {
  it("a virtual disk without partitions gives the disk as one file, and never nothing", async () => {
    const disk = Buffer.from(mixture(64 * 1024));
    const bytes = buildVhd(disk);
    const { code, contents } = await unpack(bytes);
    const [[name, content] = []] = Object.entries(contents);
    expect([code, Object.keys(contents).length, name?.endsWith(".img")]).toEqual([0, 1, true]);
    expect(content).toBe(sha256(disk));
    expect((await entriesOf(bytes, "disk.vhd")).map(({ path, type, size }) => [path, type, size])).toEqual([["disk.img", "file", disk.length]]);
    expect(await codeOfTest(bytes)).toBe(0);
  });
  it("a program with an archive that holds nothing is told of", async () => {
    const nothing = Buffer.alloc(32);
    nothing.set([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c, 0, 4]);
    nothing.writeUInt32LE(crc32(nothing.subarray(12)), 8);
    const stub = Buffer.alloc(800);
    stub.write("MZ", 0, "latin1");
    const { code, contents, warnings } = await unpack(Buffer.concat([stub, nothing]));
    expect([code, contents, warnings.join()]).toEqual([0, {}, expect.stringContaining("holds nothing")]);
  });
  it("a storage of a compound file is a folder, also where control characters begin the names, as in encrypted Office documents", async () => {
    const text = "x".repeat(5000);
    const bytes = buildCompound("\x06DataSpaces", "\x06Primary", Buffer.from(text));
    const { code, contents } = await unpack(bytes);
    expect([code, contents]).toEqual([0, { "[6]DataSpaces/": "", "[6]DataSpaces/[6]Primary": sha256(Buffer.from(text)) }]);
    expect((await entriesOf(bytes, "a.docx")).map(({ path, type, size }) => [path, type, size])).toEqual([["[6]DataSpaces", "directory", undefined], ["[6]DataSpaces/[6]Primary", "file", 5000]]);
  });
});

describe("--format", () => {
  it("takes the user's word for it, and one that is wrong is an error", async () => {
    const bytes = fixture("7z/good-lzma2.7z");
    expect((await unpack(bytes, { format: "7z" })).code).toBe(0);
    for (const format of ["rar", "cab", "iso", "wim", "squashfs", "arj", "xar"]) expect([format, (await unpack(bytes, { format })).code > 0]).toEqual([format, true]);
    expect((await unpack(bytes, { format: "no-such-format" })).error?.code).toBe("USAGE");
  });
});
