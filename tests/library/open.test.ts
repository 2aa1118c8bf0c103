import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createReadStream, createWriteStream, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { buildTar, buildZip } from "../helpers/build.ts";
import { breaking, failure, open, pieces, rejection, stalling, UnzipxError } from "../helpers/unzipx.ts";
import { temporaryFolder } from "../helpers/tools.ts";

const root = join(import.meta.dirname, "../..");
const zip = buildZip([{ name: "notes.txt", content: "hello" }, { name: "docs/" }, { name: "docs/a.txt", content: "a".repeat(5000) }, { name: "link", content: "docs/a.txt", mode: 0o120777 }]);
const tar = buildTar([{ name: "notes.txt", content: "hello" }, { name: "docs/", type: "5" }, { name: "docs/a.txt", content: "a".repeat(5000) }, { name: "link", type: "2", link: "docs/a.txt" }]);
const tgz = gzipSync(tar);
const sevenZip = readFileSync(join(root, "fixtures/7z/good-lzma2.7z"));
const broken = [
  ["a zip", buildZip([{ name: "small", content: "abc", local: { crc32: 1 }, central: { crc32: 1 } }, { name: "b", content: "b" }])],
  ["a zip's large entry", buildZip([{ name: "large", content: randomBytes(6 << 20), local: { crc32: 1 }, central: { crc32: 1 } }, { name: "b", content: "b" }])],
  ["a 7z", readFileSync(join(root, "fixtures/7z/bad-crc.7z"))],
] as const;

async function all<One>(of: AsyncIterable<One>): Promise<One[]> {
  const found: One[] = [];
  for await (const one of of) found.push(one);
  return found;
}

/** What text() gives, by path. */
async function texts(archive: Awaited<ReturnType<typeof open>>): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const entry of archive) found[entry.path] = entry.type === "file" ? await entry.text() : (entry.linkTarget ?? "");
  return found;
}

describe("open", () => {
  const expected = { "notes.txt": "hello", "docs/": "", "docs/a.txt": "a".repeat(5000), link: "docs/a.txt" };
  for (const [what, source, format] of [
    ["a zip", () => zip, ["zip"]], ["a zip as a stream", () => pieces(zip), ["zip"]], ["a tar.gz", () => tgz, ["gzip", "tar"]], ["a tar.gz as a stream", () => pieces(tgz), ["gzip", "tar"]],
  ] as const) {
    it(`gives the entries of ${what}, with their content`, async () => {
      const archive = await open(source());
      expect(archive.format).toEqual(format);
      expect(await texts(archive)).toEqual(expected);
      await archive.close();
      await archive.close();
    });
  }

  it("gives the entries of a 7z and of a lone compressed file", async () => {
    const solid = await open(sevenZip, { include: "*.txt" });
    expect(Object.keys(await texts(solid)).sort()).toEqual(["sample/README.txt", "sample/docs/grüße.txt", "sample/docs/numbers.txt"].sort());
    await solid.close();
    const lone = await open(gzipSync("alone"), { name: "a.txt.gz" });
    expect(await texts(lone)).toEqual({ "a.txt": "alone" });
    await lone.close();
  });

  it("tells of each entry what is known, and why extract() would refuse it", async () => {
    const archive = await open(buildZip([{ name: "../evil", content: "x" }, { name: "ok", content: "y", mode: 0o100600, method: 8 }]));
    const [evil, ok] = await all(archive);
    expect(evil).toMatchObject({ path: "../evil", type: "file", size: 1, refused: { code: "UNSAFE_PATH" } });
    expect(ok).toMatchObject({ path: "ok", type: "file", size: 1, mode: 0o600, method: "deflate", encrypted: false, refused: undefined });
    expect(Object.keys(ok!)).not.toContain("locator");
    expect(await evil!.text()).toBe("x"); // looking does no harm
    await archive.close();
  });

  it("an entry whose content has two readings gives none of them", async () => {
    const archive = await open(buildZip([{ name: "a", content: "x", local: { name: "b" } }]));
    for await (const entry of archive) expect(await failure(entry.bytes())).toMatchObject({ exitCode: 6 });
    await archive.close();
  });

  it("selects, and tells when a pattern was for nothing", async () => {
    const archive = await open(tgz, { include: ["notes.txt", "*.png"] });
    const seen: string[] = [];
    expect(await failure((async () => {
      for await (const { path } of archive) seen.push(path);
    })())).toMatchObject({ code: "NO_MATCH" });
    expect(seen).toEqual(["notes.txt"]);
    await archive.close();
  });

  it("asks for the password when it is needed", async () => {
    const secret = readFileSync(join(root, "fixtures/7z/good-encrypted.7z"));
    const archive = await open(secret, { password: () => "secret" });
    expect(Object.values(await texts(archive)).join("")).toContain("a");
    await archive.close();
    expect(await failure((async () => {
      const locked = await open(secret);
      try {
        await texts(locked);
      } finally {
        await locked.close();
      }
    })())).toMatchObject({ code: "PASSWORD" });
  });

  it("a checksum is verified before anything is handed on, and a stream has none", async () => {
    const checksum = `sha256:${"0".repeat(64)}`;
    expect(await failure(open(zip, { checksum }))).toMatchObject({ code: "BAD_CHECKSUM" });
    const source = pieces(zip);
    expect(await failure(open(source, { checksum }))).toMatchObject({ code: "USAGE" });
    expect(source.destroyed).toBe(true);
  });

  it("what is no archive is an error at once", async () => {
    expect(await failure(open(randomBytes(64)))).toMatchObject({ code: "UNKNOWN_FORMAT" });
    expect(await failure(open("/no/such/file"))).toMatchObject({ code: "NO_INPUT" });
    expect(await failure(open(createReadStream("/no/such/file")))).toMatchObject({ code: "NO_INPUT" });
  });
});

describe("an entry's stream", () => {
  it("can be piped on", async () => {
    const folder = temporaryFolder();
    const content = randomBytes(3 << 20);
    for (const bytes of [buildZip([{ name: "a", content }]), buildTar([{ name: "a", content }])]) {
      const archive = await open(bytes);
      for await (const entry of archive) await pipeline(entry.stream(), createWriteStream(join(folder, "a")));
      await archive.close();
      expect(readFileSync(join(folder, "a")).equals(content)).toBe(true);
    }
  });

  for (const [what, bytes] of broken) {
    it(`ends with an error where the checksum of ${what} is wrong, and the next entry can be read`, async () => {
      const archive = await open(bytes);
      let failed = 0;
      let fine = 0;
      let files = 0;
      for await (const entry of archive) {
        if (entry.type !== "file") continue;
        files += 1;
        try {
          for await (const _ of entry.stream()) { /* all of it */ }
          fine += 1;
        } catch (error) {
          expect(error).toBeInstanceOf(UnzipxError);
          expect(error).toMatchObject({ code: "BAD_CHECKSUM", details: { entry: entry.path } });
          failed += 1;
        }
      }
      await archive.close();
      expect(failed).toBe(1);
      expect(failed + fine).toBe(files);
    });
  }

  it("a tar.gz that is damaged does not end like a whole one, whether its content is read or not", async () => {
    const bad = gzipSync(buildTar([{ name: "a", content: randomBytes(1 << 20) }])); // more than is looked at beforehand
    bad[bad.length - 6]! ^= 1; // of the CRC of all
    for (const read of [true, false]) {
      const archive = await open(bad);
      expect(await failure((async () => {
        for await (const entry of archive) if (read && entry.type === "file") await entry.bytes();
      })())).toMatchObject({ exitCode: 3 });
      await archive.close();
    }
  });

  it("trouble with a tar's content is told again by whoever goes on all the same", async () => {
    const archive = await open(gzipSync(buildTar([{ name: "a", content: randomBytes(3 << 20) }])).subarray(0, 2 << 20));
    const told: unknown[] = [];
    const error = await failure((async () => {
      for await (const entry of archive) told.push(await rejection(entry.bytes()));
    })());
    expect(told).toEqual([error]);
    expect(error.code).toBe("TRUNCATED");
    await archive.close();
  });

  it("is limited", async () => {
    for (const bytes of [buildZip([{ name: "a", content: Buffer.alloc(5000), method: 8 }]), gzipSync(buildTar([{ name: "a", content: Buffer.alloc(5000) }]))]) {
      const archive = await open(bytes, { limits: { bytes: 1000 } });
      for await (const entry of archive) {
        expect(await failure(entry.bytes())).toMatchObject({ code: "LIMIT" });
        break;
      }
      await archive.close();
    }
  });

  it("of a zip can be read at any time, in any order, and again", async () => {
    const archive = await open(zip);
    expect(archive.anyOrder).toBe(true);
    const entries = await all(archive);
    const file = (path: string) => entries.find((entry) => entry.path === path)!;
    expect(await Promise.all([file("docs/a.txt").text(), file("notes.txt").text(), file("docs/a.txt").text()])).toEqual(["a".repeat(5000), "hello", "a".repeat(5000)]);
    await archive.close();
    expect(await failure(file("notes.txt").text())).toMatchObject({ code: "USAGE" });
  });

  it("of what is read in order can be read once, and before the next entry", async () => {
    const archive = await open(tgz);
    expect(archive.anyOrder).toBe(false);
    const entries = archive[Symbol.asyncIterator]();
    const first = (await entries.next()).value!;
    expect(await first.text()).toBe("hello");
    expect(await failure(first.bytes())).toMatchObject({ code: "USAGE" });
    await entries.next();
    expect(await failure(first.bytes())).toMatchObject({ code: "USAGE" });
    await archive.close();
  });

  it("that was begun and left is told when the archive goes on; the next entry is whole all the same", async () => {
    const archive = await open(buildTar([{ name: "a", content: randomBytes(1 << 20) }, { name: "b", content: "whole" }]));
    const entries = archive[Symbol.asyncIterator]();
    const left = (await entries.next()).value!.stream();
    const told = new Promise((resolve) => void left.once("error", resolve));
    await new Promise((resolve) => void left.once("readable", resolve));
    left.read(10);
    const next = (await entries.next()).value!;
    expect(await told).toMatchObject({ code: "USAGE", details: { entry: "a" } });
    expect(await next.text()).toBe("whole");
    await archive.close();
  });

  it("that was made and never read disturbs nobody", async () => {
    const archive = await open(tgz);
    for await (const entry of archive) entry.stream();
    await archive.close();
  });
});

describe("an open archive", () => {
  it("is gone through once", async () => {
    const archive = await open(zip);
    await texts(archive);
    expect(await failure(texts(archive))).toMatchObject({ code: "USAGE", details: { hint: "open(source) again" } });
    await archive.close();
    expect(await failure(texts(archive))).toMatchObject({ code: "USAGE" });
  });

  it("can be left in the middle, and lets go of its stream", async () => {
    const source = pieces(gzipSync(buildTar(Array.from({ length: 50 }, (_, at) => ({ name: String(at), content: randomBytes(50_000) })))), 64_000);
    const archive = await open(source);
    for await (const entry of archive) {
      await entry.bytes();
      break;
    }
    await archive.close();
    expect(source.destroyed).toBe(true);
  });

  it("has what `await using` calls", async () => {
    const archive = await open(zip);
    await archive[Symbol.asyncDispose]();
    expect(await failure(texts(archive))).toMatchObject({ code: "USAGE" });
  });

  it("that was changed meanwhile says so when it is closed", async () => {
    const file = join(temporaryFolder(), "a.zip");
    writeFileSync(file, zip);
    const archive = await open(file);
    await texts(archive);
    writeFileSync(file, Buffer.concat([zip, Buffer.from("x")]));
    expect(await failure(archive.close())).toMatchObject({ code: "READ_FAILED" });
  });

  it("can be closed while it waits for a stream that brings nothing more", async () => {
    const source = stalling(buildTar([{ name: "a", content: "a" }, { name: "b", content: randomBytes(200_000) }]), 70_000);
    const archive = await open(source);
    const reading = failure((async () => {
      for await (const entry of archive) await entry.bytes();
    })());
    await new Promise((resolve) => setTimeout(resolve, 50));
    await archive.close();
    expect(await reading).toMatchObject({ code: "USAGE" });
    expect(source.destroyed).toBe(true);
  });

  it("is stopped by a signal, with its reason", async () => {
    const reason = new Error("enough");
    expect(await rejection(open(tgz, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    const stop = new AbortController();
    const source = stalling(tar, 1500);
    const opening = rejection(open(source, { signal: stop.signal }));
    setTimeout(() => stop.abort(reason), 30);
    expect(await opening).toBe(reason);
    expect(source.destroyed).toBe(true);
  });

  it("is stopped by a signal while an entry is read", async () => {
    const reason = new Error("enough");
    const stop = new AbortController();
    const archive = await open(buildTar([{ name: "a", content: randomBytes(4 << 20) }]), { signal: stop.signal });
    for await (const entry of archive) {
      expect(await rejection((async () => {
        for await (const _ of entry.stream()) stop.abort(reason);
      })())).toBe(reason);
      break;
    }
    await archive.close();
  });

  it("tells what breaks on the way", async () => {
    const large = buildTar(Array.from({ length: 20 }, (_, at) => ({ name: String(at), content: randomBytes(50_000) })));
    const archive = await open(breaking(large, 500_000));
    let seen = 0;
    const error = await failure((async () => {
      for await (const entry of archive) {
        await entry.bytes();
        seen += 1;
      }
    })());
    expect(error).toMatchObject({ code: "READ_FAILED" });
    expect(seen).toBeGreaterThan(5);
    await archive.close();
  });
});

it("a slow reader slows the source down: it does not pile up", async () => {
  const chunk = Buffer.alloc(64 * 1024, 7);
  const size = 64 << 20;
  const header = buildTar([{ name: "large", content: "" }], new Uint8Array(0)).subarray(0, 512);
  header.write(size.toString(8).padStart(11, "0"), 124);
  header.fill(" ", 148, 156);
  header.write(`${header.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, "0")}\0 `, 148);
  let given = 0;
  const source = Readable.from((function* () {
    yield header;
    for (; given < size; given += chunk.length) yield chunk;
    yield Buffer.alloc(1024);
  })(), { objectMode: false });
  const archive = await open(source);
  let read = 0;
  let most = 0;
  for await (const entry of archive) {
    for await (const piece of entry.stream()) {
      read += (piece as Buffer).length;
      most = Math.max(most, given - read);
      if (read % (8 << 20) < 64 * 1024) await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  await archive.close();
  expect(read).toBe(size);
  expect(most).toBeLessThan(2 << 20);
});

it("a process in which an archive was opened and closed comes to its end by itself", () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "large.tar.gz"), gzipSync(buildTar([{ name: "a", content: randomBytes(6 << 20) }])));
  const script = `
    const { open, extract } = require(${JSON.stringify(join(root, "dist/index.js"))});
    (async () => {
      const archive = await open("large.tar.gz", { threads: 2 });
      await archive.close();
      const left = await open("large.tar.gz", { threads: 2 });
      for await (const entry of left) break;
      await left.close();
      await extract("large.tar.gz", "out", { threads: 2, format: "gz.zip" }).catch((error) => console.log(error.code));
    })();`;
  const printed = execFileSync(process.execPath, ["--no-warnings", "-e", script], { cwd: folder, encoding: "utf8", timeout: 60_000 });
  expect(printed.trim()).toMatch(/^[A-Z_]+$/);
});
