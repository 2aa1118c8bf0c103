/** checkPath() walks ordinary paths once and gives others to its rules: both have to say the same. */
import { describe, expect, it } from "vitest";
import { UnzipxError } from "../../src/errors.ts";
import { checkPath, type PathRules, type SafePath } from "../../src/safe/path.ts";

const PIECES = ["a", "./", "B9", "_", "-", "+", "@", ",", "=", "(", ")", " ", ".", "..", "/", "//", "con", "CON", "nul", "aux.txt", "COM1", "comx", "lpt", "~1", ":", "\\", "é", "\u017f", "\u212a", "\u0000", "\u007f", ".unzipx-", ".UNZIPX-", ".unzipx-0123456789abcdef.partial", ".u", ".git", "x".repeat(100), "x".repeat(255)];
const RULES: PathRules = { platform: "linux", backslash: "separator", maxDepth: 4, unsafe: false };

/** The same numbers every time. */
function* numbers(): Generator<number> {
  for (let state = 12345; ; state = (state * 48271) % 0x7fffffff) yield state >> 4;
}

describe("checkPath()", () => {
  it.each([["linux", "separator"], ["linux", "character"], ["win32", "separator"]] as const)("says of an ordinary path what its rules say one by one (%s, backslash: %s)", (platform, backslash) => {
    const random = numbers();
    const next = (most: number): number => (random.next().value as number) % most;
    const rules = { ...RULES, platform, backslash };
    let accepted = 0;
    for (let run = 0; run < 30_000; run++) {
      const path = Array.from({ length: 1 + next(7) }, () => PIECES[next(PIECES.length)]!).join("");
      const quick = checkPath(path, rules);
      const slow = checkPath(path, { ...rules, above: "" as SafePath }); // never taken for ordinary
      if (quick instanceof UnzipxError || slow instanceof UnzipxError) expect(JSON.stringify(quick), path).toBe(JSON.stringify(slow));
      else expect(quick, path).toEqual(slow);
      if (!(quick instanceof UnzipxError)) accepted += 1;
    }
    expect(accepted).toBeGreaterThan(1000);
  });
});
