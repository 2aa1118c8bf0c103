import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { buildTar, buildZip } from "../helpers/build.ts";
import { contentsOf, sandbox } from "../helpers/cli.ts";
import { breaking, extract, failure, IncompleteError, pieces, rejection, stalling, UnzipxError } from "../helpers/unzipx.ts";
import { temporaryFolder } from "../helpers/tools.ts";

const FILES = { "notes.txt": "hello", "docs/": "", "docs/a.txt": "a".repeat(5000) };
const zip = buildZip([{ name: "notes.txt", content: "hello" }, { name: "docs/" }, { name: "docs/a.txt", content: "a".repeat(5000) }]);
const tar = buildTar([{ name: "notes.txt", content: "hello" }, { name: "docs/", type: "5" }, { name: "docs/a.txt", content: "a".repeat(5000) }]);
const tgz = gzipSync(tar);
const sevenZip = readFileSync(join(import.meta.dirname, "../../fixtures/7z/good-lzma2.7z"));

/** Of docs/a.txt the content is another than its checksum says. */
const damaged = buildZip([{ name: "notes.txt", content: "hello" }, { name: "docs/a.txt", content: "a", local: { crc32: 1 }, central: { crc32: 1 } }]);
const hostile = buildZip([{ name: "notes.txt", content: "hello" }, { name: "../evil.txt", content: "x" }, { name: "link", content: "/etc/passwd", mode: 0o120777 }]);

/** As they are, without long contents in the message. */
function unpacked(folder: string): Record<string, string> {
  return Object.fromEntries(Object.keys(contentsOf(folder)).map((path) => [path, path.endsWith("/") ? "" : readFileSync(join(folder, path), "utf8")]));
}

describe("extract takes", () => {
  const sources: [what: string, bytes: Buffer, source: (bytes: Buffer, file: string) => Parameters<typeof extract>[0]][] = [zip, tgz].flatMap((bytes) => {
    const kind = bytes === zip ? "a zip" : "a tar.gz";
    return [
      [`${kind} by its path`, bytes, (_, file) => file],
      [`${kind} by a file: URL`, bytes, (_, file) => pathToFileURL(file)],
      [`${kind} in a Buffer`, bytes, (all) => all],
      [`${kind} in a Uint8Array`, bytes, (all) => new Uint8Array(all)],
      [`${kind} in an ArrayBuffer`, bytes, (all) => new Uint8Array(all).buffer],
      [`${kind} as a stream of Node`, bytes, (all) => pieces(all)],
      [`${kind} as a file that is read`, bytes, (_, file) => createReadStream(file)],
      [`${kind} as a stream of the web`, bytes, (all) => new Blob([new Uint8Array(all)]).stream()],
      [`${kind} as an async iterable`, bytes, (all) => (async function* () {
        yield new Uint8Array(all.subarray(0, 7));
        yield new Uint8Array(all.subarray(7));
      })()],
    ];
  });
  for (const [what, bytes, source] of sources) {
    it(what, async () => {
      const folder = temporaryFolder();
      const file = join(folder, "an archive");
      writeFileSync(file, bytes);
      const summary = await extract(source(bytes, file), join(folder, "out"));
      expect(unpacked(join(folder, "out"))).toEqual(FILES);
      expect(summary).toMatchObject({ action: "extract", files: 2, directories: 1, failures: [], destination: join(folder, "out") });
    });
  }

  it("a 7z in a Buffer, and as a stream", async () => {
    const folder = temporaryFolder();
    await extract(sevenZip, join(folder, "a"));
    await extract(pieces(sevenZip), join(folder, "b"));
    expect(Object.keys(contentsOf(join(folder, "a")))).toContain("sample/README.txt");
    expect(contentsOf(join(folder, "a"))).toEqual(contentsOf(join(folder, "b")));
  });

  it("the body of a response", async () => {
    const server = createServer((_, response) => void response.end(tgz)).listen(0);
    onTestFinished(() => void server.close());
    await new Promise((resolve) => void server.once("listening", resolve));
    const folder = join(temporaryFolder(), "out");
    await extract((await fetch(`http://localhost:${(server.address() as AddressInfo).port}`)).body!, folder);
    expect(unpacked(folder)).toEqual(FILES);
  });

  it("a file that is called like standard input", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "-"), zip);
    const script = `require("unzipx").extract("-", "out").then(({ archive }) => console.log(archive));`;
    mkdirSync(join(folder, "node_modules"));
    execFileSync("ln", ["-s", join(import.meta.dirname, "../.."), join(folder, "node_modules/unzipx")]);
    const printed = execFileSync(process.execPath, ["--no-warnings", "-e", script], { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    expect(printed).toBe("./-\n");
    expect(unpacked(join(folder, "out"))).toEqual(FILES);
  });

  it("nothing that is no source, or not of a file", async () => {
    const folder = temporaryFolder();
    expect(await failure(extract(17 as never, folder))).toMatchObject({ code: "USAGE" });
    expect(await failure(extract(new URL("https://example.org/a.zip"), folder))).toMatchObject({ code: "USAGE" });
    expect(await failure(extract(pieces(zip).setEncoding("latin1"), folder))).toMatchObject({ code: "USAGE" });
  });

  it("no second word that is no folder, and lets go of the stream then", async () => {
    const source = pieces(zip);
    expect(await failure(extract(source, { dir: "out" } as never))).toMatchObject({ code: "USAGE" });
    expect(source.destroyed).toBe(true);
  });
});

describe("options of extract", () => {
  it("the folder that the process works in stays, as others may go by it", async () => {
    const folder = temporaryFolder();
    const seen = new Set<string>();
    for (const [number, bytes] of [zip, tgz, sevenZip].entries()) await extract(bytes, join(folder, String(number)), { onEntry: () => void seen.add(process.cwd()) });
    expect([...seen]).toEqual([process.cwd()]);
  });
  it("by default nothing existing is touched, and nothing is written then", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "notes.txt"), "mine");
    expect(await failure(extract(zip, folder))).toMatchObject({ code: "CONFLICT", exitCode: 5 });
    expect(unpacked(folder)).toEqual({ "notes.txt": "mine" });
    await extract(zip, folder, { overwrite: "never" });
    expect(unpacked(folder)).toEqual({ ...FILES, "notes.txt": "mine" });
    await extract(zip, folder, { overwrite: "always" });
    expect(unpacked(folder)).toEqual(FILES);
  });

  it("include, exclude and filter select", async () => {
    const folder = temporaryFolder();
    await extract(zip, join(folder, "a"), { include: "docs/**" });
    await extract(zip, join(folder, "b"), { exclude: ["docs"] });
    await extract(tgz, join(folder, "c"), { filter: (path) => path === "notes.txt" });
    expect(contentsOf(join(folder, "a"))).toHaveProperty("docs/a.txt");
    expect(unpacked(join(folder, "b"))).toEqual({ "notes.txt": "hello" });
    expect(unpacked(join(folder, "c"))).toEqual({ "notes.txt": "hello" });
    expect(await failure(extract(zip, join(folder, "d"), { include: ["*.png"] }))).toMatchObject({ code: "NO_MATCH" });
    expect(existsSync(join(folder, "d"))).toBe(false);
  });

  it("names change on their way out, and what they become is checked", async () => {
    const folder = temporaryFolder();
    await extract(zip, join(folder, "a"), { stripComponents: 1 });
    await extract(tgz, join(folder, "b"), { junkPaths: true });
    await extract(zip, join(folder, "c"), { transform: (path) => path.replace("docs", "texts"), include: "docs/**" });
    expect(["a", "b", "c"].map((name) => Object.keys(contentsOf(join(folder, name))))).toEqual([["a.txt"], ["a.txt", "notes.txt"], ["texts/", "texts/a.txt"]]);
    const error = await failure(extract(zip, join(folder, "d"), { transform: (path) => `../${path}` }));
    expect(error).toMatchObject({ code: "UNSAFE_PATH" });
    expect(readdirSync(folder)).toEqual(["a", "b", "c"]);
  });

  it("limits are those of the command, but for the ones that are named", async () => {
    const folder = temporaryFolder();
    expect(await failure(extract(zip, join(folder, "a"), { limits: { files: 2 } }))).toMatchObject({ code: "LIMIT" });
    expect(await failure(extract(zip, join(folder, "b"), { limits: { bytes: 5000 } }))).toMatchObject({ code: "LIMIT" });
    const bomb = gzipSync(buildTar([{ name: "zeros", content: Buffer.alloc(80 << 20) }]));
    expect(await failure(extract(bomb, join(folder, "c"), { limits: { files: 10 } }))).toMatchObject({ code: "LIMIT", exitCode: 12 });
    await extract(bomb, join(folder, "d"), { limits: false });
    expect(readdirSync(folder)).toEqual(["d"]);
  });

  it("the password is a string, or is asked for once, and only where it is needed", async () => {
    const secret = readFileSync(join(import.meta.dirname, "../../fixtures/7z/good-encrypted.7z"));
    const folder = temporaryFolder();
    let asked = 0;
    const password = async (): Promise<string> => {
      asked += 1;
      return "secret";
    };
    await extract(zip, join(folder, "a"), { password });
    expect(asked).toBe(0);
    await extract(secret, join(folder, "b"), { password });
    expect(asked).toBe(1);
    expect(await failure(extract(secret, join(folder, "c")))).toMatchObject({ code: "PASSWORD", exitCode: 82 });
  });

  it("a checksum that is another lets nothing become visible, wherever the bytes come from", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "a.zip");
    writeFileSync(file, zip);
    const right = `sha256:${createHash("sha256").update(zip).digest("hex")}`;
    const wrong = `sha256:${"0".repeat(64)}`;
    const sources = (): Parameters<typeof extract>[0][] => [file, zip, pieces(zip)];
    for (const [at, source] of sources().entries()) await extract(source, join(folder, `right${at}`), { checksum: right });
    for (const [at, source] of sources().entries()) expect(await failure(extract(source, join(folder, `wrong${at}`), { checksum: wrong }))).toMatchObject({ code: "BAD_CHECKSUM" });
    expect(readdirSync(folder).sort()).toEqual(["a.zip", "right0", "right1", "right2"]);
  });

  it("archives inside archives, a folder of its own, and the archive's name where it has none", async () => {
    const folder = temporaryFolder();
    const outer = buildZip([{ name: "inner.zip", content: zip }, { name: "b", content: "b" }]);
    await extract(outer, folder, { recursive: true, into: "auto", name: "outer.zip" });
    expect(unpacked(folder)).toMatchObject({ "outer/b": "b", "outer/inner/notes.txt": "hello" });
    await extract(gzipSync("text"), folder, { name: "notes.txt.gz" });
    expect(readFileSync(join(folder, "notes.txt"), "utf8")).toBe("text");
  });

  it("a word or a number that means nothing is told", async () => {
    const folder = temporaryFolder();
    for (const wrong of [{ overwrite: "ask" }, { links: "all" }, { into: "there" }, { threads: 0 }, { limits: { files: -1 } }, { limits: { depth: 0 } }, { recursive: 1.5 }, { include: [""] }, { encoding: "klingon" }, { format: "nope" }, { checksum: "md5:00" }]) {
      expect(await failure(extract(zip, folder, wrong as never)), JSON.stringify(wrong)).toMatchObject({ code: "USAGE", exitCode: 7 });
    }
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("extract never lies:", () => {
  it("a damaged entry rejects, with the whole summary", async () => {
    const folder = join(temporaryFolder(), "out");
    const error = await failure(extract(damaged, folder));
    expect(error).toBeInstanceOf(IncompleteError);
    expect(error).toBeInstanceOf(UnzipxError);
    expect(error).toMatchObject({ name: "UnzipxError", code: "BAD_CHECKSUM", exitCode: 3, details: { entry: "docs/a.txt" } });
    expect(error.summary).toMatchObject({ untouched: "new", destination: undefined, files: 0 });
    expect(error.summary.failures).toHaveLength(1);
    expect(existsSync(folder)).toBe(false);
  });

  it("in a folder that exists the good entries are there, and the promise is rejected all the same", async () => {
    const folder = temporaryFolder();
    const error = await failure(extract(damaged, folder));
    expect(error.summary).toMatchObject({ files: 1, destination: folder });
    expect(unpacked(folder)).toEqual({ "docs/": "", "notes.txt": "hello" });
  });

  it("atomic: then there is nothing", async () => {
    const folder = temporaryFolder();
    expect((await failure(extract(damaged, folder, { atomic: true }))).summary.untouched).toBe("atomic");
    expect(readdirSync(folder)).toEqual([]);
  });

  it("a hostile archive in a Buffer reaches nothing outside, and the worst of its entries decides", async () => {
    const box = sandbox();
    const error = await failure(extract(hostile, box.folder));
    expect(error).toMatchObject({ exitCode: 6 });
    expect(error.summary.failures.map(({ code, details }) => [code, details.entry])).toEqual([["UNSAFE_PATH", "../evil.txt"], ["UNSAFE_LINK", "link"]]);
    expect(error.message).toMatch(/\(and 1 other failure: see summary\.failures\)$/);
    expect(box.contents()).toEqual({ "notes.txt": "hello" });
    box.assertOutsideUntouched();
  });

  it("allowFailures: they are data, for those who look at them", async () => {
    const { failures, files } = await extract(hostile, temporaryFolder(), { allowFailures: true });
    expect({ failures: failures.length, files }).toEqual({ failures: 2, files: 1 });
  });

  it("what is no archive, or cut off, rejects with an UnzipxError and a hint", async () => {
    const folder = join(temporaryFolder(), "out");
    expect(await failure(extract(randomBytes(100), folder))).toMatchObject({ code: "UNKNOWN_FORMAT", details: { hint: expect.any(String) as string } });
    expect(await failure(extract(tgz.subarray(0, -20), folder))).toMatchObject({ exitCode: 51 });
    expect(await failure(extract("/no/such/file.zip", folder))).toMatchObject({ code: "NO_INPUT" });
    expect(existsSync(folder)).toBe(false);
  });
});

describe("a stream that fails", () => {
  for (const [kind, bytes] of [["a zip", zip], ["a tar", tar], ["a tar.gz", gzipSync(Buffer.concat([buildTar([{ name: "big", content: randomBytes(100_000) }])]))]] as const) {
    it(`in the middle of ${kind} leaves nothing`, async () => {
      const folder = temporaryFolder();
      const error = await failure(extract(breaking(bytes, Math.floor(bytes.length / 2)), join(folder, "out")));
      expect(error).toMatchObject({ code: "READ_FAILED", exitCode: 2 });
      expect(error.cause).toMatchObject({ code: "ECONNRESET" });
      expect(readdirSync(folder)).toEqual([]);
    });
  }

  it("before it is read is an error of the verb, not of the process", async () => {
    expect(await failure(extract(createReadStream("/no/such/file"), temporaryFolder()))).toMatchObject({ code: "NO_INPUT" });
  });

  it("is destroyed when the archive is given up", async () => {
    const source = pieces(Buffer.concat([Buffer.from("no archive"), Buffer.alloc(1 << 20)]));
    expect(await failure(extract(source, temporaryFolder()))).toMatchObject({ code: "UNKNOWN_FORMAT" });
    expect(source.destroyed).toBe(true);
  });
});

describe("a signal", () => {
  it("that is aborted already: nothing is begun, and the stream is let go", async () => {
    const folder = join(temporaryFolder(), "out");
    const source = pieces(tgz);
    const reason = new Error("no more");
    expect(await rejection(extract(source, folder, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect({ exists: existsSync(folder), destroyed: source.destroyed }).toEqual({ exists: false, destroyed: true });
  });

  for (const [kind, bytes] of [["a zip", buildZip(many())], ["a tar", buildTar(many())], ["a 7z", sevenZip]] as const) {
    it(`in the middle of ${kind}: nothing half-written stays`, async () => {
      const folder = temporaryFolder();
      const stop = new AbortController();
      const reason = new Error("enough");
      const error = await rejection(extract(bytes, join(folder, "out"), { signal: stop.signal, threads: 1, onProgress: () => stop.abort(reason) }));
      expect(error).toBe(reason);
      expect(readdirSync(folder)).toEqual([]);
    });
  }

  it("ends the waiting for a stream that brings nothing more", async () => {
    const folder = temporaryFolder();
    const source = stalling(tgz, 100);
    const stop = AbortSignal.timeout(50);
    expect(await rejection(extract(source, join(folder, "out"), { signal: stop }))).toMatchObject({ name: "TimeoutError" });
    expect({ left: readdirSync(folder), destroyed: source.destroyed }).toEqual({ left: [], destroyed: true });
  });

  it("hears of nothing more when all is done", async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...words: unknown[]) => void (listeners += 1, Reflect.apply(addEventListener, signal, words));
    signal.removeEventListener = (...words: unknown[]) => void (listeners -= 1, Reflect.apply(removeEventListener, signal, words));
    await extract(zip, temporaryFolder(), { signal });
    expect(listeners).toBe(0);
  });
});

function many(): { name: string; content: Buffer }[] {
  return Array.from({ length: 50 }, (_, number) => ({ name: `${number}.bin`, content: randomBytes(20_000) }));
}

describe("callbacks", () => {
  for (const [kind, bytes] of [["a zip", buildZip(many())], ["a tar", buildTar(many())], ["a tar.gz", gzipSync(buildTar(many()))]] as const) {
    it(`progress of ${kind} never goes back, and ends at its total`, async () => {
      const told: { bytes: number; total: number | undefined }[] = [];
      const entries: string[] = [];
      await extract(bytes, temporaryFolder(), { onProgress: ({ bytes: done, total }) => void told.push({ bytes: done, total }), onEntry: ({ path, size }) => void entries.push(`${path} ${size}`) });
      expect(told.length).toBeGreaterThan(0);
      expect(told.map((one) => one.bytes)).toEqual(told.map((one) => one.bytes).toSorted((a, b) => a - b));
      expect(told.every(({ bytes: done, total }) => total === undefined || done <= total)).toBe(true);
      if (told.at(-1)!.total !== undefined) expect(told.at(-1)!.bytes).toBe(told.at(-1)!.total);
      expect(entries.sort()).toEqual(many().map(({ name }) => `${name} 20000`).sort());
    });
  }

  it("an entry that failed is not told as done", async () => {
    const done: string[] = [];
    await extract(damaged, temporaryFolder(), { allowFailures: true, onEntry: ({ path }) => void done.push(path) });
    expect(done).toEqual(["notes.txt"]);
  });

  for (const callback of ["onProgress", "onEntry", "filter", "transform"] as const) {
    it(`what ${callback} throws ends the work, and is what the promise is rejected with`, async () => {
      for (const bytes of [zip, tgz, sevenZip]) {
        const folder = temporaryFolder();
        const trouble = new Error("mine");
        expect(await rejection(extract(bytes, join(folder, "out"), { [callback]: () => {
          throw trouble;
        } }))).toBe(trouble);
        expect(readdirSync(folder)).toEqual([]);
      }
    });
  }
});

it("many at once do not disturb each other", async () => {
  const folder = temporaryFolder();
  const all = [zip, tgz, sevenZip, zip, tgz, sevenZip, zip, tgz, sevenZip];
  await Promise.all(all.map((bytes, at) => extract(bytes, join(folder, String(at)))));
  expect(all.map((_, at) => contentsOf(join(folder, String(at))))).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2].map((at) => contentsOf(join(folder, String(at)))));
});
