/** --checksum: nothing becomes visible unless the archive's bytes are those that the user was told of. */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { checkInput, parseChecksum } from "../../src/core/checksum.ts";
import { digestsFor, parseDigestList } from "../../src/core/digest-list.ts";
import { openInput } from "../../src/core/sources.ts";
import { UnzipxError } from "../../src/errors.ts";
import { buildTar, buildZip } from "../helpers/build.ts";
import { isWindows, sandbox, sha256 } from "../helpers/cli.ts";
import { errorOf } from "../helpers/library.ts";
import { has, run as runTool } from "../helpers/tools.ts";

const ZIP = buildZip([{ name: "a.txt", content: "content" }]);
const TAR = buildTar([{ name: "a.txt", content: "content" }]);
const hash = (algorithm: string, bytes: Uint8Array): string => createHash(algorithm).update(bytes).digest("hex");
const WRONG = "0".repeat(64);

function codeOf(work: () => unknown): string {
  try {
    work();
    return "nothing was thrown";
  } catch (error) {
    return error instanceof UnzipxError ? error.code : String(error);
  }
}

describe("x --checksum", () => {
  const archives = { "a.zip": ZIP, "a.tar": TAR, "a.tar.gz": gzipSync(TAR), "a.txt.gz": gzipSync("content") };

  it.each(Object.entries(archives))("extracts %s when it is the one, and nothing of it otherwise, from a file and from a pipe", (name, bytes) => {
    const where = sandbox();
    where.file(name, bytes);
    for (const [archive, input] of [[name, undefined], ["-", bytes]] as const) {
      const wrong = where.run(["x", archive, "-C", "out", "--checksum", `sha256:${WRONG}`], input && { input });
      expect(wrong.code).toBe(3);
      expect(wrong.stderr).toContain(`expected sha256:${WRONG}, found sha256:${sha256(bytes)}`);
      expect(Object.keys(where.contents())).toEqual([name]);
      expect(where.run(["x", archive, "-C", "out", "-f", "--checksum", `sha256:${sha256(bytes)}`], input && { input }).code).toBe(0);
      expect(Object.values(where.contents("out"))).toEqual(["content"]);
      where.run(["x", name, "-C", "out", "-f"]);
      runTool("rm", ["-r", join(where.folder, "out")]);
    }
    where.assertOutsideUntouched();
  });

  it.each(["sha256", "sha384", "sha512", "blake2b512"])("knows %s", (algorithm) => {
    const where = sandbox();
    where.file("a.zip", ZIP);
    expect(where.run(["t", "a.zip", "--checksum", `${algorithm}:${hash(algorithm, ZIP).toUpperCase()}`]).code).toBe(0);
    expect(where.run(["t", "a.zip", "--checksum", `${algorithm}:${hash(algorithm, TAR)}`]).code).toBe(3);
  });

  it("counts what lies behind the archive's end, in a pipe as well", () => {
    const where = sandbox();
    const longer = Buffer.concat([TAR, Buffer.alloc(3 * 1024 * 1024, 0), Buffer.from("behind")]);
    where.file("a.tar", longer);
    for (const [archive, input] of [["a.tar", undefined], ["-", longer]] as const) {
      expect(where.run(["x", archive, "-C", "out", "-f", "--checksum", `sha256:${sha256(TAR)}`], input && { input }).code).toBe(3);
      expect(where.run(["x", archive, "-C", "out", "-f", "--checksum", `sha256:${sha256(longer)}`], input && { input }).code).toBe(0);
    }
  });

  it("does not decode a byte of a file that is another one: a bomb is no bomb then", () => {
    const where = sandbox();
    where.file("a.zip", Buffer.from("no archive at all"));
    expect(where.run(["x", "a.zip", "--checksum", `sha256:${WRONG}`]).stderr).toMatch(/cannot trust "a\.zip": it is not the archive that the checksum is of/);
  });

  it("goes with -O for a file, and not for a pipe: what was handed on cannot be taken back", () => {
    const where = sandbox();
    where.file("a.tar", TAR);
    expect(where.run(["x", "-O", "a.tar", "--checksum", `sha256:${sha256(TAR)}`])).toMatchObject({ code: 0, stdout: "content" });
    expect(where.run(["x", "-O", "a.tar", "--checksum", `sha256:${WRONG}`])).toMatchObject({ code: 3, stdout: "" });
    expect(where.run(["x", "-O", "-", "--checksum", `sha256:${sha256(TAR)}`], { input: TAR })).toMatchObject({ code: 7, stdout: "" });
  });

  it("with --atomic leaves an existing folder as it was", () => {
    const where = sandbox();
    where.file("a.tar", buildTar([{ name: "a.txt", content: "new" }]));
    where.file("out/a.txt", "old");
    expect(where.run(["x", "a.tar", "-C", "out", "-f", "--atomic", "--checksum", `sha256:${WRONG}`]).code).toBe(3);
    expect(where.contents("out")).toEqual({ "a.txt": "old" });
  });

  it("of something malformed is a wrong command line, and so are digests that can be forged", () => {
    const where = sandbox();
    where.file("a.zip", ZIP);
    for (const text of ["", "@", "sha256", "sha256:", "sha256:xyz", `sha256:${WRONG}0`, `sha512:${WRONG}`, `__proto__:${WRONG}`, WRONG, `md5:${hash("md5", ZIP)}`, `sha1:${hash("sha1", ZIP)}`, `sha-1:${hash("sha1", ZIP)}`]) {
      const { code, stderr } = where.run(["x", "a.zip", `--checksum=${text}`]);
      expect(code, text).toBe(7);
      if (/^(md5|sha-?1):/.test(text)) expect(stderr).toMatch(/other archives with the same digest can be made at will/);
    }
    expect(where.run(["x", "a.zip", "a.zip", "--checksum", `sha256:${sha256(ZIP)}`]).code).toBe(7);
    expect(Object.keys(where.contents())).toEqual(["a.zip"]);
  });
});

describe("x --checksum @FILE", () => {
  it.skipIf(!has("sha256sum"))("reads what sha256sum and b2sum write, with names that have to be escaped", () => {
    const where = sandbox();
    const names = ["a.zip", "b c.zip", ...(isWindows ? [] : ["d\\e.zip", "f\ng.zip", "*h.zip"])];
    for (const name of names) where.file(name, ZIP);
    for (const [tool, args] of [["sha256sum", []], ["sha256sum", ["--binary"]], ["sha256sum", ["--tag"]], ["sha512sum", []], ["sha384sum", []], ["b2sum", []], ["b2sum", ["--tag"]]] as const) {
      if (!has(tool)) continue;
      const list = { path: join(where.folder, tool === "b2sum" ? "B2SUMS" : "SUMS"), lines: parseDigestList(runTool(tool, [...args, "--", ...names], { cwd: where.folder })) };
      for (const name of names) {
        const [digest] = digestsFor(join(where.folder, name), list);
        expect(digest?.hex, `${tool} ${args.join(" ")} ${name}`).toBe(hash(digest!.algorithm, ZIP));
      }
    }
  });

  it("says when the archive is another one, is not in the list, or is in it with a weak digest only", () => {
    const where = sandbox();
    where.file("a.zip", ZIP);
    const run = (list: string): [number | null, string] => {
      where.file("SUMS", list);
      const { code, stderr } = where.run(["x", "a.zip", "-C", "out", "--checksum", "@SUMS"]);
      return [code, stderr];
    };
    expect(run(`${WRONG}  a.zip\n`)[0]).toBe(3);
    expect(run(`${sha256(ZIP)}  b.zip\n`)).toEqual([11, expect.stringMatching(/"SUMS" has no line for it.*\nhint: /)]);
    expect(run("")[0]).toBe(11);
    expect(run(`${hash("md5", ZIP)}  a.zip\n`)).toEqual([81, expect.stringMatching(/only md5 of it/)]);
    expect(run(`SHA1 (a.zip) = ${hash("sha1", ZIP)}\n`)[0]).toBe(81);
    expect(run(`${WRONG}  a.zip\n${sha256(ZIP)}  a.zip\n`)).toEqual([6, expect.stringMatching(/two different digests/)]);
    expect(Object.keys(where.contents())).toEqual(["SUMS", "a.zip"]);
    // Whatever else it has is no hindrance: another, weak digest, a signature, comments.
    expect(run(`-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n# releases\n${hash("md5", ZIP)}  a.zip\r\n${sha256(ZIP)} *a.zip\r\n-----BEGIN PGP SIGNATURE-----\n`)[0]).toBe(0);
    expect(where.run(["x", "a.zip", "--checksum", "@missing"]).code).toBe(9);
    expect(where.run(["x", "-", "--checksum", "@SUMS"], { input: ZIP }).code).toBe(11);
  });

  it("goes by the very path where the list has several files of one name", () => {
    const where = sandbox();
    where.file("linux/a.zip", ZIP);
    where.file("SUMS", `${WRONG}  mac/a.zip\n${sha256(ZIP)}  linux/a.zip\n`);
    expect(where.run(["t", "linux/a.zip", "--checksum", "@SUMS"]).code).toBe(0);
    where.file("a.zip", ZIP);
    expect(where.run(["t", "a.zip", "--checksum", "@SUMS"]).code).toBe(6);
  });

  it("takes each part of a split set by its own name; one digest is not enough for it", () => {
    const where = sandbox();
    const parts = [ZIP.subarray(0, 50), ZIP.subarray(50)];
    parts.forEach((part, at) => where.file(`a.zip.00${at + 1}`, part));
    const lines = parts.map((part, at) => `${sha256(part)}  a.zip.00${at + 1}\n`);
    where.file("SUMS", lines.join(""));
    expect(where.run(["x", "a.zip.001", "-C", "out", "--checksum", "@SUMS"]).code).toBe(0);
    expect(where.run(["x", "a.zip.001", "a.zip.002", "-C", "out", "-f", "--checksum", "@SUMS"]).code).toBe(0);
    expect(where.run(["x", "a.zip.001", "-C", "out2", "--checksum", `sha256:${sha256(ZIP)}`])).toMatchObject({ code: 7, stderr: expect.stringContaining("a set of 2 files") as string });
    where.file("SUMS", lines[0]!);
    expect(where.run(["x", "a.zip.001", "-C", "out2", "--checksum", "@SUMS"]).code).toBe(11);
    where.file("SUMS", `${lines[0]!}${WRONG}  a.zip.002\n`);
    expect(where.run(["x", "a.zip.001", "-C", "out2", "--checksum", "@SUMS"]).code).toBe(3);
    expect(Object.keys(where.contents())).not.toContain("out2/");
  });
});

describe("lists of checksums", () => {
  it("in all the ways in which they are written", () => {
    const names = (text: string): string[] => parseDigestList(text).map(({ name }) => name);
    expect(names(`${WRONG}  a\n${WRONG} *b\n\\${WRONG}  c\\\\d\\ne\nSHA256 (f (1)) = ${WRONG}\nSHA2-256(g)= ${WRONG}\nBLAKE2b (h) = ${WRONG}${WRONG}\n`)).toEqual(["a", "b", "c\\d\ne", "f (1)", "g", "h"]);
    expect(names(`${WRONG} a\n${WRONG}\tb\nxyz  c\n  ${WRONG}  d\n`)).toEqual([]);
    const digests = (text: string, path = "SUMS"): string[] => digestsFor("a", { path, lines: parseDigestList(text) }).map(({ algorithm }) => algorithm);
    expect(digests(`SHA2-256(a)= ${WRONG}`)).toEqual(["sha256"]);
    expect(digests(`SHA512 (a) = ${WRONG}${WRONG}\nSHA256 (a) = ${WRONG}`)).toEqual(["sha512", "sha256"]);
    expect(digests(`${WRONG}${WRONG}  a`)).toEqual(["sha512"]);
    expect(digests(`${WRONG}${WRONG}  a`, "dist/B2SUMS")).toEqual(["blake2b512"]);
    expect(codeOf(() => digests(`BLAKE2b-256 (a) = ${WRONG}`))).toBe("UNSUPPORTED_METHOD");
    expect(codeOf(() => digests(`constructor (a) = ${WRONG}`))).toBe("UNSUPPORTED_METHOD");
    expect(codeOf(() => digests(`${WRONG}  a\n${WRONG.replace("0", "1")}  a`))).toBe("AMBIGUOUS");
  });
});

it("an archive that is written to after its checksum was verified is not trusted, even with its old time", async () => {
  const where = sandbox();
  const path = where.file("a.zip", ZIP);
  const input = openInput(path);
  const { verify } = await checkInput(input, { checksum: parseChecksum(`sha256:${sha256(ZIP)}`), isFinal: false, signal: undefined });
  await verify();
  writeFileSync(path, readFileSync(path)); // the same length
  expect((await errorOf(verify())).message).toContain(`Cannot trust what was read from "${path}"`);
  await input.close().catch(() => {});
  expect(basename(path)).toBe("a.zip");
});
