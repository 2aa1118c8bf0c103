/** --ndjson: events as they happen. Each run is held against docs/schema by the helper. */
import { describe, expect, it } from "vitest";
import { buildTar, buildZip, DEFLATE } from "../helpers/build.ts";
import { sandbox, type Ran } from "../helpers/cli.ts";

type Event = { readonly event: string; readonly [key: string]: unknown };

/** Without those of progress, which depend on how long it takes. */
function events({ stdout }: Ran): Event[] {
  return stdout.trimEnd().split("\n").map((line) => JSON.parse(line) as Event).filter(({ event }) => event !== "progress");
}
const kinds = (all: readonly Event[]): string => all.map(({ event }) => event).join(" ");

const zip = buildZip([{ name: "d/" }, { name: "d/a", content: "content", method: DEFLATE }, { name: "b", content: "b" }], { comment: "comment" });

describe("--ndjson", () => {
  it("x tells of every file that is done, then how it went", () => {
    const where = sandbox();
    where.file("a.zip", zip);
    const ran = where.run(["x", "a.zip", "-C", "out", "--ndjson"]);
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(events(ran)).toMatchObject([
      { event: "start", schema: 1, command: "extract", archives: ["a.zip"] }, { event: "archive", archive: "a.zip" },
      { event: "entry", archive: "a.zip", path: "d/a", size: 7 }, { event: "entry", path: "b", size: 1 },
      { event: "summary", files: 2, directories: 1, bytes: 8, destination: expect.stringMatching(/out$/) }, { event: "end", exitCode: 0 },
    ]);
  });
  it("t tells of failures where they happen, once, and not of the entry as done", () => {
    const where = sandbox();
    where.file("a.zip", buildZip([{ name: "good", content: "x" }, { name: "bad", content: "x", local: { crc32: 1 }, central: { crc32: 1 } }]));
    where.file("b.tar", buildTar([{ name: "../evil" }, { name: "fine" }]));
    const ran = where.run(["t", "a.zip", "b.tar", "--ndjson"]);
    expect(ran).toMatchObject({ code: 3, stderr: "" });
    expect(events(ran)).toMatchObject([
      { event: "start" },
      { event: "archive", archive: "a.zip" }, { event: "failure", code: "BAD_CHECKSUM", details: { entry: "bad" } }, { event: "entry", path: "good" }, { event: "summary", archive: "a.zip" },
      { event: "archive", archive: "b.tar" }, { event: "entry", path: "../evil" }, { event: "entry", path: "fine" }, { event: "summary", archive: "b.tar" },
      { event: "end", exitCode: 3 },
    ]);
  });
  it("c tells of every entry", () => {
    const where = sandbox();
    where.file("in/a", "content");
    const all = events(where.run(["c", "out.zip", "in", "--ndjson"]));
    expect(kinds(all)).toBe("start archive entry entry summary end");
    expect(all[3]).toMatchObject({ path: "in/a", size: 7 });
  });
  it("l shows entries with all that --json has of them", () => {
    const where = sandbox();
    where.file("a.zip", zip);
    const all = events(where.run(["l", "a.zip", "--ndjson"]));
    const { archives: [{ entries, comment }] } = JSON.parse(where.run(["l", "a.zip", "--json"]).stdout) as { archives: [{ entries: object[]; comment: string }] };
    expect(all.filter(({ event }) => event === "entry")).toEqual(entries.map((entry) => ({ event: "entry", archive: "a.zip", ...entry })));
    expect(all.at(-2)).toMatchObject({ event: "summary", comment, charset: "UTF-8", solid: false });
  });
  it("l says which entries x would refuse, at once or when it is known", () => {
    const where = sandbox();
    where.file("a.tar", buildTar([{ name: "../evil" }, { name: "out", type: "2", link: "/etc" }, { name: "h", type: "1", link: "missing" }]));
    const all = events(where.run(["l", "a.tar", "--ndjson"]));
    const { archives: [{ entries }] } = JSON.parse(where.run(["l", "a.tar", "--json"]).stdout) as { archives: [{ entries: { path: string; refused?: object }[] }] };
    const refused = new Map(all.filter((event) => event["refused"] !== undefined).map((event) => [event["path"], event["refused"]]));
    expect(entries.map(({ path }) => [path, refused.get(path)])).toEqual(entries.map(({ path, refused: why }) => [path, why]));
    expect(entries.filter(({ refused: why }) => why !== undefined)).toHaveLength(3);
    expect(kinds(all)).toContain("refused");
  });
  it("l --hash tells of each entry once, with its digest", () => {
    const where = sandbox();
    where.file("a.tar", buildTar([{ name: "d/", type: "5" }, { name: "d/a", content: "content" }]));
    const all = events(where.run(["l", "a.tar", "--hash", "sha256", "--ndjson"]));
    expect(all.filter(({ event }) => event === "entry")).toMatchObject([{ path: "d/" }, { path: "d/a", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
  });
  it("names are exact, in one line", () => {
    const where = sandbox();
    const name = "\x1b[31m\u202e new\nline";
    where.file("a.tar", buildTar([{ name, content: "x" }]));
    const ran = where.run(["t", "a.tar", "--ndjson"]);
    expect(events(ran).find(({ event }) => event === "entry")).toMatchObject({ path: name });
    expect(ran.stdout).not.toMatch(/\x1b|\u202e/);
  });
  it("warnings are told as such", () => {
    const where = sandbox();
    where.file("a.zip", Buffer.concat([zip, Buffer.from("trailing")]));
    expect(events(where.run(["x", "a.zip", "-C", "out", "--ndjson"])).filter(({ event }) => event === "warning")).toMatchObject([{ code: "TRAILING_DATA" }]);
  });
  it("an archive that is none ends in an error, and the next one is read", () => {
    const where = sandbox();
    where.file("none.zip", "no archive");
    where.file("a.zip", zip);
    const ran = where.run(["t", "none.zip", "a.zip", "--ndjson"]);
    expect([ran.code, kinds(events(ran))]).toEqual([81, "start archive error archive entry entry entry summary end"]);
  });
  it("a wrong command line is an error too, in any place", () => {
    const where = sandbox();
    where.file("a.zip", zip);
    for (const words of [["x", "--ndjson", "--frob"], ["x", "--ndjson"], ["t", "a.zip", "--ndjson", "--threads", "x"], ["x", "a.zip", "--json", "--ndjson"], ["frob", "--ndjson"], ["xqf", "a.zip", "--ndjson"], ["x", "-O", "a.zip", "--ndjson"], ["c", "-", "--format", "tar", "a.zip", "--ndjson"]]) {
      const ran = where.run(words);
      expect([words, ran.code, ran.stderr]).toEqual([words, 7, ""]);
      expect(events(ran).slice(-2)).toMatchObject([{ event: "error", code: "USAGE" }, { event: "end", exitCode: 7 }]);
    }
  });
  it("contradicts what has no place in a stream of events", () => {
    const where = sandbox();
    where.file("a.zip", zip);
    for (const words of [["--sort", "name"], ["--info"], ["--tree"], ["-1"]]) expect(where.run(["l", "a.zip", "--ndjson", ...words]).code).toBe(7);
  });
  it("comes while the archive is still coming", { timeout: 60_000 }, async () => {
    const where = sandbox();
    const tar = buildTar([{ name: "first", content: "x" }, { name: "last", content: Buffer.alloc(400_000) }]);
    const half = 200_000; // more than is looked at before anything is read
    const process_ = where.start(["l", "-", "--ndjson"], { stdio: ["pipe", "pipe", "inherit"] });
    process_.stdin!.write(tar.subarray(0, half));
    let seen = "";
    for await (const chunk of process_.stdout!) {
      seen += String(chunk);
      if (seen.includes('"first"')) process_.stdin!.end(tar.subarray(half)); // otherwise it would wait for ever
    }
    expect(seen).toMatch(/"path":"first"[^]*"path":"last"[^]*"event":"end"/);
  });
  it("what ends an archive is told behind what came before it", () => {
    const where = sandbox();
    where.file("a.tar", buildTar([{ name: "a", content: "x" }, { name: "b", content: "y".repeat(3000) }]).subarray(0, 2048));
    const ran = where.run(["t", "a.tar", "--ndjson"]);
    expect([ran.code, kinds(events(ran))]).toEqual([51, "start archive entry error end"]);
  });
  it("progress is a few events a second, however many entries there are", () => {
    const where = sandbox();
    where.file("a.zip", buildZip(Array.from({ length: 3000 }, (_, at) => ({ name: `${at}`, content: "x" }))));
    const { stdout } = where.run(["t", "a.zip", "--ndjson"]);
    const { elapsed } = JSON.parse(stdout.trimEnd().split("\n").at(-2)!) as { elapsed: number };
    expect(stdout.match(/"event":"progress"/g)?.length ?? 0).toBeLessThan(3 + elapsed / 250);
    expect(stdout.match(/"event":"entry"/g)).toHaveLength(3000);
  });
});
