/** The native compressor: what it is given, what becomes of everything that can go wrong with it, and how it becomes executable. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { lzma2Encoder, type EncoderOptions } from "../../src/core/lzma2-encoder.ts";
import { find7za } from "../../src/core/native-7za.ts";
import { lzma2OfXz, type Lzma2 } from "../../src/formats/sevenzip/lzma2-of-xz.ts";
import { SevenZipWriter } from "../../src/formats/sevenzip/write.ts";
import { crc32 } from "../../src/bytes/crc32.ts";
import { openOutputFile } from "../../src/safe/output.ts";
import { privateCopy, runnableProgram } from "../../src/safe/private-program.ts";
import { errorOf } from "../helpers/library.ts";
import { has, run, temporaryFolder } from "../helpers/tools.ts";
import { noise, prose } from "./sample.ts";

const ready = existsSync(join(import.meta.dirname, "../../dist/thread.cjs"));
const isWindows = process.platform === "win32";
const content = prose(200_000);

/** A program in place of 7za, as a shell script. */
function script(folder: string, text: string, mode = 0o755): string {
  const path = join(folder, "7za");
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, mode);
  return path;
}

async function encode(program: string | undefined, pieces: readonly Uint8Array[] = [content], more: Partial<EncoderOptions> = {}): Promise<Lzma2> {
  const encoder = lzma2Encoder({ level: 5, threads: 2, portable: false, signal: undefined, program, ...more });
  try {
    return await encoder.encode(pieces, () => {});
  } finally {
    await encoder.close();
  }
}

/** As a 7z that another program unpacks. */
async function decoded(lzma2: Lzma2, crc: number): Promise<Buffer> {
  const folder = temporaryFolder();
  const output = openOutputFile(join(folder, "a.7z"), { replace: false });
  const writer = new SevenZipWriter(output);
  await writer.begin();
  writer.beginFolder();
  await writer.compressed(lzma2);
  await writer.endFolder([{ size: lzma2.size, crc32: crc }]);
  writer.add({ path: "content", isDirectory: false, hasStream: true, mtime: 1n, attributes: 0 });
  await writer.end();
  output.commit({ replace: false });
  run("7zz", ["x", `-o${folder}`, join(folder, "a.7z")]);
  return readFileSync(join(folder, "content"));
}

describe.skipIf(isWindows || find7za() === undefined)("the native compressor", () => {
  it("sees no name, no password and no file, only what it is to compress and how", async () => {
    const folder = temporaryFolder();
    const program = script(folder, `printf '%s\\n' "$@" > "${folder}/words"; exec "${find7za()}" "$@"`);
    await encode(program);
    expect(readFileSync(join(folder, "words"), "utf8").split("\n").filter((word) => word !== "").sort()).toEqual(
      ["-bb0", "-bso0", "-bsp0", "-m0=lzma2:d=262144b", "-mmt=2", "-mx=5", "-si", "-so", "-txz", "-y", "a", "out"].sort());
    expect(readdirSync(folder).sort()).toEqual(["7za", "words"]);
  });

  it.skipIf(!has("7zz"))("gives what decodes to what went in, in the same bytes for one thread and two, at every level (needs 7zz)", async () => {
    const bytes = Buffer.concat([prose(3 << 20), noise(1 << 20), prose(2 << 20)]);
    for (let level = 1; level <= 9; level += 2) {
      const [one, two] = [await encode(undefined, [bytes], { level, threads: 1 }), await encode(undefined, [bytes.subarray(0, 70_000), bytes.subarray(70_000)], { level, threads: 2 })];
      expect(Buffer.concat(one.chunks).equals(Buffer.concat(two.chunks))).toBe(true);
      expect((await decoded(one, crc32(bytes))).equals(bytes)).toBe(true);
    }
  }, 120_000);

  it("that is killed is an error", async () => {
    const error = await errorOf(encode(script(temporaryFolder(), "head -c 1000 > /dev/null; kill -KILL $$")));
    expect(error).toMatchObject({ code: "INTERNAL", details: { found: "SIGKILL" } });
  });

  it.each([
    ["gives half of it and says that all is well", 'exec "$0.real" "$@" | head -c 500'],
    ["gives nothing and says that all is well", "exec cat > /dev/null"],
    ["gives something else", "cat > /dev/null; echo 'hello, this is no archive at all'"],
  ])("that %s is not believed", async (_, text) => {
    const folder = temporaryFolder();
    symlinkSync(find7za()!, join(folder, "7za.real"));
    expect((await errorOf(encode(script(folder, text)))).code).toBe("INTERNAL");
  });

  it("is ended when the user wants to stop, though it reads nothing and never ends", async () => {
    const folder = temporaryFolder();
    const controller = new AbortController();
    const running = errorOf(encode(script(folder, `echo $$ > "${folder}/pid"; exec sleep 1000`), [noise(4 << 20)], { signal: controller.signal }));
    while (!existsSync(join(folder, "pid")) || readFileSync(join(folder, "pid"), "utf8") === "") await sleep(5);
    controller.abort();
    expect((await running).code).toBe("INTERRUPTED");
    expect(() => process.kill(Number(readFileSync(join(folder, "pid"), "utf8")), 0)).toThrow(/ESRCH/);
  });

  it("is ended when the archive is given up for another reason", async () => {
    const folder = temporaryFolder();
    const encoder = lzma2Encoder({ level: 5, threads: 2, portable: false, signal: undefined, program: script(folder, `echo $$ > "${folder}/pid"; exec sleep 1000`) });
    const running = errorOf(encoder.encode([content], () => {}));
    while (!existsSync(join(folder, "pid")) || readFileSync(join(folder, "pid"), "utf8") === "") await sleep(5);
    await encoder.close();
    await running;
    expect(() => process.kill(Number(readFileSync(join(folder, "pid"), "utf8")), 0)).toThrow(/ESRCH/);
  });

  describe.skipIf(!ready)("is replaced by the engine in WebAssembly", () => {
    it.each([
      ["it fails", (folder: string) => script(folder, "cat > /dev/null; echo 'System ERROR' >&2; exit 2")],
      ["it fails before it has read all", (folder: string) => script(folder, "exit 255")],
      ["a library of its is missing", (folder: string) => script(folder, "echo 'error while loading shared libraries' >&2; exit 127")],
      ["its loader is missing", (folder: string) => script(folder, "").replace(/7za$/, "gone")],
      ["it may not be executed", (folder: string) => script(folder, "exit 0", 0o644)],
      ["it is no program", (folder: string) => {
        const path = join(folder, "7za");
        writeFileSync(path, Buffer.from([0x7f, 0x45, 0x4c, 0x46, 1, 2, 3]));
        chmodSync(path, 0o755);
        return path;
      }],
      ["it wrote much on its error output", (folder: string) => script(folder, "head -c 300000 /dev/zero >&2; exit 2")],
    ])("when %s", async (_, make) => {
      const taken: number[] = [];
      const encoder = lzma2Encoder({ level: 5, threads: 2, portable: false, signal: undefined, program: make(temporaryFolder()) });
      const lzma2 = await encoder.encode([content.subarray(0, 1000), content.subarray(1000)], (bytes) => taken.push(bytes));
      expect(lzma2.size).toBe(content.length);
      expect(taken).toEqual([1000, content.length - 1000]);
      if (has("7zz")) expect((await decoded(lzma2, crc32(content))).equals(content)).toBe(true);
    });
  });
});

describe("lzma2OfXz", () => {
  it.skipIf(!has("xz") || !has("7zz"))("joins several blocks, with sizes in their headers or not, and any check (needs xz, 7zz)", async () => {
    const folder = temporaryFolder();
    const bytes = Buffer.concat([prose(500_000), noise(300_000)]);
    writeFileSync(join(folder, "a"), bytes);
    for (const words of [["-C", "none"], ["-C", "sha256", "--block-size=100000"], ["-C", "crc64", "-T2", "--block-size=70001"]]) {
      run("xz", ["-k", "-f", ...words, join(folder, "a")]);
      expect((await decoded(lzma2OfXz(readFileSync(join(folder, "a.xz"))), crc32(bytes))).equals(bytes)).toBe(true);
    }
  });

  it.skipIf(!has("xz"))("refuses what ends anywhere before its end, and other filters (needs xz)", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "a"), prose(3000));
    run("xz", ["-k", join(folder, "a")]);
    const whole = readFileSync(join(folder, "a.xz"));
    for (let length = 0; length < whole.length; length++) expect(() => lzma2OfXz(whole.subarray(0, length))).toThrow(/Cannot use what the compressor wrote/);
    run("xz", ["-k", "-f", "--x86", "--lzma2", join(folder, "a")]);
    expect(() => lzma2OfXz(readFileSync(join(folder, "a.xz")))).toThrow(/another filter/);
  });
});

describe.skipIf(isWindows)("a program without the right to be executed", () => {
  it("gets it where that is possible", () => {
    const program = script(temporaryFolder(), "echo hello", 0o644);
    expect(runnableProgram(program)).toBe(program);
    expect(statSync(program).mode & 0o777).toBe(0o755);
  });

  it("is copied into the user's own cache where it is not: private, and once", () => {
    const folder = temporaryFolder();
    const program = script(folder, "echo hello", 0o644);
    const env = { XDG_CACHE_HOME: join(folder, "cache") };
    const copy = privateCopy(program, env)!;
    expect(copy).toMatch(/cache\/unzipx\/7za-[0-9a-f]{64}$/);
    expect(statSync(copy).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, "cache/unzipx")).mode & 0o777).toBe(0o700);
    expect(run(copy, [])).toBe("hello\n");
    const { ino } = statSync(copy);
    expect(privateCopy(program, env)).toBe(copy);
    expect(statSync(copy).ino).toBe(ino);
    expect(readdirSync(join(folder, "cache/unzipx"))).toHaveLength(1);
  });

  it.each([
    ["another content", (copy: string) => writeFileSync(copy, "#!/bin/sh\necho evil\n")],
    ["a right for others to write", (copy: string) => chmodSync(copy, 0o777)],
    ["no right to be executed", (copy: string) => chmodSync(copy, 0o600)],
  ])("is copied anew when its copy has %s", (_, spoil) => {
    const folder = temporaryFolder();
    const program = script(folder, "echo hello", 0o644);
    const env = { XDG_CACHE_HOME: join(folder, "cache") };
    spoil(privateCopy(program, env)!);
    const copy = privateCopy(program, env)!;
    expect(run(copy, [])).toBe("hello\n");
    expect(statSync(copy).mode & 0o777).toBe(0o700);
  });

  it("is never put behind a link, nor where others can write", () => {
    const folder = temporaryFolder();
    const program = script(folder, "echo hello", 0o644);
    mkdirSync(join(folder, "real"), { mode: 0o700 });
    mkdirSync(join(folder, "linked"));
    symlinkSync(join(folder, "real"), join(folder, "linked/unzipx"));
    expect(privateCopy(program, { XDG_CACHE_HOME: join(folder, "linked") })).toBe(undefined);
    mkdirSync(join(folder, "shared/unzipx"), { recursive: true });
    chmodSync(join(folder, "shared/unzipx"), 0o777);
    expect(privateCopy(program, { XDG_CACHE_HOME: join(folder, "shared") })).toBe(undefined);
    expect(readdirSync(join(folder, "real"))).toEqual([]);
    expect(readdirSync(join(folder, "shared/unzipx"))).toEqual([]);
  });

  it("that is not there has no path", () => {
    expect(runnableProgram(join(temporaryFolder(), "none"))).toBe(undefined);
  });
});
