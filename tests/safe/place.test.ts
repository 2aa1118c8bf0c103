/** Where data may land: what the command does about everything that can lie in its way, end to end. */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, linkSync, lstatSync, mkdirSync, readdirSync, renameSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UnzipxError } from "../../src/errors.ts";
import { Ground } from "../../src/safe/ground.ts";
import { OVERWRITES } from "../helpers/overwrites.ts";
import { buildTar, buildZip, paxHeader } from "../helpers/build.ts";
import { isRoot, isWindows, sandbox } from "../helpers/cli.ts";
import { unpack } from "../helpers/library.ts";
import { has, temporaryFolder } from "../helpers/tools.ts";

const tar = buildTar([{ name: "a", content: "new" }]);

describe.skipIf(isWindows)("what is no file lies where one would be put:", () => {
  const kinds: [kind: string, make: (path: string) => Promise<void> | void, needs: boolean][] = [
    ["a FIFO, which would hold up whoever opens it", (path) => void execFileSync("mkfifo", [path]), has("mkfifo")],
    ["a socket", async (path) => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(path, resolve));
      renameSync(path, `${path}.kept`); // closing the server removes its name
      server.close();
      renameSync(`${path}.kept`, path);
    }, true],
    ["a device (needs root)", (path) => void execFileSync("mknod", [path, "c", "1", "7"]), isRoot && has("mknod") && canMakeDevices()],
  ];
  for (const [kind, make, can] of kinds) {
    it.skipIf(!can)(`${kind}: it is never opened, and the policy decides`, async () => {
      for (const [overwrite, code, kept, extra] of OVERWRITES) {
        const where = sandbox();
        where.file("a.tar", tar);
        mkdirSync(join(where.folder, "out"));
        await make(join(where.folder, "out/a"));
        const before = lstatSync(join(where.folder, "out/a"));
        const ran = where.run(["x", "a.tar", "-C", "out", "--overwrite", overwrite]);
        expect([overwrite, ran.code, ran.signal]).toEqual([overwrite, code, null]);
        const now = lstatSync(join(where.folder, "out/a"));
        expect([overwrite, now.ino === before.ino && now.mode === before.mode]).toEqual([overwrite, kept]);
        expect(readdirSync(join(where.folder, "out"))).toEqual(["a", ...extra]);
        where.assertOutsideUntouched();
      }
    });
  }
});

function canMakeDevices(): boolean {
  const path = join("/tmp", `unzipx-test-device-${process.pid}`);
  const made = spawnSync("mknod", [path, "c", "1", "7"]).status === 0;
  if (made) spawnSync("rm", [path]);
  return made;
}

describe("what unzipx keeps of its own is no target:", () => {
  const store = ".config/unzipx/terms.json";
  const run = (items: Parameters<typeof buildTar>[0], words: readonly string[] = ["-C", "home", "--overwrite", "always"]): { code: number | null; stderr: string; contents: Record<string, string> } => {
    const where = sandbox();
    where.file("a.tar", buildTar(items));
    mkdirSync(join(where.folder, "home"));
    const { code, stderr } = where.run(["x", "a.tar", ...words], { env: { HOME: join(where.folder, "home"), XDG_CONFIG_HOME: undefined } });
    where.assertOutsideUntouched();
    return { code, stderr, contents: where.contents("home") };
  };
  it.skipIf(process.platform !== "linux")("an archive that is unpacked into the home folder accepts no terms", () => {
    const { code, stderr, contents } = run([{ name: store, content: "{}" }, { name: ".config/unzipx/other", content: "x" }, { name: "b", content: "b" }]);
    expect([code, contents]).toEqual([6, { ".config/": "", ".config/unzipx/": "", ".config/unzipx/other": "x", b: "b" }]);
    expect(stderr).toContain("keeps of its own");
  });
  it.skipIf(process.platform !== "linux")("nor does a link on the way there, which would be gone through later", () => {
    const { code, contents } = run([{ name: "evil/terms.json", content: "{}" }, { name: ".config/unzipx", type: "2", link: "../evil" }]);
    expect([code, contents]).toEqual([6, { ".config/": "", "evil/": "", "evil/terms.json": "{}" }]);
  });
  it("a file of that name elsewhere is a file like any other", () => {
    const { code, contents } = run([{ name: `backup/${store}`, content: "{}" }]);
    expect([code, contents[`backup/${store}`]]).toEqual([0, "{}"]);
  });
  it("a folder called like the one that is worked in is refused", async () => {
    const { code, failures, contents } = await unpack(buildTar([{ name: ".unzipx-0123456789abcdef.partial/journal", content: "x" }, { name: "b", content: "b" }]));
    expect([code, failures, contents]).toEqual([6, { ".unzipx-0123456789abcdef.partial/journal": "UNSAFE_PATH" }, { b: "b" }]);
  });
});

describe("the archive is never a target:", () => {
  for (const [what, prepare] of [
    ["under its own name", () => {}],
    ["under a second name", (folder: string) => {
      renameSync(join(folder, "a.zip"), join(folder, "elsewhere.zip"));
      linkSync(join(folder, "elsewhere.zip"), join(folder, "a.zip"));
    }],
  ] as const) {
    it(what, () => {
      const where = sandbox();
      const bytes = buildZip([{ name: "a.zip", content: "evil" }, { name: "b", content: "b" }]);
      where.file("a.zip", bytes);
      prepare(where.folder);
      const archive = existsSync(join(where.folder, "elsewhere.zip")) ? "elsewhere.zip" : "a.zip";
      const { code, stderr } = where.run(["x", archive, "-C", ".", "-f"]);
      expect([code, statSync(join(where.folder, "a.zip")).size]).toEqual([5, bytes.length]);
      expect(stderr).toContain("the archive itself");
    });
  }
  it("nor is any part of a set", () => {
    const where = sandbox();
    const bytes = buildZip([{ name: "set.zip.002", content: "evil" }, { name: "b", content: "b" }]);
    where.file("set.zip.001", bytes.subarray(0, 50));
    where.file("set.zip.002", bytes.subarray(50));
    expect(where.run(["x", "set.zip.001", "-C", ".", "-f"]).code).toBe(5);
    expect(statSync(join(where.folder, "set.zip.002")).size).toBe(bytes.length - 50);
  });
});

describe.skipIf(isWindows)("a folder in which everybody may rename what is there", () => {
  it("is told, whether it is the destination or one above it; one with the sticky bit, as /tmp, is not", () => {
    const where = sandbox();
    where.file("a.tar", tar);
    for (const [folder, mode, told] of [["loose", 0o777, true], ["loose/own", 0o755, true], ["sticky", 0o1777, false], ["own", 0o755, false]] as const) {
      mkdirSync(join(where.folder, folder), { recursive: true });
      chmodSync(join(where.folder, folder), mode);
      const { code, stderr } = where.run(["x", "a.tar", "-C", folder]);
      expect([folder, code, stderr.includes("Everybody may rename".toLowerCase()) || stderr.includes("everybody may rename")]).toEqual([folder, 0, told]);
    }
  });
});

describe("the ground is opened once:", () => {
  it.skipIf(process.platform !== "linux")("a folder that is renamed, and a link put in its place, leads nobody there", () => {
    const top = temporaryFolder();
    for (const folder of ["host/out/d", "evil/out"]) mkdirSync(join(top, folder), { recursive: true });
    const ground = Ground.of(join(top, "host/out"));
    const missing = Ground.of(join(top, "host/new/deep"));
    renameSync(join(top, "host"), join(top, "away"));
    symlinkSync("evil", join(top, "host"));
    writeFileSync(join(ground.hold(ground.path)!.path, "file"), "x");
    missing.make(missing.path);
    expect([readdirSync(join(top, "away/out")), readdirSync(join(top, "away/new")), readdirSync(join(top, "evil"))]).toEqual([["d", "file"], ["deep"], ["out"]]);
    missing.undo();
    expect(readdirSync(join(top, "away"))).toEqual(["out"]);
    ground.release();
  });
  it.skipIf(isWindows)("below it no link is gone through", () => {
    const top = temporaryFolder();
    mkdirSync(join(top, "real"));
    symlinkSync("real", join(top, "named"));
    symlinkSync(".", join(top, "real/own"));
    const ground = Ground.of(join(top, "named")); // the user's own link
    expect(ground.path.endsWith("/real")).toBe(true);
    expect(() => ground.hold(join(ground.path, "own"))).toThrow();
    ground.release();
  });
  it("a word that climbs past what is not there means what it says", () => {
    const top = temporaryFolder();
    const ground = Ground.of(join(top, "nope/../x/y"));
    expect(ground.path.endsWith(join("x", "y"))).toBe(true);
    ground.make(ground.path);
    expect(existsSync(join(top, "x/y"))).toBe(true);
    ground.release();
  });
  it("a file in the way is told apart from a file that was named", () => {
    const top = temporaryFolder();
    writeFileSync(join(top, "file"), "x");
    const codeOf = (path: string): string | undefined => {
      try {
        Ground.of(join(top, path)).release();
        return undefined;
      } catch (error) {
        return error instanceof UnzipxError ? error.code : String(error);
      }
    };
    expect([codeOf("file"), codeOf("file/x"), codeOf("x/y"), codeOf(".")]).toEqual(["CONFLICT", "WRITE_FAILED", undefined, undefined]);
  });
  it.skipIf(isRoot || isWindows)("a folder that may be written to and not read can be unpacked into (root may read all)", async () => {
    const where = sandbox();
    where.file("a.tar", tar);
    mkdirSync(join(where.folder, "drop"), { mode: 0o300 });
    expect(where.run(["x", "a.tar", "-C", "drop"]).code).toBe(0);
  });
});

describe.skipIf(isWindows)("holes of sparse files", () => {
  it("take no room on the disk, wherever they lie", async () => {
    const size = 64 * 1024 * 1024;
    const records = { "GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.size": String(size), "GNU.sparse.numblocks": "1", "GNU.sparse.map": `${size - 4096},4096` };
    const { code, folder } = await unpack(buildTar([paxHeader(records), { name: "sparse", content: Buffer.alloc(4096, 1) }]));
    const { size: is, blocks } = statSync(join(folder, "sparse"));
    expect([code, is, blocks * 512 < 1024 * 1024]).toEqual([0, size, true]);
  });
});
