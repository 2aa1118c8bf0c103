/** Small files of a compressed stream, written by the thread that decodes it. */
import { randomBytes } from "node:crypto";
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { describe, expect, it } from "vitest";
import { writeWhereDecoded } from "../../src/core/write-behind.ts";
import type { UnzipxError } from "../../src/errors.ts";
import { SLOT_BYTES } from "../../src/parallel/filter-protocol.ts";
import { decodeOnThread, type Decoding } from "../../src/parallel/filter-thread.ts";
import { sandbox } from "../helpers/cli.ts";
import { temporaryFolder } from "../helpers/tools.ts";


/** 8 MiB that do not shrink: some dozens of chunks. */
const CONTENT = randomBytes(8 << 20);
const PACKED = gzipSync(CONTENT, { level: 1 });

function decoding(): { readonly decoding: Decoding; close(): void } {
  const path = join(temporaryFolder(), "a.gz");
  writeFileSync(path, PACKED);
  const fd = openSync(path, "r");
  return {
    decoding: decodeOnThread({ filter: "gzip", input: { fd }, warn: () => {}, memory: 0, lenient: false, read: () => {} }),
    close: () => closeSync(fd),
  };
}

/** Long enough for the thread to decode what it has room for. */
async function ahead(): Promise<void> {
  await sleep(300);
}

function newFile(path: string): { path: string; mode: number; mtime: number } {
  return { path, mode: 0o640, mtime: 1_700_000_000_000 };
}

describe("the thread that decodes", () => {
  it("writes what it is handed while it is ahead, where it lies, and nothing twice", async () => {
    const folder = temporaryFolder();
    const { decoding: decoded, close } = decoding();
    const failures: string[] = [];
    const writer = writeWhereDecoded<string>(decoded, (what, error) => void failures.push(`${what}: ${error.code}`));
    const handed = new Map<string, Buffer>();
    let at = 0;
    for await (const chunk of decoded.bytes) {
      if (at === 0) await ahead(); // the second chunk is the first that is handed over
      for (let start = 0; start + 1000 <= chunk.length; start += 50_000) {
        const path = join(folder, `${at + start}`);
        if (writer.take(newFile(path), chunk.subarray(start, start + 1000), path)) handed.set(path, CONTENT.subarray(at + start, at + start + 1000));
      }
      at += chunk.length;
    }
    await writer.drain();
    await writer.close();
    close();
    expect(at).toBe(CONTENT.length);
    expect(failures).toEqual([]);
    expect(handed.size).toBeGreaterThan(0);
    for (const [path, bytes] of handed) expect(readFileSync(path).equals(bytes), path).toBe(true);
    const [one] = handed.keys();
    expect(statSync(one!)).toMatchObject({ mtimeMs: 1_700_000_000_000 });
    expect(statSync(one!).mode & 0o777).toBe(0o640);
  });

  it("takes nothing that lies elsewhere, and nothing of a chunk that is over", async () => {
    const folder = temporaryFolder();
    const { decoding: decoded, close } = decoding();
    const writer = writeWhereDecoded<string>(decoded, () => {});
    let last: Uint8Array | undefined;
    for await (const chunk of decoded.bytes) {
      if (last === undefined) await ahead();
      expect(writer.take(newFile(join(folder, "copied")), new Uint8Array(chunk), "copied")).toBe(false);
      last = chunk;
    }
    expect(writer.take(newFile(join(folder, "late")), last!.subarray(0, 100), "late")).toBe(false);
    await writer.drain();
    close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([[20, false], [25, false], [26, true], [31, true]])("with %d chunks made and more to come is given work: %s", async (made, isGiven) => {
    const content = Buffer.alloc(20 << 20, "some text, ");
    let goOn = (): void => {};
    const seen = new Promise<void>((resolve) => (goOn = resolve));
    async function* pipe(): AsyncGenerator<Uint8Array> {
      yield gzipSync(content.subarray(0, made * SLOT_BYTES));
      await seen;
      yield gzipSync(content.subarray(made * SLOT_BYTES));
    }
    const decoded = decodeOnThread({ filter: "gzip", input: { bytes: pipe() }, warn: () => {}, memory: 0, lenient: false, read: () => {} });
    const writer = writeWhereDecoded<string>(decoded, () => {});
    const path = join(temporaryFolder(), "a");
    let [number, at] = [0, 0];
    for await (const chunk of decoded.bytes) {
      if (number === 0) await ahead();
      if (number === 1) {
        expect(writer.take(newFile(path), chunk.subarray(0, 1000), path)).toBe(isGiven);
        goOn();
      }
      expect(Buffer.compare(chunk, content.subarray(at, at + chunk.length))).toBe(0);
      at += chunk.length;
      number += 1;
    }
    await writer.drain();
    expect(at).toBe(content.length);
    if (isGiven) expect(statSync(path).size).toBe(1000);
  });

  it("writes nothing any more when it was closed, in the middle of its work", async () => {
    const folder = temporaryFolder();
    const { decoding: decoded, close } = decoding();
    const writer = writeWhereDecoded<string>(decoded, () => {});
    let [number, taken] = [0, 0];
    for await (const chunk of decoded.bytes) {
      if (number++ === 0) await ahead();
      if (taken === 0) {
        for (let start = 0; start + 10 <= chunk.length; start += 10) if (writer.take(newFile(join(folder, `${start}`)), chunk.subarray(start, start + 10), "")) taken += 1;
        continue; // it is told of them now
      }
      await writer.close();
      const written = readdirSync(folder).length;
      expect(written).toBeLessThan(taken);
      await ahead();
      expect(readdirSync(folder)).toHaveLength(written);
      break;
    }
    expect(taken).toBeGreaterThan(1000);
    close();
  });

  it("tells which files could not be written, and writes the others", async () => {
    const folder = temporaryFolder();
    const { decoding: decoded, close } = decoding();
    const failures: { readonly what: string; readonly error: UnzipxError }[] = [];
    const writer = writeWhereDecoded<string>(decoded, (what, error) => void failures.push({ what, error }));
    const taken: string[] = [];
    for await (const chunk of decoded.bytes) {
      if (taken.length < 4) await ahead();
      for (const path of [join(folder, "missing/a"), join(folder, `b${taken.length}`)]) {
        if (writer.take(newFile(path), chunk.subarray(0, 100), path)) taken.push(path);
      }
    }
    await writer.drain();
    close();
    expect(taken.length).toBeGreaterThan(2);
    expect(failures.map(({ what }) => what)).toEqual(taken.filter((path) => path.includes("missing")));
    for (const { error } of failures) expect(error.code).toBe("WRITE_FAILED");
    for (const path of taken) if (!path.includes("missing")) expect(statSync(path).size).toBe(100);
  });

  it("has nothing to tell where its end left nothing unwritten, though nobody read on to it", async () => {
    const { decoding: decoded, close } = decoding();
    for await (const _ of decoded.bytes) break;
    await decoded.drain();
    close();
  });

  it("never says that files are written which its end left unwritten", async () => {
    const folder = temporaryFolder();
    const { decoding: decoded, close } = decoding();
    const writer = writeWhereDecoded<string>(decoded, () => {});
    for await (const chunk of decoded.bytes) {
      await ahead();
      if (writer.take(newFile(join(folder, "a")), chunk.subarray(0, 100), "a")) break; // ends the thread, and nobody sent it the work
    }
    await expect(writer.drain()).rejects.toMatchObject({ code: "INTERNAL" });
    close();
  });

  it("throws what the one who is told of a failure throws", async () => {
    const folder = temporaryFolder();
    const { decoding: decoded, close } = decoding();
    const writer = writeWhereDecoded<string>(decoded, () => {
      throw new Error("the disk is full");
    });
    const reading = (async () => {
      for await (const chunk of decoded.bytes) {
        await ahead();
        writer.take(newFile(join(folder, "missing/a")), chunk.subarray(0, 100), "a");
      }
      await writer.drain();
    })();
    await expect(reading).rejects.toThrow("the disk is full");
    close();
  });
});

describe("a pipe that gives nothing more", () => {
  it("keeps nobody from hearing that a file could not be written", async () => {
    async function* pipe(): AsyncGenerator<Uint8Array> {
      yield gzipSync(Buffer.alloc(20 << 20)).subarray(0, -100);
      await new Promise(() => {});
    }
    const decoded = decodeOnThread({ filter: "gzip", input: { bytes: pipe() }, warn: () => {}, memory: 0, lenient: false, read: () => {} });
    const writer = writeWhereDecoded<string>(decoded, () => {
      throw new Error("the disk is full");
    });
    const folder = temporaryFolder();
    let taken = false;
    const reading = (async () => {
      for await (const chunk of decoded.bytes) {
        if (!taken) await ahead();
        taken ||= writer.take(newFile(join(folder, "missing/a")), chunk.subarray(0, 100), "a");
      }
    })();
    await expect(reading).rejects.toThrow("the disk is full");
    expect(taken).toBe(true);
  });
});

describe("x of a tar.gz of many small files", () => {
  /** 6 MB, which a thread is started for: 6,000 files in some folders, which do not shrink; some of them come again later, with other content. */
  async function archive(): Promise<{ readonly packed: Buffer; readonly files: ReadonlyMap<string, Buffer> }> {
    const files = new Map<string, Buffer>();
    const tar = pack();
    const chunks: Buffer[] = [];
    const whole = (async () => {
      for await (const chunk of tar) chunks.push(chunk as Buffer);
    })();
    for (let number = 0; number < 6000; number++) {
      const again = number - 400;
      const name = number % 500 === 499 ? `top/d${again % 7}/f${again}` : `top/d${number % 7}/f${number}`;
      const content = CONTENT.subarray(number * 1390, number * 1390 + 600 + (number % 790));
      files.set(name, content);
      tar.entry({ name, mtime: new Date(1_700_000_000_000) }, content);
    }
    tar.finalize();
    await whole;
    return { packed: gzipSync(Buffer.concat(chunks), { level: 1 }), files };
  }

  it("gives the same files on any number of threads, the last of each name", { timeout: 60_000 }, async () => {
    const { packed, files } = await archive();
    const { run, file, folder } = sandbox();
    file("a.tar.gz", packed);
    for (const threads of ["1", "2", "3", "8"]) {
      expect(run(["x", "a.tar.gz", "-C", "out", "-q", "--threads", threads])).toMatchObject({ code: 0 });
      let wrong = 0;
      for (const [name, content] of files) if (!readFileSync(join(folder, "out", name)).equals(content)) wrong += 1;
      expect(wrong, `${threads} threads`).toBe(0);
      rmSync(join(folder, "out"), { recursive: true });
    }
  });

  it("is written by both threads where there are two", { timeout: 60_000 }, async () => {
    const { packed, files } = await archive();
    const { run, file, folder } = sandbox();
    file("a.tar.gz", packed);
    // Loaded in every thread; a letter for each file that is made in another one than the first.
    file("hook.cjs", `
      const fs = require("node:fs");
      const { isMainThread } = require("node:worker_threads");
      const { openSync } = fs;
      fs.openSync = (path, flags, ...more) => {
        if (!isMainThread && (flags & fs.constants.O_EXCL) !== 0) fs.appendFileSync(${JSON.stringify(join(folder, "made"))}, "x");
        return openSync(path, flags, ...more);
      };
    `);
    expect(run(["x", "a.tar.gz", "-C", "out", "-q", "--threads", "2"], { through: ["env", `NODE_OPTIONS=--require "${join(folder, "hook.cjs")}"`, process.execPath] })).toMatchObject({ code: 0 });
    const made = statSync(join(folder, "made")).size;
    expect(made).toBeGreaterThan(0);
    expect(made).toBeLessThan(files.size);
  });

  it("leaves nothing of an archive whose checksum does not match at its very end", { timeout: 60_000 }, async () => {
    const { packed } = await archive();
    packed[packed.length - 6]! ^= 1;
    const { run, file, folder } = sandbox();
    file("a.tar.gz", packed);
    mkdirSync(join(folder, "out"));
    expect(run(["x", "a.tar.gz", "-C", "out", "--threads", "2"]).code).toBe(3);
    expect(readdirSync(join(folder, "out"))).toEqual([]);
  });
});
