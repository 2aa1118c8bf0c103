import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { buildTar, buildZip } from "../helpers/build.ts";
import { failure, IncompleteError, list, pieces, rejection, test } from "../helpers/unzipx.ts";

const zip = buildZip([{ name: "notes.txt", content: "hello" }, { name: "../evil\u001b", content: "x" }]);
const damaged = buildZip([{ name: "a", content: "a", local: { crc32: 1 }, central: { crc32: 1 } }, { name: "b", content: "b" }]);
const nested = buildZip([{ name: "inner.zip", content: buildZip([{ name: "deep", content: "x" }]) }]);

describe("list", () => {
  it("gives exact names and what is known of each entry, and why it would be refused", async () => {
    const { entries, summary, comment } = await list(zip);
    expect(entries.map(({ path, type, size, refused }) => [path, type, size, refused?.code])).toEqual([["notes.txt", "file", 5, undefined], ["../evil\u001b", "file", 1, "UNSAFE_PATH"]]);
    expect(summary).toMatchObject({ action: "list", format: ["zip"], files: 2 });
    expect(comment ?? "").toBe("");
  });

  it("reads streams, selects, and looks into archives inside", async () => {
    expect((await list(pieces(gzipSync(buildTar([{ name: "a" }, { name: "b" }]))), { include: "b" })).entries.map(({ path }) => path)).toEqual(["b"]);
    expect((await list(nested, { recursive: true })).entries.map(({ path }) => path)).toEqual(["inner.zip", "inner.zip/deep"]);
    expect(await failure(list(zip, { include: "*.png" }))).toMatchObject({ code: "NO_MATCH" });
  });

  it("is stopped by a signal", async () => {
    const reason = new Error("no");
    expect(await rejection(list(zip, { signal: AbortSignal.abort(reason) }))).toBe(reason);
  });
});

it("archives inside archives are those of their own, however many are looked into at once", async () => {
  const all = Array.from({ length: 20 }, (_, at) => buildZip([{ name: "inner.tar", content: buildTar([{ name: `of ${at}`, content: String(at).repeat(1000) }]) }]));
  const listed = await Promise.all(all.map((bytes) => list(bytes, { recursive: true, threads: 1 })));
  expect(listed.map(({ entries }) => entries[1]!.path)).toEqual(all.map((_, at) => `inner.tar/of ${at}`));
  const tested = await Promise.all(all.map(async (bytes, at) => test(bytes, { recursive: true, threads: 1, include: `inner.tar/of ${at}` })));
  expect(tested.every(({ files, failures }) => files === 2 && failures.length === 0)).toBe(true);
});

describe("test", () => {
  it("resolves for what is whole, and tells what was verified", async () => {
    const told: string[] = [];
    expect(await test(nested, { onEntry: ({ path }) => void told.push(path) })).toMatchObject({ action: "test", files: 1, failures: [] });
    expect(told).toEqual(["inner.zip"]);
  });

  it("rejects for an entry that is damaged; with allowFailures it is data", async () => {
    const told: string[] = [];
    const error = await failure(test(damaged));
    expect(error).toBeInstanceOf(IncompleteError);
    expect(error).toMatchObject({ code: "BAD_CHECKSUM", exitCode: 3 });
    const { failures, files } = await test(damaged, { allowFailures: true, onEntry: ({ path }) => void told.push(path) });
    expect(failures.map(({ details }) => details.entry)).toEqual(["a"]);
    expect({ files, told }).toEqual({ files: 2, told: ["b"] });
  });

  it("an entry of a 7z that is damaged is told as one", async () => {
    const told: string[] = [];
    const { failures } = await test(readFileSync(join(import.meta.dirname, "../../fixtures/7z/bad-crc.7z")), { allowFailures: true, onEntry: ({ path }) => void told.push(path) });
    expect(failures.length).toBeGreaterThan(0);
    expect(told).not.toContain(failures[0]!.details.entry);
  });

  it("the archive's own trouble throws, whatever failures are allowed", async () => {
    expect(await failure(test(gzipSync(buildTar([{ name: "a", content: "a" }])).subarray(0, 40), { allowFailures: true }))).toMatchObject({ exitCode: 51 });
  });

  it("an audit is data where failures are, and a rejection otherwise", async () => {
    expect(await failure(test(zip, { audit: true }))).toMatchObject({ exitCode: 6 });
    const { audit } = await test(zip, { audit: true, allowFailures: true });
    expect(audit!.findings.length).toBeGreaterThan(0);
  });
});
