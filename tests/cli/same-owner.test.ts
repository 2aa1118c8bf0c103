import { lstatSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildTar, buildZip, paxHeader, tarHeader } from "../helpers/build.ts";
import { isRoot, sandbox, type Sandbox } from "../helpers/cli.ts";
import { has, run } from "../helpers/tools.ts";

/** A header of the same with an owner in its fields, and the checksum that it then has. */
function owned(fields: Parameters<typeof tarHeader>[0], uid: number, gid: number, [user, group]: readonly [string, string] = ["", ""]): Buffer {
  const block = Buffer.from(tarHeader(fields));
  block.write(`${uid.toString(8).padStart(7, "0")}\0`, 108, "latin1");
  block.write(`${gid.toString(8).padStart(7, "0")}\0`, 116, "latin1");
  block.write(user, 265, "latin1");
  block.write(group, 297, "latin1");
  block.fill(" ", 148, 156);
  block.write(`${block.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

const tar = buildTar([
  owned({ name: "d/", type: "5", mode: 0o755 }, 1234, 2345),
  owned({ name: "d/f", mode: 0o6755 }, 1234, 2345),
  owned({ name: "d/l", type: "2", link: "f" }, 1234, 2345),
  owned({ name: "named" }, 1234, 2345, ["daemon", "daemon"]),
  owned({ name: "unknown" }, 1234, 2345, ["no-such-user", "no-such-group"]),
  paxHeader([["uid", "3000000000"], ["gid", "5"]]), owned({ name: "pax" }, 0, 0),
]);

function owners(where: Sandbox, names: readonly string[]): string[] {
  return names.map((name) => lstatSync(join(where.folder, "out", name))).map(({ uid, gid }) => `${uid}:${gid}`);
}

const NAMES = ["d", "d/f", "d/l", "named", "unknown", "pax"];

describe.skipIf(!isRoot)("x --same-owner (as root)", () => {
  it("gives everything to those who owned it, in a new folder and in one that is there, and never setuid", () => {
    for (const isThere of [false, true]) {
      const where = sandbox();
      where.file("a.tar", tar);
      if (isThere) mkdirSync(join(where.folder, "out"));
      expect(where.run(["x", "a.tar", "-C", "out", "--same-owner"]).code).toBe(0);
      const [folder, ...others] = owners(where, NAMES);
      expect([folder, ...others.slice(0, 2), ...others.slice(3)]).toEqual(["1234:2345", "1234:2345", "1234:2345", "1234:2345", "3000000000:5"]);
      expect(lstatSync(join(where.folder, "out/d/f")).mode & 0o7777).toBe(0o755);
    }
  });
  it.skipIf(!has("tar"))("does as tar does, whose names count for more than numbers", () => {
    const where = sandbox();
    where.file("a.tar", tar);
    expect(where.run(["x", "a.tar", "-C", "out", "--same-owner"]).code).toBe(0);
    const ours = owners(where, NAMES);
    mkdirSync(join(where.folder, "theirs"));
    run("tar", ["xf", "a.tar", "-C", "theirs", "--same-owner"], { cwd: where.folder });
    expect(ours).toEqual(NAMES.map((name) => lstatSync(join(where.folder, "theirs", name))).map(({ uid, gid }) => `${uid}:${gid}`));
  });
  it("is off without the flag, and with it says nothing of formats that keep no owners", () => {
    const where = sandbox();
    where.file("a.tar", tar);
    expect(where.run(["x", "a.tar", "-C", "out"]).code).toBe(0);
    expect(new Set(owners(where, NAMES))).toEqual(new Set([`${process.getuid!()}:${process.getgid!()}`]));
    where.file("a.zip", buildZip([{ name: "z", content: "z" }]));
    expect(where.run(["x", "a.zip", "-C", "out", "--same-owner"]).code).toBe(0);
  });
  it("holds with many files too, written by another thread, and in archives inside", () => {
    const where = sandbox();
    const inner = buildTar([owned({ name: "x" }, 77, 88)]);
    where.file("a.tar", buildTar([...Array.from({ length: 1500 }, (_, at) => owned({ name: `f${at}` }, at + 1, 7)), Buffer.concat([tarHeader({ name: "in.tar", size: inner.length }), inner])]));
    expect(where.run(["x", "-R", "a.tar", "-C", "out", "--same-owner", "--threads", "2"]).code).toBe(0);
    expect(owners(where, ["f0", "f1499", "in/x"])).toEqual(["1:7", "1500:7", "77:88"]);
    expect(where.run(["x", "a.tar", "-C", "out2", "--same-owner", "--threads", "2"]).code).toBe(0);
    expect(lstatSync(join(where.folder, "out2/f1499")).uid).toBe(1500);
  });
});

it.skipIf(!isRoot || !has("setpriv"))("x --same-owner is exit 7 for anybody else, and nothing is written", () => {
  const where = sandbox();
  where.file("a.tar", tar);
  const { code, stderr } = where.run(["x", "a.tar", "-C", "out", "--same-owner"], { through: ["setpriv", "--reuid", "65534", "--clear-groups", process.execPath] });
  expect(code).toBe(7);
  expect(stderr).toContain("only root may");
  expect(Object.keys(where.contents())).toEqual(["a.tar"]);
});
