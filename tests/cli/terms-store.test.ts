import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Acceptance, deleteAcceptance, readAcceptance, storeFile, storeFolder, writeAcceptance } from "../../src/cli/store.ts";
import { bundleScript } from "../helpers/bundle.ts";

const acceptance: Acceptance = { version: "1.0", digest: "ab".repeat(32), acceptedAt: "2026-11-22T10:00:00.000Z", how: "flag" };

let temporary: string;
let folder: string;
beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), "unzipx-store-"));
  folder = join(temporary, "unzipx");
});
afterEach(() => rmSync(temporary, { recursive: true, force: true }));

function put(content: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(storeFile(folder), content);
}

describe("storeFolder()", () => {
  test("is below ~/.config on Linux", () => {
    expect(storeFolder({ platform: "linux", env: {}, home: "/home/ann" })).toBe("/home/ann/.config/unzipx");
  });
  test("respects XDG_CONFIG_HOME on Linux", () => {
    expect(storeFolder({ platform: "linux", env: { XDG_CONFIG_HOME: "/etc/ann" }, home: "/home/ann" })).toBe("/etc/ann/unzipx");
  });
  test.each(["", "relative/path"])("ignores an XDG_CONFIG_HOME that is not absolute: %j", (value) => {
    expect(storeFolder({ platform: "linux", env: { XDG_CONFIG_HOME: value }, home: "/home/ann" })).toBe("/home/ann/.config/unzipx");
  });
  test("is below ~/Library/Preferences on macOS", () => {
    expect(storeFolder({ platform: "darwin", env: {}, home: "/Users/ann" })).toBe("/Users/ann/Library/Preferences/unzipx");
  });
  test("is below %APPDATA% on Windows", () => {
    expect(storeFolder({ platform: "win32", env: { APPDATA: "D:\\Roam" }, home: "C:\\Users\\ann" })).toBe("D:\\Roam\\unzipx\\Config");
    expect(storeFolder({ platform: "win32", env: {}, home: "C:\\Users\\ann" })).toBe("C:\\Users\\ann\\AppData\\Roaming\\unzipx\\Config");
  });
});

describe("readAcceptance()", () => {
  test("returns what was written", async () => {
    await writeAcceptance(folder, acceptance);
    expect(readAcceptance(folder)).toEqual(acceptance);
  });
  test("returns nothing when there is no file and makes none", () => {
    expect(readAcceptance(folder)).toBeUndefined();
    expect(existsSync(folder)).toBe(false);
  });
  test.each([
    ["an empty file", ""],
    ["half a record", JSON.stringify(acceptance).slice(0, 40)],
    ["bytes that are no text", "\u0000\uFFFD\u0000"],
    ["null", "null"],
    ["a list", "[1, 2]"],
    ["a string", '"1.0"'],
    ["an empty object", "{}"],
    ["a version that is a number", JSON.stringify({ ...acceptance, version: 1 })],
    ["a version with an escape sequence", JSON.stringify({ ...acceptance, version: "1.0\u001b[2J" })],
    ["a digest of the wrong length", JSON.stringify({ ...acceptance, digest: "abab" })],
    ["a time that is no time", JSON.stringify({ ...acceptance, acceptedAt: "yesterday" })],
    ["an unknown way of accepting", JSON.stringify({ ...acceptance, how: "telepathy" })],
    ["a way of accepting named like a property of objects", JSON.stringify({ ...acceptance, how: "constructor" })],
  ])("takes %s for not accepted", (_, content) => {
    put(content);
    expect(readAcceptance(folder)).toBeUndefined();
  });
  test("takes a folder in the place of the file for not accepted", () => {
    mkdirSync(storeFile(folder), { recursive: true });
    expect(readAcceptance(folder)).toBeUndefined();
  });
  test("takes a file in the place of the folder for not accepted", () => {
    writeFileSync(folder, "");
    expect(readAcceptance(folder)).toBeUndefined();
  });
  test.skipIf(process.platform === "win32" || process.getuid?.() === 0)("takes an unreadable file for not accepted", () => {
    put(JSON.stringify(acceptance));
    chmodSync(storeFile(folder), 0);
    expect(readAcceptance(folder)).toBeUndefined();
  });
});

describe("writeAcceptance()", () => {
  test("stores the four fields and nothing else", async () => {
    await writeAcceptance(folder, acceptance);
    expect(JSON.parse(readFileSync(storeFile(folder), "utf8"))).toStrictEqual(acceptance);
    expect(readdirSync(folder)).toEqual(["terms.json"]);
  });
  test.each([["damaged", "{ nonsense"], ["of another shape", '{"name":"ann"}'], ["a list", "[1]"]])("replaces a file that is %s", async (_, content) => {
    put(content);
    await writeAcceptance(folder, acceptance);
    expect(JSON.parse(readFileSync(storeFile(folder), "utf8"))).toStrictEqual(acceptance);
  });
  test("fails when the folder cannot be made", async () => {
    writeFileSync(folder, "");
    await expect(writeAcceptance(folder, acceptance)).rejects.toThrow();
  });
});

describe("deleteAcceptance()", () => {
  test("removes the file", async () => {
    await writeAcceptance(folder, acceptance);
    expect(await deleteAcceptance(folder)).toBe(true);
    expect(readdirSync(folder)).toEqual([]);
  });
  test("removes a damaged file", async () => {
    put("{ nonsense");
    expect(await deleteAcceptance(folder)).toBe(true);
    expect(readdirSync(folder)).toEqual([]);
  });
  test("of nothing says so and makes nothing", async () => {
    expect(await deleteAcceptance(folder)).toBe(false);
    expect(existsSync(folder)).toBe(false);
  });
});

test("eight processes that write and read at once never see or leave a damaged record", async () => {
  const script = join(temporary, "racer.mjs");
  await bundleScript(`
    import { readAcceptance, writeAcceptance } from "./src/cli/store.ts";
    const [folder, digest, how] = process.argv.slice(2);
    // All start together, or the first would be done before the last one runs.
    process.stdin.once("data", async () => {
      let damaged = 0;
      for (let round = 0; round < 10; round++) {
        await writeAcceptance(folder, { version: "1.0", digest, acceptedAt: new Date().toISOString(), how });
        if (readAcceptance(folder) === undefined) damaged++;
      }
      process.exit(damaged);
    });
    process.stdout.write("ready");`, script);

  const racers = Array.from({ length: 8 }, (_, racer) =>
    spawn(process.execPath, [script, folder, String(racer).repeat(64), racer % 2 === 0 ? "prompt" : "command"], { stdio: ["pipe", "pipe", "inherit"] }));
  await Promise.all(racers.map((racer) => new Promise((resolve) => racer.stdout.once("data", resolve))));
  const ended = racers.map(exitCode);
  for (const racer of racers) racer.stdin.end("go");

  expect(await Promise.all(ended)).toEqual(Array(8).fill(0));
  expect(readAcceptance(folder)?.digest).toMatch(/^(\d)\1{63}$/);
  expect(readdirSync(folder)).toEqual(["terms.json"]);
});

function exitCode(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once("exit", resolve));
}
