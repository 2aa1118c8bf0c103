import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { UnzipxError } from "../../src/errors.ts";
import { FILTERS } from "../../src/filters/index.ts";
import { rpm } from "../../src/filters/rpm.ts";
import { decodeRpm } from "../../src/filters/rpm-decode.ts";
import { inChunks } from "../helpers/build.ts";
import { unpack } from "../helpers/library.ts";
import { buildCpio, buildRpm, cpioEnd, rpmHeader, rpmLead, type RpmTag } from "../helpers/packages.ts";
import { has, run, temporaryFolder, treeOf } from "../helpers/tools.ts";

const PAYLOAD = buildCpio([{ name: "./usr", mode: 0o040755 }, { name: "./usr/a", content: "content" }]);

interface Result {
  readonly data: Buffer;
  readonly notes: string[];
  readonly error: UnzipxError | undefined;
}

/** The payload, as far as it could be read. Anything but an UnzipxError fails the test. */
async function decode(bytes: Uint8Array, chunk = Infinity): Promise<Result> {
  const notes: string[] = [];
  const pieces: Buffer[] = [];
  let error: UnzipxError | undefined;
  try {
    for await (const piece of decodeRpm(inChunks(bytes, chunk), { warn: (note) => void notes.push(note.message), memory: 0 })) pieces.push(Buffer.from(piece));
  } catch (thrown) {
    if (!(thrown instanceof UnzipxError)) throw thrown;
    error = thrown;
  }
  return { data: Buffer.concat(pieces), notes, error };
}
const codeOf = async (bytes: Uint8Array): Promise<string | undefined> => (await decode(bytes)).error?.code;
const fixture = (name: string): Buffer => readFileSync(fileURLToPath(new URL(`../../fixtures/rpm/${name}`, import.meta.url)));
const wrong = "0".repeat(64);

describe("rpm", () => {
  it("bids for its lead, and more when a header follows", () => {
    const bid = (bytes: Uint8Array): number => rpm.bid({ head: bytes, tail: undefined });
    expect([bid(buildRpm(PAYLOAD)), bid(Buffer.concat([rpmLead(), Buffer.alloc(100)])), bid(Buffer.alloc(200))]).toEqual([64, 32, 0]);
  });
  it("gives the payload, in chunks of any size", async () => {
    for (const chunk of [Infinity, 1, 100]) expect(await decode(buildRpm(PAYLOAD), chunk)).toEqual({ data: PAYLOAD, notes: [], error: undefined });
  });
  it("leads to the files in one step", async () => {
    const { code, summary, contents } = await unpack(buildRpm(gzipSync(PAYLOAD)));
    expect([code, summary?.format, Object.keys(contents)]).toEqual([0, ["rpm", "gzip", "cpio"], ["usr/", "usr/a"]]);
  });

  const refused: [what: string, bytes: Buffer, code: string][] = [
    ["a wrong SHA-1 of its header", buildRpm(PAYLOAD, { signature: [[269, 6, wrong.slice(24)]] }), "BAD_CHECKSUM"],
    ["a wrong SHA-256 of its header", buildRpm(PAYLOAD, { signature: [[273, 6, wrong]] }), "BAD_CHECKSUM"],
    ["a wrong MD5 of header and payload", buildRpm(PAYLOAD, { signature: [[1004, 7, Buffer.alloc(16)]] }), "BAD_CHECKSUM"],
    ["a wrong digest of its payload", buildRpm(PAYLOAD, { tags: [[5092, 8, [wrong]]] }), "BAD_CHECKSUM"],
    ["a wrong SHA-512 where that is the algorithm", buildRpm(PAYLOAD, { tags: [[5092, 8, [wrong + wrong]], [5093, 4, [10]]] }), "BAD_CHECKSUM"],
    ["a size larger than the file", buildRpm(PAYLOAD, { signature: [[1000, 4, [100_000]]] }), "TRUNCATED"],
    ["a large size, larger than the file", buildRpm(PAYLOAD, { signature: [[270, 5, [2 ** 40]]] }), "TRUNCATED"],
    ["a size smaller than its header", buildRpm(PAYLOAD, { signature: [[1000, 4, [10]]] }), "BAD_HEADER"],
    ["two sizes", buildRpm(PAYLOAD, { tags: [[5112, 5, [3]]] }), "BAD_HEADER"],
    ["a size beyond 2^53", buildRpm(PAYLOAD, { signature: [[270, 5, [2 ** 60]]] }), "BAD_HEADER"],
    ["a size that is text", buildRpm(PAYLOAD, { signature: [[1000, 6, "12"]] }), "BAD_HEADER"],
    ["a tag twice", buildRpm(PAYLOAD, { signature: [[1000, 4, [1]], [1000, 4, [2]]] }), "BAD_HEADER"],
    ["a delta as its payload", buildRpm(PAYLOAD, { tags: [[1124, 6, "drpm"]] }), "UNSUPPORTED_FORMAT"],
    ["another format of its payload", buildRpm(PAYLOAD, { tags: [[1124, 6, "ustar"]] }), "UNSUPPORTED_FORMAT"],
    ["a version before 3", buildRpm(PAYLOAD, { lead: rpmLead(2) }), "UNSUPPORTED_FORMAT"],
    ["a signature of the old kind", buildRpm(PAYLOAD, { lead: rpmLead(3, 1) }), "UNSUPPORTED_FORMAT"],
    ["something else where its header should be", Buffer.concat([rpmLead(), Buffer.alloc(200)]), "BAD_HEADER"],
    ["an empty header", Buffer.concat([rpmLead(), rpmHeader([])]), "BAD_HEADER"],
  ];
  for (const [what, bytes, code] of refused) it(`with ${what}: ${code}`, async () => expect(await codeOf(bytes)).toBe(code));

  it("headers are not believed when they say how large they are", async () => {
    for (const [entries, store, code] of [[0xffffffff, 16, "LIMIT"], [1, 0xffffffff, "LIMIT"], [1, 33 << 20, "LIMIT"], [65535, 16, "TRUNCATED"]] as const) {
      const header = rpmHeader([[1000, 4, [1]]]);
      header.writeUInt32BE(entries, 8);
      header.writeUInt32BE(store, 12);
      expect([entries, store, await codeOf(Buffer.concat([rpmLead(), header]))]).toEqual([entries, store, code]);
    }
  });
  it("values are not believed when they say where they lie", async () => {
    for (const [offset, count] of [[0xffffffff, 1], [4, 0xffffffff], [1, 1]] as const) {
      const header = rpmHeader([[1000, 4, [1]]]);
      header.writeUInt32BE(offset, 24);
      header.writeUInt32BE(count, 28);
      expect(await codeOf(Buffer.concat([rpmLead(), header, Buffer.alloc(4), rpmHeader([[1124, 6, "cpio"]]), PAYLOAD]))).toBe("BAD_HEADER");
    }
  });
  it("without any digest or size is read to the end", async () => {
    expect(await decode(buildRpm(PAYLOAD, { signature: [[62, 7, Buffer.alloc(16)]] }))).toEqual({ data: PAYLOAD, notes: [], error: undefined });
  });
  it("tells of bytes behind it", async () => {
    expect(await decode(Buffer.concat([buildRpm(PAYLOAD), Buffer.from("behind")]))).toEqual({ data: PAYLOAD, notes: ["The RPM package is followed by 6 bytes that were not read"], error: undefined });
  });
  it("cut off anywhere is an error", async () => {
    const bytes = buildRpm(PAYLOAD);
    for (let length = 0; length < bytes.length; length++) expect([length, await codeOf(bytes.subarray(0, length))]).toEqual([length, "TRUNCATED"]);
  });
  it("with any bit flipped is an error, or gives the same", async () => {
    const bytes = buildRpm(PAYLOAD);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = Buffer.from(bytes);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      const { data, error, notes } = await decode(damaged);
      expect(error !== undefined || data.equals(PAYLOAD) || notes.length > 0).toBe(true);
      if (bit >= 8 * (bytes.length - PAYLOAD.length)) expect(error?.code).toBe("BAD_CHECKSUM");
    }
  });
  it("made by rpmbuild, damaged in its content or cut off, leaves nothing", async () => {
    const bytes = fixture("good-gzip.rpm");
    for (let at = bytes.length - 300; at < bytes.length; at += 13) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 0x10;
      const results = [await unpack(damaged), await unpack(bytes.subarray(0, at))];
      for (const { code, summary } of results) expect([at, code === 0, summary]).toEqual([at, false, undefined]);
    }
  });
});

/** The header's list of files as rpm writes it; `files`: path, mode, size and inode. */
function fileTags(files: readonly (readonly [path: string, mode: number, size: number, inode: number])[], large = true): RpmTag[] {
  const folders = [...new Set(files.map(([path]) => path.slice(0, path.lastIndexOf("/") + 1)))];
  return [
    large ? [5008, 5, files.map(([, , size]) => size)] : [1028, 4, files.map(([, , size]) => size)],
    [1030, 3, files.map(([, mode]) => mode)], [1034, 4, files.map(() => 981173106)], [1037, 4, files.map(() => 0)], [1095, 4, files.map(() => 1)], [1096, 4, files.map(([, , , inode]) => inode)],
    [1116, 4, files.map(([path]) => folders.indexOf(path.slice(0, path.lastIndexOf("/") + 1)))], [1117, 8, files.map(([path]) => path.slice(path.lastIndexOf("/") + 1))], [1118, 8, folders],
    ...(large ? [] : [[5114, 4, [6]] as const]),
  ];
}

const stripped = (...parts: readonly (readonly [index: number, content: string])[]): Buffer =>
  Buffer.concat([...parts.map(([index, content]) => Buffer.concat([Buffer.from(`07070X${index.toString(16).padStart(8, "0")}\0\0`), Buffer.from(content), Buffer.alloc((4 - (content.length % 4)) % 4)])), cpioEnd()]);

describe("rpm: a stripped payload", () => {
  const FILES = [["/usr/", 0o040755, 4096, 1], ["/usr/one", 0o100644, 7, 2], ["/usr/two", 0o100644, 7, 2], ["/etc/run", 0o100755, 3, 3], ["/etc/link", 0o120777, 3, 4]] as const;
  const payload = stripped([1, ""], [2, "content"], [3, "run"], [4, "run"]);

  for (const [what, packed, large] of [["plain", payload, true], ["compressed", gzipSync(payload), true], ["of rpm 6", gzipSync(payload), false]] as const) {
    it(`${what}: names, modes, links and contents come from header and payload together`, async () => {
      const { code, folder, summary } = await unpack(buildRpm(packed, { tags: fileTags(FILES, large) }));
      const digest = (text: string): string => createHash("sha256").update(text).digest("hex");
      expect([code, summary?.format, summary?.links]).toEqual([0, ["rpm", "cpio"], 2]);
      expect(treeOf(folder)).toMatchObject({
        "etc/link": "symlink run", "etc/run": `file 755 ${digest("run")}`, "usr/one": `file 644 ${digest("content")}`, "usr/two": `file 644 ${digest("content")}`,
      });
    });
  }
  it("in chunks of any size is the same", async () => {
    const bytes = buildRpm(payload, { tags: fileTags(FILES) });
    const { data } = await decode(bytes);
    for (const chunk of [1, 15, 64]) expect((await decode(bytes, chunk)).data.equals(data)).toBe(true);
  });
  it("a package that only might be stripped is handed on as it is", async () => {
    expect((await decode(buildRpm(gzipSync(PAYLOAD), { tags: fileTags(FILES) }))).data.equals(PAYLOAD)).toBe(true);
  });
  it("a file beyond 4 GiB gets a header that can count it", async () => {
    const { data, error } = await decode(buildRpm(stripped([0, "x"]), { tags: fileTags([["/large", 0o100644, 2 ** 33, 1]]) }));
    expect([error?.code, data.subarray(0, 6).toString(), data.subarray(99, 116).toString()]).toEqual(["TRUNCATED", "070727", `${(2 ** 33).toString(16).padStart(16, "0")}:`]);
  });
  it("its digest is compared at the end, and nothing is left when it is wrong", async () => {
    for (const packed of [payload, gzipSync(payload)]) {
      expect((await unpack(buildRpm(packed, { tags: [...fileTags(FILES), [5092, 8, [wrong]]] }))).error?.code).toBe("BAD_CHECKSUM");
    }
  });

  const cases: [what: string, packed: Buffer, tags: RpmTag[], code: string][] = [
    ["a number that the header does not list", stripped([5, ""]), fileTags(FILES), "BAD_HEADER"],
    ["a number that is none", Buffer.from("07070Xzzzzzzzz\0\0"), fileTags(FILES), "BAD_HEADER"],
    ["no list of files", stripped([0, ""]), [[5114, 4, [6]]], "BAD_HEADER"],
    ["a list with columns of two lengths", stripped([0, ""]), [...fileTags(FILES).filter(([tag]) => tag !== 1030), [1030, 3, [0o100644]]], "BAD_HEADER"],
    ["a folder that is not there", stripped([1, "content"]), [...fileTags(FILES).filter(([tag]) => tag !== 1116), [1116, 4, [0, 9, 0, 0, 0]]], "BAD_HEADER"],
    ["a name longer than any system allows", stripped([0, ""]), fileTags([[`/${"x".repeat(33_000)}`, 0o100644, 0, 1]]), "LIMIT"],
    ["more files than any package", stripped([0, ""]), [[5008, 5, [0]], [1117, 8, Array<string>(500_001).fill("")], [1118, 8, ["/"]]], "LIMIT"],
  ];
  for (const [what, packed, tags, code] of cases) it(`with ${what}: ${code}`, async () => expect(await codeOf(buildRpm(packed, { tags }))).toBe(code));

  it("with any bit of its headers flipped ends, and breaks nothing, also where no digest protects them", async () => {
    const bytes = buildRpm(payload, { tags: [...fileTags(FILES), [5093, 4, [99]]], signature: [[62, 7, Buffer.alloc(16)]] });
    const whole = (await decode(bytes)).data;
    let same = 0;
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = Buffer.from(bytes);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      if ((await decode(damaged)).data.equals(whole)) same += 1;
    }
    expect(same).toBeLessThan(bytes.length * 8);
  });
  it("names that leave are refused", async () => {
    const files = [["/../../evil", 0o100644, 1, 1], ["relative/../../evil", 0o100644, 1, 2]] as const;
    const { failures, contents } = await unpack(buildRpm(stripped([0, "x"], [1, "x"]), { tags: fileTags(files) }));
    expect([failures, contents]).toEqual([{ "./../../evil": "UNSAFE_PATH", "relative/../../evil": "UNSAFE_PATH" }, {}]);
  });
});

describe("rpm as rpmbuild writes it (skipped where it does not exist)", () => {
  for (const [payload, filter] of [["w9.gzdio", "gzip"], ["w9.bzdio", "bzip2"], ["w6.xzdio", "xz"], ["w6.lzdio", "lzma"], ["w19.zstdio", "zstd"], ["w.ufdio", "gzip"]] as const) {
    it.skipIf(!has("rpmbuild") || !has("rpm2cpio") || !has("cpio") || !FILTERS.some(({ name }) => name === filter))(`${payload} extracts as rpm2cpio and cpio do`, async () => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, "x.spec"), [
        "Name: example", "Version: 1.0", "Release: 1", "Summary: A sample", "License: MIT", "BuildArch: noarch", "%description", "A sample.",
        "%install", "mkdir -p %{buildroot}/usr/share/example", "cd %{buildroot}/usr/share/example", "echo content > größe.txt", "ln größe.txt same.txt", "ln -s same.txt link", "printf '#!/bin/sh\\n' > run", "chmod 755 run",
        "%files", "/usr/share/example", "",
      ].join("\n"));
      run("rpmbuild", ["-bb", "--quiet", "--target", "noarch", "--define", `_topdir ${folder}/top`, "--define", `_binary_payload ${payload}`, "--define", "__os_install_post %{nil}", join(folder, "x.spec")]);
      const bytes = readFileSync(join(folder, "top/RPMS/noarch", readdirSync(join(folder, "top/RPMS/noarch"))[0]!));
      writeFileSync(join(folder, "x.rpm"), bytes);
      mkdirSync(join(folder, "out"));
      const { stdout } = spawnSync("rpm2cpio", [join(folder, "x.rpm")], { maxBuffer: 1 << 24 });
      run("cpio", ["-idm", "--quiet"], { cwd: join(folder, "out"), input: stdout });
      const { code, folder: out, summary } = await unpack(bytes, { name: "x.rpm" });
      expect([code, summary?.links]).toEqual([0, 2]);
      expect(treeOf(join(out, "usr/share/example"))).toEqual(treeOf(join(folder, "out/usr/share/example")));
    });
  }
});
