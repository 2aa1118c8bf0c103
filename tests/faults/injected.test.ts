/**
 * Each file-system operation of a command goes wrong once, or from there on: the run ends in order, what is there is whole, nothing of ours
 * stays, and the next run works. Here a choice of faults and of operations; FAULTS=all tries all of them.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildZip } from "../helpers/build.ts";
import { isWindows, sandbox } from "../helpers/cli.ts";
import { everyFault, isFull, runWithFault, type Fault } from "../helpers/fault.ts";
import { fixture, noise } from "../helpers/filters.ts";
import { create } from "../helpers/unzipx.ts";
import { SCENES } from "./scenes.ts";

const TIMEOUT = isFull ? 3_600_000 : 300_000;

const ROOM = ["write", "create", "mkdir", "link", "symlink", "rename", "ftruncate", "copyFile"];
const CHANGES = [...ROOM, "unlink", "rmdir", "rm", "chmod", "fchmod", "utimes", "futimes", "lutimes"];

const FAULTS: Readonly<Record<string, Fault>> = {
  "one operation fails (EIO)": { with: "EIO" },
  "one operation is forbidden (EACCES)": { with: "EACCES" },
  "the disk is full from some operation on (ENOSPC)": { with: "ENOSPC", lasts: true, on: ROOM },
  "the disk is full for one operation (ENOSPC)": { with: "ENOSPC", on: ROOM },
  "the quota is used up from some operation on (EDQUOT)": { with: "EDQUOT", lasts: true, on: ROOM },
  "nothing can be opened any more (EMFILE)": { with: "EMFILE", lasts: true, on: ["open", "create"] },
  "the file system becomes read-only (EROFS)": { with: "EROFS", lasts: true, on: CHANGES },
  "reads and writes are short": { with: "SHORT", lasts: true, on: ["read", "write"] },
  "SIGINT comes at some operation": { with: "SIGINT" },
  "SIGTERM comes at some operation": { with: "SIGTERM" },
  "it is killed at some operation": { with: "SIGKILL" },
};

/** Those that take long are left to FAULTS=all: a process for each run, or an engine. */
const SLOW = /standard|7z|rar|xz|parts|-O/;

/** Beside EIO, which is tried on every scene. */
const USUAL: readonly (readonly [scene: string, fault: keyof typeof FAULTS])[] = [
  ["x -f of a zip over files that are there", "the disk is full from some operation on (ENOSPC)"],
  ["x of a tar.gz with links into a new folder", "the disk is full from some operation on (ENOSPC)"],
  ["c -f of a zip that is there", "the disk is full from some operation on (ENOSPC)"],
  ["x of a zip into a folder that is there", "the quota is used up from some operation on (EDQUOT)"],
  ["x -f of a tar.gz over files that are there", "nothing can be opened any more (EMFILE)"],
  ["x of a zip into a new folder", "the file system becomes read-only (EROFS)"],
  ["x of a large entry", "reads and writes are short"],
  ["x of a large entry", "one operation is forbidden (EACCES)"],
  ["c of a tar.gz", "reads and writes are short"],
  ["x --atomic -f of a zip over files that are there", "the disk is full for one operation (ENOSPC)"],
  ["x --atomic -f of a zip over files that are there", "SIGINT comes at some operation"],
  ["x of a zip into a new folder", "SIGINT comes at some operation"],
  ["x -f of a tar.gz over files that are there", "SIGTERM comes at some operation"],
  ["c of a zip", "SIGINT comes at some operation"],
];

function isTried(scene: string, fault: string): boolean {
  if (isFull) return true;
  return fault.endsWith("(EIO)") ? !SLOW.test(scene) : USUAL.some(([one, with_]) => one === scene && with_ === fault);
}

const tried = Object.entries(FAULTS)
  .map(([name, fault]) => [name, fault, Object.entries(SCENES).filter(([scene]) => isTried(scene, name))] as const)
  .filter(([, , scenes]) => scenes.length > 0);

describe.skipIf(isWindows).each(tried)("%s:", (_, fault, scenes) => {
  it.each(scenes)("%s", { timeout: TIMEOUT }, async (_name, scene) => {
    const { faults } = await everyFault(scene, fault, sandbox());
    expect(faults).toBeGreaterThan(2);
  });
});

describe.skipIf(isWindows)("a thread", { timeout: TIMEOUT }, () => {
  // So many that they are worth a worker.
  const many = buildZip(Array.from({ length: 2600 }, (_, at) => ({ name: `d/${at}`, content: `${at}` })));
  it.each(["EXIT", "EIO", "ENOSPC"])("that meets %s ends the run in order, and the next one works", async (what) => {
    const where = sandbox();
    const folder = join(where.folder, "run");
    mkdirSync(folder);
    writeFileSync(join(folder, "a.zip"), many);
    const ran = await runWithFault({ args: ["x", "a.zip", "-C", "out", "--threads", "2"] }, folder, { with: what, in: "worker", on: ["create"] }, 20);
    expect(ran.operations.some((line) => line.startsWith("fired"))).toBe(true);
    expect([ran.code, ran.stderr]).toEqual([what === "ENOSPC" ? 50 : 2, expect.stringMatching(/^unzipx: cannot /)]);
    expect(readdirSync(folder)).toEqual(["a.zip"]);
    expect((await runWithFault({ args: ["x", "a.zip", "-C", "out", "--threads", "2"] }, folder, { with: what }, 0)).code).toBe(0);
    expect(readdirSync(join(folder, "out/d"))).toHaveLength(2600);
  });
  it.each([["EXIT", 3], ["EIO", 2]] as const)("of the engine that meets %s while it reads: exit %d, said so, and nothing stays", async (what, code) => {
    const where = sandbox();
    // Of a 7z the thread reads the contents only, by 7-Zip or by itself; of a cabinet everything.
    const large = join(where.folder, "large.7z");
    await create(large, [{ path: "large.bin", content: noise(1_500_000) }]);
    const archives: [string, Buffer, number][] = [["large.7z", readFileSync(large), 1], ["good-ppmd.7z", fixture("7z/good-ppmd.7z"), 1]];
    for (const at of [1, 2, 3]) archives.push(["good-stored.cab", fixture("cab/good-stored.cab"), at]);
    for (const [archive, bytes, at] of archives) {
      const folder = join(where.folder, `run-${archive}-${at}`);
      mkdirSync(folder);
      writeFileSync(join(folder, archive), bytes);
      const ran = await runWithFault({ args: ["x", archive, "-C", "out"] }, folder, { with: what, in: "worker", on: ["read"] }, at);
      expect(ran.operations.some((line) => line.startsWith("fired"))).toBe(true);
      expect([ran.code, ran.stderr]).toEqual([code, expect.stringMatching(/^unzipx: cannot read (the archive|"[^"]+"): /)]);
      expect(readdirSync(folder)).toEqual([archive]);
    }
  });
});
