import { closeSync, lstatSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { openOutputFile, openOutputStream } from "../../src/safe/output.ts";
import { has, temporaryFolder } from "../helpers/tools.ts";

it("OutputFile is invisible under its name until it is committed, and private", () => {
  const folder = temporaryFolder();
  const output = openOutputFile(join(folder, "out"), { replace: false });
  output.write(Buffer.from("abc"));
  const [partial, ...others] = readdirSync(folder);
  expect(partial).toMatch(/^\.unzipx-[0-9a-f]{18}\.partial$/);
  expect(others).toEqual([]);
  if (process.platform !== "win32") expect(statSync(join(folder, partial!)).mode & 0o777).toBe(0o600);
  output.commit({ replace: false });
  expect(readdirSync(folder)).toEqual(["out"]);
  if (process.platform !== "win32") expect(statSync(join(folder, "out")).mode & 0o777).toBe(0o666 & ~process.umask());
});

it("OutputFile writes on behind a patch, and anew behind a rewind", () => {
  const path = join(temporaryFolder(), "out");
  const output = openOutputFile(path, { replace: false });
  output.write(Buffer.from("0123456789"));
  output.patch(2, Buffer.from("xy"));
  output.write(Buffer.from("abc"));
  expect(output.position).toBe(13);
  output.rewind(11);
  output.write(Buffer.from("Z"));
  output.commit({ replace: false });
  expect(readFileSync(path, "utf8")).toBe("01xy456789aZ");
});

it("OutputFile leaves nothing behind when it is discarded, also twice, also after a commit", () => {
  const folder = temporaryFolder();
  const output = openOutputFile(join(folder, "out"), { replace: false });
  output.write(Buffer.from("abc"));
  output.discard();
  output.discard();
  expect(readdirSync(folder)).toEqual([]);
  const kept = openOutputFile(join(folder, "kept"), { replace: false });
  kept.commit({ replace: false });
  kept.discard();
  expect(readdirSync(folder)).toEqual(["kept"]);
});

it("OutputFile refuses a name that exists before it creates anything", () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "out"), "mine");
  expect(() => openOutputFile(join(folder, "out"), { replace: false })).toThrowError(expect.objectContaining({ code: "CONFLICT", details: expect.objectContaining({ hint: "add -f to replace it" }) }));
  expect(readdirSync(folder)).toEqual(["out"]);
});

it("OutputFile never overwrites what appeared while it was written", () => {
  const folder = temporaryFolder();
  const output = openOutputFile(join(folder, "out"), { replace: false });
  writeFileSync(join(folder, "out"), "mine");
  expect(() => output.commit({ replace: false })).toThrowError(expect.objectContaining({ code: "CONFLICT" }));
  output.discard();
  expect(readdirSync(folder)).toEqual(["out"]);
  expect(readFileSync(join(folder, "out"), "utf8")).toBe("mine");
});

it("OutputFile replaces a file in one step when it may", () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "out"), "old");
  const output = openOutputFile(join(folder, "out"), { replace: true });
  output.write(Buffer.from("new"));
  expect(readFileSync(join(folder, "out"), "utf8")).toBe("old");
  output.commit({ replace: true });
  expect(readdirSync(folder)).toEqual(["out"]);
  expect(readFileSync(join(folder, "out"), "utf8")).toBe("new");
});

it("OutputFile replaces a link, not what it points at", () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "target"), "old");
  symlinkSync("target", join(folder, "out"));
  const output = openOutputFile(join(folder, "out"), { replace: true });
  output.commit({ replace: true });
  expect(lstatSync(join(folder, "out")).isFile()).toBe(true);
  expect(readFileSync(join(folder, "target"), "utf8")).toBe("old");
});

it("OutputFile refuses a folder, a link to one, and a device, also when it may replace", () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "d"));
  symlinkSync("d", join(folder, "link"));
  for (const path of [join(folder, "d"), join(folder, "link"), ...(process.platform === "win32" ? [] : ["/dev/null"])]) {
    expect(() => openOutputFile(path, { replace: true })).toThrowError(expect.objectContaining({ code: "CONFLICT" }));
  }
});

it("OutputFile in a folder that is not there says so", () => {
  expect(() => openOutputFile(join(temporaryFolder(), "missing/out"), { replace: false })).toThrowError(expect.objectContaining({ code: "WRITE_FAILED" }));
});

it.skipIf(!has("mkfifo"))("an output stream waits for a slow reader, and the event loop does not", async () => {
  const pipe = join(temporaryFolder(), "pipe");
  spawnSync("mkfifo", [pipe]);
  const reader = openSync(pipe, "r+"); // of a FIFO both ends at once, so that opening does not wait
  const writer = openSync(pipe, "w");
  const output = openOutputStream(writer);
  let written = false;
  const done = Promise.resolve(output.write(Buffer.alloc(200_000, 1))).then(() => (written = true)); // a pipe holds 64 KiB
  await sleep(50);
  expect(written).toBe(false);
  const buffer = Buffer.alloc(200_000);
  let read = 0;
  while (read < 200_000) {
    read += readSync(reader, buffer, 0, Math.min(30_000, 200_000 - read), null);
    await sleep(1);
  }
  await done;
  expect(output.position).toBe(200_000);
  expect(output.seekable).toBe(false);
  closeSync(reader);
  closeSync(writer);
});
