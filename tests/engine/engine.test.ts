import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Engine, type RunOptions } from "../../src/engine/client.ts";
import type { SourceFile } from "../../src/engine/protocol.ts";
import { UnzipxError } from "../../src/errors.ts";
import { crc32 } from "../../src/bytes/crc32.ts";
import { fixture } from "../helpers/filters.ts";
import { inChunks } from "../helpers/build.ts";

interface Ran {
  readonly out: string;
  readonly said: string;
  readonly missing: readonly string[];
  readonly opened: readonly string[];
  readonly exit: number | undefined;
  readonly error: UnzipxError | undefined;
}

async function run(words: readonly string[], { files = [], ...more }: Partial<RunOptions> & { readonly files?: readonly SourceFile[] } = {}): Promise<Ran> {
  const engine = Engine.take();
  let [out, said, exit, error] = ["", "", undefined as number | undefined, undefined as UnzipxError | undefined];
  const [missing, opened]: [string[], string[]] = [[], []];
  try {
    for await (const event of engine.run({ request: { kind: "7zip", words, files }, what: "the archive", ...more })) {
      if (event.kind === "data") out += Buffer.from(event.bytes).toString("latin1");
      else if (event.kind === "error") said += event.text;
      else if (event.kind === "missing") missing.push(event.name);
      else if (event.kind === "open") opened.push(event.path);
      else if (event.kind === "exit") exit = event.code;
    }
  } catch (thrown) {
    if (!(thrown instanceof UnzipxError)) throw thrown;
    error = thrown;
  } finally {
    await engine.release();
  }
  return { out, said, missing, opened, exit, error };
}

function file(name: string, bytes: Uint8Array): SourceFile {
  return { name, segments: [{ bytes }] };
}

const good = file("a.7z", fixture("7z/good-lzma2.7z"));
const EXTRACT = ["x", "-y", "-p", "-bso0", "-bsp0", "-snld", "/in/a.7z"];

async function works(): Promise<void> {
  const { exit, opened, error } = await run(EXTRACT, { files: [good] });
  expect([error, exit, opened.filter((path) => path.endsWith("README.txt"))]).toEqual([undefined, 0, ["sample/README.txt"]]);
}

describe("what the engine sees of the world", () => {
  for (const path of ["/etc/passwd", "/etc", import.meta.filename, "/proc/self/environ", "/in/../etc/passwd", "../../etc/passwd", "/in/other.7z"]) {
    it(`${path === import.meta.filename ? "this very file" : path} is not there`, async () => {
      const { said, error, exit } = await run(["l", "-slt", "-p", path]);
      expect(said).toContain("No such file or directory");
      expect(error !== undefined || exit !== 0).toBe(true);
      await works();
    });
  }
  it("all that it can pack is empty folders and devices of its own", async () => {
    const { out } = await run(["a", "-p", "-so", "-ttar", "x", "/home", "/tmp", "/proc", "/usr", "/etc", "/root", process.cwd(), "/in"], { files: [good] });
    // Names of a tar: the first 100 bytes of a block that carries the magic.
    const names = [...out.matchAll(/ustar/g)].map(({ index }) => out.slice(index - 257, index - 157).replace(/\0.*$/s, ""));
    expect(names.filter((name) => !/^(home|tmp|proc|in)\//.test(name))).toEqual([]);
    expect(out).not.toContain("root:");
  });
  it("the archive's parts are all that is in its folder, and none of them can be changed or added to", async () => {
    const before = Buffer.from((good.segments[0] as { bytes: Uint8Array }).bytes);
    const added = await run(["a", "-p", "/in/new.7z", "/in/a.7z"], { files: [good] });
    expect([added.error?.code, added.out.includes("cannot open file")]).toEqual(["BAD_DATA", true]);
    const deleted = await run(["d", "-p", "/in/a.7z", "sample"], { files: [good] });
    expect([deleted.error?.code, deleted.out.includes("read-only")]).toEqual(["BAD_DATA", true]);
    const beside = await run(["x", "-y", "-p", "-o/in", "/in/a.7z"], { files: [good] });
    expect([beside.exit !== 0, beside.said.includes("Permission denied")]).toEqual([true, true]);
    expect(before.equals(fixture("7z/good-lzma2.7z"))).toBe(true);
  });
  it("what it unpacks elsewhere does not reach the disk", async () => {
    await run(["x", "-y", "-p", "-o/tmp/unzipx-engine-escape", "/in/a.7z"], { files: [good] });
    await run(["x", "-y", "-p", "-o../../unzipx-engine-escape", "/in/a.7z"], { files: [good] });
    expect([existsSync("/tmp/unzipx-engine-escape"), existsSync("/unzipx-engine-escape")]).toEqual([false, false]);
  });
  it("nothing of one run is left for the next", async () => {
    await works();
    const { missing, error } = await run(["l", "-slt", "-p", "/in/a.7z"]);
    expect([missing[0], error?.code]).toEqual(["a.7z", "BAD_DATA"]);
    await works();
  });
});

describe("an engine that fails", () => {
  it("an exception inside 7-Zip is an error of ours that says so, and the next run works", async () => {
    for (let i = 0; i < 3; i++) {
      // Without -p it asks for the password, finds nobody there, and throws.
      const { error } = await run(["l", "-slt", "/in/a.7z"], { files: [file("a.7z", fixture("7z/good-encrypted.7z"))] });
      expect([error?.code, error?.message]).toEqual(["BAD_DATA", "Cannot read the archive: its decoder gave up (an exception inside 7-Zip)"]);
    }
    await works();
  });
  it("a file that it looks for and that is not there is named", async () => {
    const { missing } = await run(["l", "-slt", "-p", "/in/part2.rar"], { files: [good] });
    expect(missing).toContain("part2.rar");
  });
  it("standard input is at its end where there is none", async () => {
    const { exit, error } = await run(["x", "-si", "-so", "-txz", "-y", "-p", "-bd"]);
    expect(exit !== 0 || error !== undefined).toBe(true);
    await works();
  });
  it("one that gives no sign of life is ended, and the next run works", async () => {
    // 2^24 rounds of SHA-256 to make the key, in which nothing is read or written: some ten seconds, instead of some 0.3.
    const slow = Buffer.from(fixture("7z/good-encrypted.7z"));
    const header = slow.subarray(32 + Number(slow.readBigUInt64LE(12)));
    const properties = header.indexOf(Buffer.from([0x06, 0xf1, 0x07, 0x01])) + 5; // behind the coder's id, and their size
    expect(header[properties]! & 0x3f).toBe(19);
    header[properties] = (header[properties]! & 0xc0) | 24;
    slow.writeUInt32LE(crc32(header), 28);
    slow.writeUInt32LE(crc32(slow.subarray(12, 32)), 8);
    const { error } = await run(["l", "-slt", "-psecret", "/in/a.7z"], { files: [file("a.7z", slow)], patience: 500 });
    expect([error?.code, error?.message]).toEqual(["BAD_DATA", "Cannot read the archive: its decoder came to no end, as damaged data can make it"]);
    await works();
  });
  it("waiting for us is no silence: slow input and a slow reader are borne", async () => {
    const engine = Engine.take();
    const slow = (async function* () {
      for await (const chunk of inChunks(fixture("xz/good-streams.xz"), 200)) {
        await new Promise((resolve) => setTimeout(resolve, 300));
        yield chunk;
      }
    })();
    let size = 0;
    for await (const event of engine.run({ request: { kind: "7zip", words: ["x", "-si", "-so", "-txz", "-y", "-p", "-bd"], files: [] }, input: slow, what: "it", patience: 200 })) {
      if (event.kind === "data") size += event.bytes.length;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    await engine.release();
    expect(size).toBe(3492 + 21);
  });
  it("input that fails ends the run with its own error", async () => {
    const input = (async function* () {
      yield fixture("xz/good-streams.xz").subarray(0, 100);
      throw new UnzipxError("READ_FAILED", "Cannot read: the disk is gone");
    })();
    expect((await run(["x", "-si", "-so", "-txz", "-y", "-p", "-bd"], { input })).error?.code).toBe("READ_FAILED");
    await works();
  });
});

describe("a consumer that stops early", () => {
  it("ends the run, lets the input go, and the next run works", async () => {
    let ended = 0;
    const engine = Engine.take();
    const bytes = Buffer.concat(Array.from({ length: 200 }, () => fixture("xz/good-streams.xz")));
    for await (const event of engine.run({ request: { kind: "7zip", words: ["x", "-si", "-so", "-txz", "-y", "-p", "-bd"], files: [] }, input: inChunks(bytes, 1000, () => (ended += 1)), what: "it" })) {
      if (event.kind === "data") break;
    }
    await engine.release();
    expect(ended).toBe(1);
    await works();
  });
  it("end() makes a run that is under way throw", async () => {
    const engine = Engine.take();
    const late = (async function* () {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      yield* [];
    })();
    const running = engine.run({ request: { kind: "7zip", words: ["x", "-si", "-so", "-txz", "-y", "-p", "-bd"], files: [] }, input: late, what: "it" });
    setTimeout(() => void engine.end(), 200);
    await expect(running.next()).rejects.toThrow("its thread ended");
  });
});

describe("many runs", () => {
  it("hundreds of them, with many words, on one engine, come to the same", async () => {
    // 7-Zip's stack keeps the words of every run unless it is set back: 64 KiB of them would be the end.
    const words = ["l", "-slt", "-ba", "-p", ...Array.from({ length: 40 }, (_, i) => `-x!some/folder/that/is/not/there/${i}`), "/in/a.7z"];
    const first = await run(words, { files: [good] });
    for (let i = 0; i < 300; i++) expect((await run(words, { files: [good] })).out).toBe(first.out);
    expect(first.out).toContain("sample/README.txt");
  });
  it("several at the same time do not mix", async () => {
    const archives = ["good-lzma2", "good-ppmd", "good-bcj2", "good-arm64-bzip2"];
    const alone = [];
    for (const name of archives) alone.push((await run(EXTRACT, { files: [file("a.7z", fixture(`7z/${name}.7z`))] })).out);
    const together = await Promise.all([...archives, ...archives].map((name) => run(EXTRACT, { files: [file("a.7z", fixture(`7z/${name}.7z`))] })));
    expect(together.map(({ out }) => out)).toEqual([...alone, ...alone]);
    expect(alone[0]).toContain("unzipx unpacks this.");
  });
});

describe("the WebAssembly", () => {
  it("is the package's own file, next to the package: who wants another build of 7-Zip puts it there", () => {
    const { dependencies } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { dependencies: Record<string, string> };
    expect(Object.keys(dependencies)).toContain("7z-wasm");
    expect(existsSync(new URL("../../node_modules/7z-wasm/7zz.wasm", import.meta.url))).toBe(true);
  });
});
