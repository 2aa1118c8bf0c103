import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { FileWindow } from "../../src/bytes/file-window.ts";
import { temporaryFolder } from "../helpers/tools.ts";

describe("FileWindow", () => {
  const content = Buffer.from(Array.from({ length: 200_000 }, (_, at) => (at * 31) % 251));
  const opened = (): FileWindow => {
    const path = join(temporaryFolder(), "file");
    writeFileSync(path, content);
    const fd = openSync(path, "r");
    onTestFinished(() => closeSync(fd));
    return new FileWindow(fd);
  };

  it("gives the bytes that were asked for, in any order, near and far, also more than it reads at once", () => {
    const window = opened();
    for (const [position, length] of [[0, 30], [30, 94], [65_530, 10], [65_536, 1], [5, 65_536], [199_990, 10], [0, 200_000], [100, 7], [200_000, 0], [131_000, 65_000], [12, 0]] as const) {
      expect(window.read(position, length).equals(content.subarray(position, position + length))).toBe(true);
    }
  });

  it("does not give less than that, and is of use afterwards", () => {
    const window = opened();
    window.read(199_000, 10);
    for (const [position, length] of [[199_995, 6], [300_000, 1]] as const) expect(() => window.read(position, length)).toThrow(expect.objectContaining({ code: "TRUNCATED" }));
    expect(window.read(7, 3).equals(content.subarray(7, 10))).toBe(true);
  });
});
