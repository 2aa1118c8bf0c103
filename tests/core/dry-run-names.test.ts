/** DryRun.refusal() gives files of new names no place until they are asked for: it has to say what claim() says, which gives each its own. */
import { describe, expect, it } from "vitest";
import { DryRun } from "../../src/core/dry-run.ts";
import type { OpenedIndex, OpenedStream } from "../../src/core/open.ts";
import { UnzipxError } from "../../src/errors.ts";
import type { Entry } from "../../src/formats/contract.ts";
import { DEFAULT_POLICY } from "../../src/safe/policy.ts";
import { randomFrom } from "../helpers/random.ts";

const PLAIN = ["a", "b", "c-d", "x1", "lib", "B2"];
const ODD = ["A", "B", "C-D", "LIB", "b2", "readme.txt", "README.TXT", "é", "É", "con", "a.", "..", "", "."];
const LIMITS = { ...DEFAULT_POLICY.limits, depth: 5 };
const OPENED = {
  "a zip": { kind: "index", index: { entries: [] } },
  "a tar": { kind: "stream", entriesFailAlone: false, isPackage: false, byEngine: false },
  "a package": { kind: "stream", entriesFailAlone: false, isPackage: true, byEngine: false },
  "a 7z": { kind: "stream", entriesFailAlone: true, isPackage: false, byEngine: true },
} as const;

function entry(path: string, type: Entry["type"], linkTarget?: string): Entry {
  return { path, type, linkTarget, size: 1, packedSize: 1, mtime: 0, mode: undefined, method: "store", crc32: undefined, encrypted: false, comment: undefined, refusal: undefined };
}

/** Mostly new names, so that the doubt comes late or never. */
function entriesOf(run: number): Entry[] {
  const random = randomFrom(run * 7919 + 1);
  return Array.from({ length: 1 + random(30) }, (_, at) => {
    const component = (): string => (random(60) === 0 ? ODD[random(ODD.length)]! : PLAIN[random(PLAIN.length)]!);
    const path = [...Array.from({ length: random(3) }, component), random(40) === 0 ? component() : `file-${at}`].join("/");
    const odd = random(60);
    if (odd === 0) return entry(path, random(2) === 0 ? "symlink" : "hardlink", random(3) === 0 ? `/${component()}` : component());
    if (odd === 1) return entry(path, "special");
    if (odd === 2) return { ...entry(path, "file"), refusal: new UnzipxError("AMBIGUOUS", "Refused an entry: for a test") };
    if (odd === 3) return { ...entry(path, "file"), escaped: true };
    return random(4) === 0 ? entry(random(2) === 0 ? `${path}/` : path, "directory") : entry(random(40) === 0 ? `${path}/` : path, "file");
  });
}

function said(opened: OpenedIndex | OpenedStream, entries: readonly Entry[], ask: "refusal" | "claim"): (string | undefined)[] {
  const dry = new DryRun<number>(opened, { limits: LIMITS, prefix: "", ...(ask === "refusal" ? { again: (row: number) => entries[row]! } : {}) });
  const all = entries.map((one, row) => {
    const answer = dry[ask](one, row);
    return answer instanceof UnzipxError ? JSON.stringify(answer) + answer.message : undefined;
  });
  dry.finish((error, row) => void (all[row] = JSON.stringify(error) + error.message));
  return all;
}

describe("DryRun.refusal()", () => {
  it.each(Object.keys(OPENED) as (keyof typeof OPENED)[])("says of random names what claim() says, in %s", (kind) => {
    const opened = OPENED[kind] as unknown as OpenedIndex | OpenedStream;
    let refused = 0;
    let rows = 0;
    for (let run = 0; run < 3000; run++) {
      const entries = entriesOf(run);
      const quick = said(opened, entries, "refusal");
      expect(quick, JSON.stringify(entries.map(({ path, type }) => [type, path]))).toEqual(said(opened, entries, "claim"));
      const first = quick.findIndex((answer) => answer !== undefined);
      if (first >= 0) refused += 1;
      rows += first;
    }
    expect(refused).toBeGreaterThan(300);
    expect(refused).toBeLessThan(2900);
    expect(rows / refused, "rows in front of the first that is refused").toBeGreaterThan(4);
  });
});
