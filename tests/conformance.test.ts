/** Every fixture: good ones extract to what another program found in them, the others lead to their error and leave nothing. */
import { createHash } from "node:crypto";
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EVERYTHING } from "../src/core/select.ts";
import { extract } from "../src/core/extract.ts";
import { UnzipxError } from "../src/errors.ts";
import { DEFAULT_POLICY } from "../src/safe/policy.ts";

const root = fileURLToPath(new URL("../fixtures", import.meta.url));
const fixtures = readdirSync(root, { recursive: true }).map(String).filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -".json".length)).sort();

type Expected = { password?: string } & ({ entries: Record<string, object>; error?: undefined } | { error: string });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "unzipx-conformance-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function unpack(archive: string, password?: string): ReturnType<typeof extract> {
  return extract(join(root, archive), {
    directory: join(folder, "out"), into: "directory", ownName: "out", policy: DEFAULT_POLICY, selection: EVERYTHING, threads: 1, reporter: {},
    password: async () => password,
  });
}

function found(directory: string): Record<string, object> {
  const entries: Record<string, object> = {};
  for (const name of readdirSync(directory, { recursive: true }).map(String).sort()) {
    const path = join(directory, name);
    const stat = lstatSync(path);
    entries[name] = stat.isSymbolicLink() ? { type: "symlink", target: readlinkSync(path) }
      : stat.isDirectory() ? { type: "directory" }
      : { type: "file", executable: (stat.mode & 0o100) !== 0, sha256: createHash("sha256").update(readFileSync(path)).digest("hex") };
  }
  return entries;
}

describe("fixtures", () => {
  it("are there", () => expect(fixtures.length).toBeGreaterThan(30));

  for (const archive of fixtures) {
    const expected = JSON.parse(readFileSync(join(root, `${archive}.json`), "utf8")) as Expected;
    if (expected.error === undefined) {
      it(`${archive} extracts to what another program found in it`, async () => {
        const summary = await unpack(archive, expected.password);
        expect(summary.failures).toEqual([]);
        expect(found(join(folder, "out"))).toEqual(expected.entries);
      });
    } else {
      it(`${archive} leads to ${expected.error} and leaves nothing`, async () => {
        const errors = await unpack(archive, expected.password).then((summary) => summary.failures, (error: unknown) => [error as UnzipxError]);
        expect(errors.map((error) => error.code)).toContain(expected.error);
        expect(readdirSync(folder)).toEqual([]);
      });
    }
  }
});
