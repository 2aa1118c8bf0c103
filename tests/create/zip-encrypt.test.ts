import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { create, type CreateOptions } from "../../src/core/create.ts";
import { createZip } from "../../src/core/create-zip.ts";
import { startPacking } from "../../src/core/packing.ts";
import { emptySummary } from "../../src/core/summary.ts";
import { walk } from "../../src/core/walk.ts";
import type { Encryption } from "../../src/formats/zip/encrypt.ts";
import { errorOf, unpack } from "../helpers/library.ts";
import { has, run, temporaryFolder, treeOf } from "../helpers/tools.ts";
import { makeSample, noise, prose } from "./sample.ts";

const PASSWORD = "secret";
const METHODS = ["aes256", "zipcrypto"] as const;

const encrypted = (out: string, base: string, inputs: string[], options: Partial<CreateOptions> = {}) =>
  create(out, inputs, { format: "zip", base, threads: 1, encryption: "aes256", password: async () => PASSWORD, ...options });

/** As `encrypted`, to a pipe. */
async function pipe(base: string, inputs: string[], encryption: Encryption, change: () => void = () => {}): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const cannot = (): never => {
    throw new Error("a pipe does not go back");
  };
  const output = {
    seekable: false, patch: cannot, rewind: cannot,
    get position() {
      return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    },
    write: (chunk: Uint8Array) => {
      chunks.push(Buffer.from(chunk));
      if (chunk.length > 1000) change();
    },
  };
  const packing = startPacking({ level: 6, dereference: false, pool: undefined, signal: undefined, reporter: {}, summary: emptySummary("create", "-", ["zip"]) });
  await createZip(walk(inputs, { base, dereference: false, exclude: () => false, leaveOut: new Set(), warn() {}, fail() {} }), output, packing, { reproducible: false, encryption });
  return Buffer.concat(chunks);
}

const readers: [string, readonly string[], (archive: string, into: string) => void][] = [
  ["7zz", METHODS, (archive, into) => run("7zz", ["x", "-snld", `-p${PASSWORD}`, `-o${into}`, archive])],
  ["unzip", ["zipcrypto"], (archive, into) => run("unzip", ["-q", "-P", PASSWORD, archive, "-d", into])],
];

for (const [program, methods, unpackWith] of readers) {
  it.skipIf(!has(program)).each(methods)(`${program} unpacks what is encrypted with %s to the same files, links, folders and modes`, async (method) => {
    const base = temporaryFolder();
    makeSample(base);
    const summary = await encrypted(join(base, "out.zip"), base, ["sample"], { encryption: method as Encryption["method"] });
    expect(summary).toMatchObject({ files: 10, directories: 5, links: 2, failures: [] });
    expect(summary.warnings.length).toBe(method === "zipcrypto" ? 1 : 0); // it is broken
    mkdirSync(join(base, "back"));
    unpackWith(join(base, "out.zip"), join(base, "back"));
    expect(treeOf(join(base, "back/sample"))).toEqual(treeOf(join(base, "sample")));
  });
}

it.skipIf(!has("bsdtar")).each(METHODS)("bsdtar unpacks files that are encrypted with %s", async (encryption) => {
  const base = temporaryFolder();
  makeSample(base);
  for (const link of ["link", "dangling"]) rmSync(join(base, "sample", link)); // it does not decrypt links
  await encrypted(join(base, "out.zip"), base, ["sample"], { encryption });
  mkdirSync(join(base, "back"));
  run("bsdtar", ["--passphrase", PASSWORD, "-xf", join(base, "out.zip"), "-C", join(base, "back")]);
  expect(treeOf(join(base, "back/sample"))).toEqual(treeOf(join(base, "sample")));
});

it.each(METHODS)("what is encrypted with %s is read back, on every level, with workers and without", async (encryption) => {
  const base = temporaryFolder();
  makeSample(base);
  for (const level of [0, 6]) {
    await encrypted(join(base, `${level}.zip`), base, ["sample"], { encryption, level });
    const { code, contents, folder } = await unpack(readFileSync(join(base, `${level}.zip`)), { password: async () => PASSWORD, policy: { keepMode: true } });
    expect([code, contents["sample/link"]]).toEqual([0, "-> a/text.txt"]);
    const files = (tree: Record<string, string>): string[][] => Object.entries(tree).map(([path, what]) => [path, what.split(" ").at(-1)!]);
    expect(files(treeOf(join(folder, "sample")))).toEqual(expect.arrayContaining(files(treeOf(join(base, "sample"))).filter(([, what]) => what!.length === 64)));
  }
});

it.each(METHODS)("down a pipe, encrypted with %s, it is read back", async (method) => {
  const base = temporaryFolder();
  makeSample(base);
  const bytes = await pipe(base, ["sample"], { method, password: PASSWORD });
  expect(await unpack(bytes, { password: async () => PASSWORD })).toMatchObject({ code: 0, warnings: [], summary: { files: 10, links: 2 } });
  writeFileSync(join(base, "out.zip"), bytes);
  if (has("7zz")) run("7zz", ["t", `-p${PASSWORD}`, join(base, "out.zip")]);
});

it.each(METHODS)("a large file that shrinks while it goes down a pipe, encrypted with %s, is not in the archive", async (method) => {
  const base = temporaryFolder();
  writeFileSync(join(base, "a"), "a");
  writeFileSync(join(base, "large"), prose(4 << 20));
  writeFileSync(join(base, "z"), "z");
  const bytes = await pipe(base, ["a", "large", "z"], { method, password: PASSWORD }, () => writeFileSync(join(base, "large"), "short"));
  // Its local header stays in the pipe, which is not said in silence.
  expect(await unpack(bytes, { password: async () => PASSWORD, policy: { lenient: true } })).toMatchObject({ code: 0, warnings: expect.arrayContaining([expect.stringContaining("that the central directory does not name: that is left out")]), contents: { a: "a", z: "z" } });
  writeFileSync(join(base, "out.zip"), bytes);
  if (has("7zz")) run("7zz", ["t", `-p${PASSWORD}`, join(base, "out.zip")]);
});

it("no content, no link target and no CRC-32 stands in the archive in the clear", async () => {
  const base = temporaryFolder();
  mkdirSync(join(base, "d"));
  const secret = noise(2000);
  const large = noise(2 << 20, 7);
  writeFileSync(join(base, "d/small"), secret);
  writeFileSync(join(base, "d/large"), large);
  await encrypted(join(base, "out.zip"), base, ["d"], { level: 0 });
  const bytes = readFileSync(join(base, "out.zip"));
  for (const content of [secret, large]) {
    expect(bytes.includes(content.subarray(100, 132))).toBe(false);
    const crc = Buffer.alloc(4);
    crc.writeUInt32LE(crc32(content));
    expect(bytes.includes(crc)).toBe(false);
  }
});

it("every entry has a salt of its own, so equal contents look different", async () => {
  const base = temporaryFolder();
  for (const name of ["a", "b"]) writeFileSync(join(base, name), "the same");
  await encrypted(join(base, "out.zip"), base, ["a", "b"]);
  const bytes = readFileSync(join(base, "out.zip"));
  // 30 + 1 of name + 9 of time + 11 of AES, then salt 16, verifier 2, content 8, code 10.
  const entries = [51, 51 + 36 + 51].map((at) => bytes.subarray(at, at + 36).toString("hex"));
  for (const part of [[0, 32], [36, 52]] as const) expect(entries[0]!.slice(...part)).not.toBe(entries[1]!.slice(...part));
});

describe("what cannot be", () => {
  const refused = async (options: Partial<CreateOptions>, out = "out.zip"): Promise<[string, string, string[]]> => {
    const base = temporaryFolder();
    writeFileSync(join(base, "a"), "a");
    const { code, message } = await errorOf(encrypted(join(base, out), base, ["a"], options));
    return [code, message, readdirSync(base)];
  };
  it("reproducible and encrypted contradict each other, and it is said why", async () => {
    expect(await refused({ reproducible: true })).toEqual(["USAGE", expect.stringContaining("random"), ["a"]]);
  });
  it("nothing is encrypted without a password", async () => {
    expect(await refused({ password: async () => undefined })).toEqual(["USAGE", expect.stringContaining("no password"), ["a"]]);
    expect(await refused({ password: undefined })).toEqual(["USAGE", expect.stringContaining("no password"), ["a"]]);
  });
  it("a tar is not encrypted", async () => {
    expect(await refused({ format: "tar.gz" }, "out.tgz")).toEqual(["USAGE", expect.stringContaining("-e is for zip and 7z"), ["a"]]);
  });
  it("storing at a level that compresses", async () => {
    expect(await refused({ method: "store", level: 6 })).toEqual(["USAGE", expect.stringContaining("level 6"), ["a"]]);
  });
});

describe("--method", () => {
  const methodsOf = (archive: string): string[] => run("7zz", ["l", "-slt", archive]).split("\n").filter((line) => line.startsWith("Method = ") && line.length > 9).map((line) => line.slice(9));

  it.skipIf(!has("7zz"))("store: nothing is compressed", async () => {
    const base = temporaryFolder();
    writeFileSync(join(base, "text"), prose(3000));
    await create(join(base, "out.zip"), ["text"], { format: "zip", base, threads: 1, method: "store" });
    expect(methodsOf(join(base, "out.zip"))).toEqual(["Store"]);
  });

  it.skipIf(!has("bsdtar"))("zstd: bsdtar unpacks it, small and large, and what comes after the window's end (needs bsdtar)", async () => {
    const base = temporaryFolder();
    makeSample(base);
    writeFileSync(join(base, "sample/huge"), Buffer.concat([prose(9 << 20), noise(1 << 20), Buffer.alloc(2 << 20)]));
    await create(join(base, "out.zip"), ["sample"], { format: "zip", base, threads: 1, method: "zstd" });
    mkdirSync(join(base, "back"));
    run("bsdtar", ["-xf", join(base, "out.zip"), "-C", join(base, "back")]);
    expect(treeOf(join(base, "back/sample"))).toEqual(treeOf(join(base, "sample")));
  });

  it.skipIf(!has("7zz"))("zstd: 7zz unpacks it, small and large, encrypted and not, also with data descriptors", async () => {
    for (const encryption of [undefined, ...METHODS]) {
      const base = temporaryFolder();
      makeSample(base);
      await encrypted(join(base, "out.zip"), base, ["sample"], { encryption, method: "zstd" });
      expect(methodsOf(join(base, "out.zip")).filter((method) => method.toLowerCase().includes("zstd")).length).toBe(encryption === "zipcrypto" ? 4 : 3); // a descriptor cannot follow what is stored
      mkdirSync(join(base, "back"));
      run("7zz", ["x", "-snld", `-p${PASSWORD}`, `-o${join(base, "back")}`, join(base, "out.zip")]);
      expect(treeOf(join(base, "back/sample"))).toEqual(treeOf(join(base, "sample")));
    }
  });
});
