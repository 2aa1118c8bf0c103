/** Row for row: what l marks, and what t --audit calls an error, is what x refuses, in every fixture and in a sample of the archives of other projects. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { extract } from "../../src/core/extract.ts";
import { list, type ListedEntry } from "../../src/core/list.ts";
import { EVERYTHING } from "../../src/core/select.ts";
import { test as verify } from "../../src/core/test.ts";
import { UnzipxError, type ErrorCode } from "../../src/errors.ts";
import { DEFAULT_LIMITS, DEFAULT_POLICY } from "../../src/safe/policy.ts";
import { removeTree } from "../../src/safe/publish.ts";
import { buildTar, buildZip, DEFLATE, STORE } from "../helpers/build.ts";
import { sandbox } from "../helpers/cli.ts";

/** What only the content tells, which l does not decode; and what belongs to the run, not to an entry. */
const CONTENT: ReadonlySet<ErrorCode> = new Set(["BAD_CHECKSUM", "BAD_SIZE", "BAD_DATA", "TRUNCATED", "PASSWORD", "MEMORY", "READ_FAILED", "UNSUPPORTED_METHOD", "NO_INPUT", "BAD_HEADER"]);

/** Paths as they would lie on disk: x tells of links by their place. */
function plain(path: string): string {
  return path.split("/").filter((component) => component !== "" && component !== ".").join("/");
}

interface Both {
  /** Paths that x refused, and not for what their content is. */
  readonly refused: readonly string[];
  readonly marked: readonly string[];
  /** Refused without a mark; marked, and x says nothing of them. */
  readonly missing: readonly string[];
  readonly wrong: readonly string[];
  /** Refused, and no error for the audit; "" is the archive as a whole. */
  readonly untold: readonly string[];
}

async function bothOf(archive: string): Promise<Both> {
  const directory = mkdtempSync(join(tmpdir(), "unzipx-marks-"));
  mkdirSync(join(directory, "out"));
  let failures: readonly UnzipxError[] = [];
  let entries: readonly ListedEntry[] = [];
  let x: UnzipxError | undefined;
  try {
    ({ failures } = await extract(archive, { directory: join(directory, "out"), into: "directory", ownName: "out", policy: DEFAULT_POLICY, selection: EVERYTHING, threads: 1, reporter: {} }));
  } catch (error) {
    x = ours(error);
  } finally {
    removeTree(directory);
    rmSync(directory, { recursive: true, force: true });
  }
  try {
    entries = [...(await list(archive, { limits: DEFAULT_LIMITS, selection: EVERYTHING, threads: 1 })).entries];
  } catch (error) {
    ours(error);
  }
  const errors = await auditErrors(archive);
  // A stream that breaks off says nothing of what follows, nor of its links; a listing that goes through may know more.
  if (x !== undefined) return { refused: [], marked: [], missing: [], wrong: [], untold: errors.length > 0 ? [] : [""] };
  const failed = new Set(failures.map(({ details: { entry = "" } }) => plain(entry)));
  const refused = unique(failures.filter((error) => !CONTENT.has(error.code)).map(({ details: { entry = "" } }) => plain(entry)));
  const marked = unique(entries.filter((entry) => entry.refused !== undefined).map((entry) => plain(entry.path)));
  return { refused, marked, missing: refused.filter((path) => !marked.includes(path)), wrong: marked.filter((path) => !failed.has(path)), untold: [...failed].filter((path) => !errors.includes(path)) };
}

/** The entries of the findings that are errors; one that could not be opened at all is an error as well. */
async function auditErrors(archive: string): Promise<string[]> {
  try {
    const { audit } = await verify(archive, { audit: true, limits: DEFAULT_LIMITS, lenient: false, selection: EVERYTHING, threads: 1, reporter: {} });
    return audit!.findings.filter(({ severity }) => severity === "error").map(({ entry = "" }) => plain(entry));
  } catch (error) {
    return [ours(error).code];
  }
}

function unique(paths: readonly string[]): string[] {
  return [...new Set(paths)].sort();
}

function ours(error: unknown): UnzipxError {
  if (error instanceof UnzipxError) return error;
  throw error;
}

function differences(archives: readonly string[]): Promise<string[]> {
  return archives.reduce(async (before, archive) => {
    const found = await before;
    const { missing, wrong, untold } = await bothOf(archive);
    return missing.length + wrong.length + untold.length === 0 ? found : [...found, `${archive}: refused without a mark ${JSON.stringify(missing)}, marked and taken ${JSON.stringify(wrong)}, no error for the audit ${JSON.stringify(untold)}`];
  }, Promise.resolve<string[]>([]));
}

describe("what l marks and t --audit calls an error is what x refuses:", () => {
  const fixtures = fileURLToPath(new URL("../../fixtures", import.meta.url));
  for (const format of readdirSync(fixtures, { withFileTypes: true }).filter((one) => one.isDirectory()).map(({ name }) => name)) {
    it(`all fixtures of ${format}`, { timeout: 120_000 }, async () => {
      const archives = readdirSync(join(fixtures, format)).filter((name) => !name.endsWith(".json") && !/licen[cs]e/i.test(name)).map((name) => join(fixtures, format, name));
      expect(await differences(archives)).toEqual([]);
    });
  }

  it.each([
    ["a name that climbs out", buildZip([{ name: "../x" }, { name: "ok" }]), ["../x"]],
    ["the second of two names that are one", buildZip([{ name: "a", content: "1" }, { name: "a", content: "2" }, { name: "b" }]), ["a"]],
    ["a link out of a zip, whose target is its content", buildZip([{ name: "out", content: "../../x", mode: 0o120777, method: DEFLATE }, { name: "in", content: "ok", mode: 0o120777 }, { name: "ok" }]), ["out"]],
    ["a chain of links that leads out", buildTar([{ name: "d/e/", type: "5" }, { name: "d/e/up", type: "2", link: "../.." }, { name: "x", type: "2", link: "d/e/up/../y" }]), ["x"]],
    ["a hard link to nothing, and one to a file", buildTar([{ name: "a", content: "a" }, { name: "good", type: "1", link: "a" }, { name: "bad", type: "1", link: "b" }]), ["bad"]],
    ["a file below a link", buildTar([{ name: "d", type: "2", link: "e" }, { name: "d/x" }]), ["d/x"]],
    ["a device", buildTar([{ name: "null", type: "3" }, { name: "ok" }]), ["null"]],
    ["a zip entry whose headers disagree about its name", buildZip([{ name: "shown", content: "x", local: { name: "other" } }, { name: "ok" }]), ["shown"]],
    ["an entry that the directory keeps silent about, behind the one that it names", buildZip([{ name: "seen", content: "x" }, { name: "hidden", hidden: true }, { name: "ok" }]), ["seen"]],
    ["overlapping entries", buildZip([{ name: "a", content: "aaaa", method: STORE }, { name: "b", ghost: true, central: { offset: 10 } }]), ["a", "b"]],
  ])("%s", async (_, bytes, expected) => {
    const where = sandbox();
    expect(await bothOf(where.file("archive", bytes))).toMatchObject({ refused: expected, marked: expected, untold: [] });
  });

  it("an honest archive has no mark", async () => {
    const where = sandbox();
    const bytes = buildTar([{ name: "d/", type: "5" }, { name: "d/a", content: "a" }, { name: "d/l", type: "2", link: "a" }, { name: "h", type: "1", link: "d/a" }, { name: "d/a", content: "later" }]);
    expect(await bothOf(where.file("a.tar", bytes))).toMatchObject({ refused: [], marked: [] });
  });

  const corpus = fileURLToPath(new URL("../../../shared/corpus", import.meta.url));
  const inventory = join(corpus, "INVENTORY.tsv");
  it.skipIf(!existsSync(inventory))("a sample of the archives of other projects, of every format (skipped where they are not there)", { timeout: 600_000 }, async () => {
    const rows = readFileSync(inventory, "latin1").split("\n").filter((line) => line !== "" && !line.startsWith("#")).slice(1).map((line) => line.split("\t"));
    const hostile = rows.filter(([, , expectation, , , what]) => expectation === "reject" && /traversal|absolute|symlink|hardlink|device|duplicate|mismatch|names/.test(what!));
    const others = rows.filter((row, i) => !hostile.includes(row) && i % 40 === 0 && !/bomb|quine|memory|sparse|fuzz/.test(row[5]!));
    expect(await differences([...hostile, ...others].map(([path]) => join(corpus, path!)))).toEqual([]);
  });
});
