import { mkdirSync, readdirSync, rmdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Entry } from "../../src/formats/contract.ts";
import { DEFAULT_POLICY } from "../../src/safe/policy.ts";
import { SafeWriter } from "../../src/safe/writer.ts";
import { workIn } from "../../src/safe/working-folder.ts";
import { temporaryFolder } from "../helpers/tools.ts";

const HOME = process.cwd();

describe.skipIf(process.platform !== "linux")("the folder that the process works in", () => {
  afterEach(() => process.chdir(HOME));

  it("is another one until the way back is taken, also for threads", async () => {
    const folder = temporaryFolder();
    const back = workIn(folder)!;
    expect(process.cwd()).toBe(folder);
    const thread = new Worker('require("node:fs").writeFileSync("./made", "")', { eval: true });
    await new Promise((resolve) => thread.on("exit", resolve));
    back();
    expect(process.cwd()).toBe(HOME);
    expect(readdirSync(folder)).toEqual(["made"]);
  });

  it("leads back to the folder itself, whatever has its name meanwhile, and to one that was removed", () => {
    const top = temporaryFolder();
    const [before, other] = [join(top, "before"), join(top, "other")];
    for (const folder of [before, other]) mkdirSync(folder);
    process.chdir(before);
    const back = workIn(other)!;
    rmdirSync(before);
    symlinkSync("other", before);
    back();
    expect(() => writeFileSync("made", "")).toThrow("ENOENT");
    expect(readdirSync(other)).toEqual([]);
  });

  it("stays where the other one is not there, or is no folder", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "file"), "");
    expect(workIn(join(folder, "missing"))).toBeUndefined();
    expect(workIn(join(folder, "file"))).toBeUndefined();
    expect(process.cwd()).toBe(HOME);
  });

  it("ends the run where there is no way back, and nothing stays of what was written", async () => {
    const folder = temporaryFolder();
    const writer = new SafeWriter({ directory: folder, into: "directory", name: "own", protect: [], mayEnter: true }, DEFAULT_POLICY);
    await writer.claim({ path: "d/", type: "directory" } as Entry, { backslash: "character", repeated: "refuse" });
    expect(readdirSync(".")).toEqual(["d"]);
    await writer.settle();
    vi.spyOn(process, "chdir").mockImplementationOnce(() => {
      throw Object.assign(new Error("EACCES: permission denied, chdir"), { code: "EACCES", syscall: "chdir" });
    });
    expect(() => writer.finish()).toThrow(expect.objectContaining({ code: "WRITE_FAILED", message: expect.stringContaining("go back to the folder that the run began in") }));
    writer.discard();
    expect(readdirSync(folder)).toEqual([]);
  });
});
