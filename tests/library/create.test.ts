import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { chmodSync, createReadStream, createWriteStream, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isRoot } from "../helpers/cli.ts";
import { breaking, create, extract, failure, IncompleteError, list, rejection, stalling, test } from "../helpers/unzipx.ts";
import { has, temporaryFolder } from "../helpers/tools.ts";

function inputs(): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "notes/old"), { recursive: true });
  writeFileSync(join(folder, "notes/a.md"), "# a");
  writeFileSync(join(folder, "notes/old/b.md"), "# b");
  writeFileSync(join(folder, "notes/c.log"), "log");
  return folder;
}

async function contents(archive: Parameters<typeof list>[0], more: Parameters<typeof list>[1] = {}): Promise<string[]> {
  return (await list(archive, more)).entries.map(({ path }) => path);
}

// Temporary files of a folder of its own: whatever else runs on this machine leaves some in the common one for a while.
const before = process.env["TMPDIR"];
const own = mkdtempSync(join(tmpdir(), "unzipx-create-"));
beforeAll(() => void (process.env["TMPDIR"] = own));
afterAll(() => {
  if (before === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = before;
  rmSync(own, { recursive: true, force: true });
});

function temporary(): string[] {
  return readdirSync(tmpdir()).filter((name) => /^unzipx-[A-Za-z0-9]{6}$/.test(name));
}

describe("create packs", () => {
  for (const name of ["a.zip", "a.7z", "a.tar", "a.tar.gz", "a.tar.zst"]) {
    it(`paths into ${name}`, async () => {
      const folder = inputs();
      const summary = await create(join(folder, name), ["notes"], { cwd: folder, exclude: "*.log" });
      expect(summary).toMatchObject({ action: "create", files: 2, destination: join(folder, name), failures: [] });
      expect((await contents(join(folder, name))).map((path) => path.replace(/\/$/, "")).sort()).toEqual(["notes", "notes/a.md", "notes/old", "notes/old/b.md"]);
    });
  }

  for (const format of ["zip", "7z", "tar.gz"] as const) {
    it(`entries from memory and from streams into a ${format}`, async () => {
      const folder = temporaryFolder();
      const large = randomBytes(2 << 20);
      writeFileSync(join(folder, "on disk"), "disk");
      const before = temporary();
      const mtime = new Date("2020-02-02T02:02:02Z");
      await create(join(folder, "out"), [
        { path: "docs/text.txt", content: "grüße", mtime, mode: 0o755 },
        { path: "bytes.bin", content: new Uint8Array([1, 2, 3]) },
        { path: "large.bin", content: (async function* () {
          yield large.subarray(0, 1000);
          yield large.subarray(1000);
        })() },
        { path: "read.txt", content: createReadStream(join(folder, "on disk")) },
        join(folder, "on disk"),
      ], { format });
      expect(temporary()).toEqual(before);
      await extract(join(folder, "out"), join(folder, "back"));
      const read = (path: string): Buffer => readFileSync(join(folder, "back", path));
      expect(read("docs/text.txt").toString()).toBe("grüße");
      expect([...read("bytes.bin")]).toEqual([1, 2, 3]);
      expect(read("large.bin").equals(large)).toBe(true);
      expect([read("read.txt").toString(), read(join(folder, "on disk")).toString()]).toEqual(["disk", "disk"]);
      const { mtimeMs, mode } = statSync(join(folder, "back/docs/text.txt"));
      expect({ mtimeMs, mode: mode & 0o777 }).toEqual({ mtimeMs: mtime.getTime(), mode: 0o755 });
    });
  }

  it("a file: URL, and one input alone", async () => {
    const folder = inputs();
    await create(pathToFileURL(join(folder, "a.zip")), pathToFileURL(join(folder, "notes/a.md")));
    expect((await contents(join(folder, "a.zip")))[0]).toMatch(/notes\/a\.md$/);
  });

  it("the same bytes from the same entries, when they are to be reproducible", async () => {
    const digests = [];
    for (const mode of [0o600, 0o644]) {
      const stream = new PassThrough();
      const bytes = buffer(stream);
      await create(stream, [{ path: "a", content: "a", mode }], { format: "tar.gz", reproducible: true });
      digests.push(createHash("sha256").update(await bytes).digest("hex"));
    }
    expect(digests[0]).toBe(digests[1]);
  });

  it("encrypted where there is a password", async () => {
    const folder = temporaryFolder();
    for (const name of ["a.zip", "a.7z"]) {
      await create(join(folder, name), { path: "secret", content: "s" }, { password: "pw", encryptNames: name === "a.7z" });
      expect(await failure(test(join(folder, name)))).toMatchObject({ code: "PASSWORD" });
      expect(await test(join(folder, name), { password: "pw" })).toMatchObject({ files: 1 });
    }
  });
});

describe("create into a stream", () => {
  for (const format of ["zip", "7z", "tar.gz"] as const) {
    it.skipIf(!has("bsdtar"))(`writes a ${format} that others read, and ends it`, async () => {
      const folder = temporaryFolder();
      const file = createWriteStream(join(folder, "out"));
      const summary = await create(file, [{ path: "a", content: "a".repeat(100_000) }, { path: "b", content: randomBytes(3 << 20) }], { format });
      expect({ finished: file.writableFinished, destination: summary.destination }).toEqual({ finished: true, destination: undefined });
      expect(statSync(join(folder, "out")).size).toBe(summary.archiveBytes);
      expect(execFileSync("bsdtar", ["-tf", join(folder, "out")], { encoding: "utf8" }).split("\n").filter(Boolean).sort()).toEqual(["a", "b"]);
    });
  }

  it("of the web", async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const read = new Response(readable).arrayBuffer();
    await create(writable as never, { path: "a", content: "a" }, { format: "zip" });
    expect(await contents(await read)).toEqual(["a"]);
  });

  it("waits for a slow one, and copies what it keeps", async () => {
    const kept: Buffer[] = [];
    const slow = new Writable({ highWaterMark: 1, write: (chunk: Buffer, _, done) => void (kept.push(chunk), setTimeout(done, 1)) });
    await create(slow, [{ path: "a", content: randomBytes(2 << 20) }, { path: "b", content: "b" }], { format: "tar" });
    expect(await test(Buffer.concat(kept))).toMatchObject({ files: 2 });
  });

  it("needs to know the format, and does not leave the stream open then", async () => {
    const stream = new PassThrough();
    expect(await failure(create(stream, { path: "a", content: "a" }))).toMatchObject({ code: "USAGE" });
    expect(stream.destroyed).toBe(true);
  });

  it("that breaks is an error of the verb", async () => {
    const broken = new Writable({ write: (_, __, done) => done(Object.assign(new Error("write EPIPE"), { code: "EPIPE", syscall: "write" })) });
    expect(await failure(create(broken, { path: "a", content: randomBytes(1 << 20) }, { format: "zip" }))).toMatchObject({ code: "WRITE_FAILED" });
    const closed = new PassThrough();
    closed.destroy();
    expect(await failure(create(closed, { path: "a", content: "a" }, { format: "zip" }))).toMatchObject({ code: "WRITE_FAILED" });
  });

  it("destroys it where something could not be packed: half an archive must not look like one", async () => {
    const stream = new PassThrough();
    const seen = rejection(buffer(stream));
    const error = await failure(create(stream, ["/no/such/file"], { format: "zip" }));
    expect(error).toMatchObject({ code: "NO_INPUT" });
    expect(await seen).toBe(error);
  });
});

describe("create never lies:", () => {
  it("what exists is not replaced, unless that is wanted", async () => {
    const folder = temporaryFolder();
    const out = join(folder, "a.zip");
    writeFileSync(out, "mine");
    expect(await failure(create(out, { path: "a", content: "a" }))).toMatchObject({ code: "CONFLICT", exitCode: 5 });
    expect(readFileSync(out, "utf8")).toBe("mine");
    await create(out, { path: "a", content: "a" }, { overwrite: true });
    expect(await contents(out)).toEqual(["a"]);
  });

  it.skipIf(isRoot)("a file that cannot be read rejects, with the summary", async () => {
    const folder = inputs();
    chmodSync(join(folder, "notes/a.md"), 0);
    const error = await failure(create(join(folder, "a.zip"), ["notes"], { cwd: folder }));
    expect(error).toBeInstanceOf(IncompleteError);
    expect(error.summary.failures[0]!.details.entry).toBe("notes/a.md");
  });

  it.skipIf(!has("mkfifo"))("what an archive does not hold rejects, unless failures are looked at", async () => {
    const folder = inputs();
    execFileSync("mkfifo", [join(folder, "notes/pipe")]);
    const error = await failure(create(join(folder, "a.zip"), ["notes"], { cwd: folder }));
    expect(error).toBeInstanceOf(IncompleteError);
    expect(error).toMatchObject({ code: "SPECIAL_FILE", exitCode: 1 });
    expect(await create(join(folder, "b.zip"), ["notes"], { cwd: folder, allowFailures: true })).toMatchObject({ files: 3 });
  });

  it("a stream of content that breaks leaves nothing", async () => {
    const folder = temporaryFolder();
    const before = temporary();
    expect(await failure(create(join(folder, "a.zip"), { path: "a", content: breaking(randomBytes(5000), 3000) }))).toMatchObject({ code: "READ_FAILED" });
    expect(await failure(create(join(folder, "a.zip"), [{ path: "a", content: stalling(randomBytes(10), 10) }, { path: "b", content: createReadStream("/no/such/file") }], { signal: AbortSignal.timeout(50) }).catch((error: unknown) => {
      if (error instanceof DOMException) return create(join(folder, "a.zip"), { path: "b", content: createReadStream("/no/such/file") });
      throw error;
    }))).toMatchObject({ code: "NO_INPUT" });
    expect({ left: readdirSync(folder), temporary: temporary() }).toEqual({ left: [], temporary: before });
  });

  it("two entries of one name, and one without, are refused", async () => {
    const out = join(temporaryFolder(), "a.zip");
    expect(await failure(create(out, [{ path: "a", content: "1" }, { path: "a", content: "2" }]))).toMatchObject({ code: "COLLISION" });
    expect(await failure(create(out, { path: "/", content: "1" }))).toMatchObject({ code: "USAGE" });
    expect(existsSync(out)).toBe(false);
  });

  it("a word that means nothing is told", async () => {
    const folder = temporaryFolder();
    for (const wrong of [{ format: "rar" }, { level: 10 }, { method: "lzma" }, { encryption: "rot13" }, { threads: 1.5 }]) {
      expect(await failure(create(join(folder, "a.zip"), { path: "a", content: "a" }, wrong as never)), JSON.stringify(wrong)).toMatchObject({ code: "USAGE" });
    }
    expect(await failure(create(7 as never, []))).toMatchObject({ code: "USAGE" });
    expect(await failure(create(join(folder, "a.zip"), undefined as never))).toMatchObject({ code: "USAGE" });
    expect(readdirSync(folder)).toEqual([]);
  });
});

it("a signal leaves nothing half-written, and rejects with its reason", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "large"), randomBytes(20 << 20));
  const before = temporary();
  for (const name of ["a.zip", "a.tar.gz", "a.7z"]) {
    const stop = new AbortController();
    const reason = new Error("enough");
    expect(await rejection(create(join(folder, name), ["large"], { cwd: folder, signal: stop.signal, onProgress: () => stop.abort(reason) }))).toBe(reason);
  }
  expect({ left: readdirSync(folder), temporary: temporary() }).toEqual({ left: ["large"], temporary: before });
});

it("progress never goes back, and ends at the total", async () => {
  const folder = inputs();
  const told: number[] = [];
  let total: number | undefined;
  const names: string[] = [];
  await create(join(folder, "a.zip"), ["notes"], { cwd: folder, onProgress: (progress) => {
    told.push(progress.bytes);
    total = progress.total;
  }, onEntry: ({ path }) => void names.push(path) });
  expect(told).toEqual(told.toSorted((a, b) => a - b));
  expect(told.at(-1)).toBe(total);
  expect(names).toContain("notes/old/b.md");
});
