import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { buildTar, buildZip, DEFLATE, timeExtra } from "../helpers/build.ts";
import { sandbox, type Ran } from "../helpers/cli.ts";

type Json = Record<string, unknown>;

/** All of standard output as one document. */
function parsed(ran: Ran): Json {
  return JSON.parse(ran.stdout) as Json;
}

const zip = buildZip([{ name: "d/" }, { name: "d/a", content: "content", method: DEFLATE, extra: timeExtra(1_000_000_000) }, { name: "l", content: "d/a", mode: 0o120777 }], { comment: "comment" });

describe("--json gives one document, and nothing else on standard output:", () => {
  it("x", () => {
    const where = sandbox();
    where.file("a.zip", zip);
    const ran = where.run(["x", "a.zip", "--json"]);
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    const document = parsed(ran);
    expect(Object.keys(document)).toEqual(["schema", "command", "exitCode", "archives", "errors"]);
    expect(document).toMatchObject({ schema: 1, command: "extract", exitCode: 0, errors: [] });
    const [archive] = document["archives"] as Json[];
    expect(Object.keys(archive!).sort()).toEqual(["action", "archive", "archiveBytes", "bytes", "destination", "directories", "elapsed", "failures", "files", "format", "links", "skipped", "warnings"]);
    expect(archive).toMatchObject({ action: "extract", archive: "a.zip", format: ["zip"], files: 1, directories: 1, links: 1, skipped: 0, bytes: 7, archiveBytes: zip.length, warnings: [], failures: [] });
    expect(archive!["destination"]).toMatch(/a$/);
    expect(Number.isInteger(archive!["elapsed"])).toBe(true);
  });

  it("t", () => {
    const where = sandbox();
    where.file("a.tar.gz", gzipSync(buildTar([{ name: "a", content: "content" }])));
    expect(parsed(where.run(["t", "a.tar.gz", "--json"]))).toMatchObject({ schema: 1, command: "test", exitCode: 0, errors: [], archives: [{ action: "test", format: ["gzip", "tar"], files: 1, bytes: 7, failures: [] }] });
  });

  it("l, with every entry", () => {
    const where = sandbox();
    where.file("a.zip", zip);
    const document = parsed(where.run(["l", "a.zip", "--json"]));
    expect(document).toMatchObject({ schema: 1, command: "list", exitCode: 0, archives: [{ action: "list", comment: "comment", files: 1, directories: 1, links: 1 }] });
    const entries = (document["archives"] as { entries: Json[] }[])[0]!.entries;
    expect(entries).toHaveLength(3);
    expect(entries[1]).toEqual({
      path: "d/a", type: "file", size: 7, packedSize: expect.any(Number), mtime: "2001-09-09T01:46:40.000Z", method: "deflate", crc32: expect.any(Number), encrypted: false,
    });
    expect(entries[2]).toMatchObject({ path: "l", type: "symlink", mode: 0o777 });
  });

  it("l of a tar says where links lead and nothing of the reader's insides", () => {
    const where = sandbox();
    where.file("a.tar", buildTar([{ name: "a", content: "x" }, { name: "l", type: "2", link: "a" }]));
    const entries = (parsed(where.run(["l", "a.tar", "--json"]))["archives"] as { entries: Json[] }[])[0]!.entries;
    expect(entries[1]).toMatchObject({ path: "l", type: "symlink", linkTarget: "a" });
    for (const entry of entries) for (const key of ["locator", "whole", "content"]) expect(entry).not.toHaveProperty(key);
  });

  it("c", () => {
    const where = sandbox();
    where.file("in/a", "content");
    expect(parsed(where.run(["c", "out.zip", "in", "--json"]))).toMatchObject({ schema: 1, command: "create", exitCode: 0, errors: [], archives: [{ action: "create", archive: "out.zip", destination: "out.zip", files: 1, bytes: 7 }] });
  });

  it("formats and terms", () => {
    const where = sandbox();
    const formats = parsed(where.run(["formats", "--json"]))["formats"] as Json[];
    expect(formats.map(({ name }) => name)).toEqual(expect.arrayContaining(["zip", "tar", "gzip"]));
    for (const format of formats) expect(Object.keys(format).sort()).toEqual(["about", "encrypted", "extensions", "name", "read", "stream", "write"]);
    expect(parsed(where.run(["terms", "status", "--json"]))).toMatchObject({ schema: 1, command: "terms" });
  });

  it("failures, with their codes, and names exactly as they are", () => {
    const where = sandbox();
    const name = "\x1b[31m\u202e evil\n";
    where.file("a.tar", buildTar([{ name: `../${name}` }, { name: "fifo", type: "6" }]));
    const ran = where.run(["x", "a.tar", "--json"]);
    const document = parsed(ran);
    expect(ran.code).toBe(6);
    expect(document["exitCode"]).toBe(6);
    expect((document["archives"] as { failures: Json[] }[])[0]!.failures).toMatchObject([
      { code: "UNSAFE_PATH", message: expect.any(String), details: { entry: `../${name}` } }, { code: "SPECIAL_FILE", details: { entry: "fifo" } },
    ]);
    expect(ran.stdout).not.toContain("\x1b"); // JSON escapes it
  });

  it("errors that end an archive, or the run", () => {
    const where = sandbox();
    where.file("cut.tar", buildTar([{ name: "a", content: "x" }]).subarray(0, 600));
    expect(parsed(where.run(["t", "cut.tar", "--json"]))).toMatchObject({ exitCode: 51, archives: [], errors: [{ code: "TRUNCATED", details: { archive: "cut.tar" } }] });
    expect(parsed(where.run(["x", "missing.zip", "--json"]))).toMatchObject({ exitCode: 9, archives: [], errors: [{ code: "NO_INPUT" }] });
    expect(parsed(where.run(["x", "--json", "--threads", "x", "cut.tar"]))).toMatchObject({ exitCode: 7, errors: [{ code: "USAGE" }] });
    expect(parsed(where.run(["x", "--json"]))).toMatchObject({ exitCode: 7, errors: [{ code: "USAGE" }] });
  });

  it("a conflict, which a program can tell from other failures", () => {
    const where = sandbox();
    where.file("a.zip", zip);
    where.file("out/d/a", "mine");
    expect(parsed(where.run(["x", "a.zip", "-C", "out", "--json"]))).toMatchObject({ exitCode: 5, errors: [{ code: "CONFLICT", details: { entry: "d/a" } }] });
  });
});
