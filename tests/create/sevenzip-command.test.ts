/** `c OUT.7z` as it is typed. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { isWindows, sandbox } from "../helpers/cli.ts";
import { has, run } from "../helpers/tools.ts";
import { noise, prose } from "./sample.ts";

it("c - --format 7z writes to standard output", () => {
  const where = sandbox();
  where.file("d/a", prose(5000));
  const { code, bytes } = where.run(["c", "-", "--format", "7z", "d"]);
  expect(code).toBe(0);
  where.file("back.7z", bytes);
  expect(where.run(["t", "back.7z"]).code).toBe(0);
});

it.skipIf(!has("7zz"))("c -e --encrypt-names asks no more than the password, and hides everything (needs 7zz)", () => {
  const where = sandbox();
  where.file("d/visible name", prose(5000));
  where.file("password", "secret\n");
  expect(where.run(["c", "-e", "--encrypt-names", "--password-file", "password", "a.7z", "d"]).code).toBe(0);
  expect(run("7zz", ["l", "-psecret", `${where.folder}/a.7z`])).toContain("visible name");
  expect(where.run(["l", "a.7z"])).toMatchObject({ code: 82 });
  expect(where.run(["x", "--password-file", "password", "-C", "back", "a.7z"]).code).toBe(0);
  expect(where.tree("back/d")).toEqual(where.tree("d"));
});

it("c --encrypt-names without -e, or for a zip, is exit 7", () => {
  const where = sandbox();
  where.file("a", "x");
  expect(where.run(["c", "--encrypt-names", "a.7z", "a"])).toMatchObject({ code: 7, stderr: expect.stringContaining("hint: add -e") });
  expect(where.run(["c", "-e", "--encrypt-names", "-p", "x", "a.zip", "a"]).code).toBe(7);
  expect(readdirSync(where.folder)).toEqual(["a"]);
});

it("c --reproducible OUT.7z makes the same bytes of the same files", () => {
  const where = sandbox();
  where.file("d/a", prose(5000));
  for (const name of ["one.7z", "two.7z"]) expect(where.run(["c", "--reproducible", "--threads", name === "one.7z" ? "1" : "4", name, "d"]).code).toBe(0);
  expect(readFileSync(`${where.folder}/one.7z`).equals(readFileSync(`${where.folder}/two.7z`))).toBe(true);
});

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  it.skipIf(isWindows || !existsSync("/proc/self/task"))(`${signal} is exit ${code}, leaves nothing, and no compressor runs on (needs /proc)`, async () => {
    const where = sandbox();
    where.file("d/large", noise(50 << 20));
    const child = where.start(["c", "-9", "out.7z", "d"]);
    const children = (): string => (existsSync(`/proc/${child.pid}/task/${child.pid}/children`) ? readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim() : "");
    while (children() === "" && child.exitCode === null) await sleep(10);
    const compressor = children();
    const ended = new Promise((resolve) => child.on("exit", resolve));
    child.kill(signal);
    expect(await ended).toBe(code);
    expect(readdirSync(where.folder)).toEqual(["d"]);
    expect(spawnSync("kill", ["-0", compressor]).status).not.toBe(0);
  });
}

it.skipIf(isWindows || !has("sh") || !existsSync("/dev/full"))("c - --format 7z into a full device is exit 50 (needs /dev/full)", () => {
  const where = sandbox();
  where.file("d/a", prose(5000));
  expect(where.run(["c", "-", "--format", "7z", "d"], { through: ["sh", "-c", 'exec "$0" "$@" > /dev/full', process.execPath] })).toMatchObject({ code: 50, stderr: expect.stringContaining("no space left") });
});
