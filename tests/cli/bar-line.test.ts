import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { barLine } from "../../src/cli/bar-line.ts";

const MIB = 1024 * 1024;
const half = { value: 50 * MIB, total: 100 * MIB, seconds: 10, name: "photos/2024/summer/beach-at-the-evening.jpg" };

describe("the line of the progress bar", () => {
  it("has percent, rate, time that is left, and the name, on a terminal of 80 columns", () => {
    expect(barLine({ ...half, columns: 80 })).toBe("█████████████░░░░░░░░░░░░░  50 % 5.0 MiB/s 10 s left …/beach-at-the-evening.jpg");
  });
  it("leaves out the name, then the time, then the bar, where there is less room", () => {
    expect(barLine({ ...half, columns: 40 })).toBe("███████░░░░░░  50 % 5.0 MiB/s 10 s left");
    expect(barLine({ ...half, columns: 24 })).toBe("████░░░  50 % 5.0 MiB/s");
    expect(barLine({ ...half, columns: 10 })).toBe(" 50 %");
  });
  it("shows what was done, and how fast, where nobody knows how much there is", () => {
    expect(barLine({ ...half, total: undefined, columns: 40 })).toBe("50 MiB 5.0 MiB/s …ch-at-the-evening.jpg");
  });
  it("tells long times by the clock", () => {
    expect(barLine({ ...half, value: 2 * MIB, seconds: 100, name: "", columns: 80 })).toMatch(/ 1:21:40 left$/);
    expect(barLine({ ...half, seconds: 75, name: "", columns: 80 })).toMatch(/ 1:15 left$/);
  });
  it("is never wider than the terminal, whatever the name and the width", () => {
    for (const name of ["名前/写真/とても長い名前のファイル.jpg", "e\u0301".repeat(60), "👩‍👩‍👧".repeat(20), "x".repeat(200), ""]) {
      for (let columns = 8; columns <= 200; columns++) {
        for (const total of [undefined, 0, 100 * MIB]) for (const value of [0, 1, 50 * MIB, 100 * MIB, 200 * MIB]) {
          expect(stringWidth(barLine({ columns, value, total, seconds: 3, name }))).toBeLessThan(columns);
        }
      }
    }
  });
});
