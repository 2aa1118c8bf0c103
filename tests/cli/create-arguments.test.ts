import { describe, expect, it } from "vitest";
import { entryArguments, levelOf } from "../../src/cli/create-arguments.ts";
import { UnzipxError } from "../../src/errors.ts";

/** Why a command line is refused: 7, and what it says. */
function usageOf(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    if (error instanceof UnzipxError && error.code === "USAGE") return error.message;
    throw error;
  }
  throw new Error("It was accepted");
}

describe("entryArguments()", () => {
  const mtimeOf = (mtime: string): number | undefined => entryArguments({ mtime }, {}).mtime;

  it.each([
    ["2020-02-29", "2020-02-29T00:00:00.000Z"],
    ["2020-02-29T13:14", "2020-02-29T13:14:00.000Z"],
    ["2020-02-29 13:14:15", "2020-02-29T13:14:15.000Z"],
    ["2020-02-29t13:14:15.25z", "2020-02-29T13:14:15.250Z"],
    ["2020-02-29T13:14:15,5+05:30", "2020-02-29T07:44:15.500Z"],
    ["2020-02-29T13:14:15 -0800", "2020-02-29T21:14:15.000Z"],
    ["2020-02-29T23:14:15-08", "2020-03-01T07:14:15.000Z"],
    ["1900-03-01", "1900-03-01T00:00:00.000Z"],
    ["0001-01-01", "0001-01-01T00:00:00.000Z"],
    ["@0", "1970-01-01T00:00:00.000Z"],
    ["@1582982055", "2020-02-29T13:14:15.000Z"],
    ["@-1.5", "1969-12-31T23:59:58.500Z"],
  ])("takes --mtime %s as %s, UTC unless it says otherwise", (given, time) => {
    expect(new Date(mtimeOf(given)!).toISOString()).toBe(time);
  });

  it.each(["yesterday", "2019-02-29", "1900-02-29", "2020-00-01", "2020-13-01", "2020-01-32", "2020-01-01T24:00:00Z", "2020-01-01T00:60", "2020-01-01T00:00:60", "2020-01-01T00:00+24:00", "2020-1-1", "20200101", "2020", "@", "@-", "@1e3", "1582982055", ""])(
    'refuses --mtime "%s"', (given) => {
      expect(usageOf(() => mtimeOf(given))).toBe(`Cannot understand --mtime "${given}": it is no date`);
    });

  it("takes SOURCE_DATE_EPOCH where --reproducible is given, and --mtime rather than either", () => {
    const env = { SOURCE_DATE_EPOCH: "1582982055" };
    expect(entryArguments({}, env)).toMatchObject({ reproducible: false, mtime: undefined });
    expect(entryArguments({ reproducible: true }, env)).toMatchObject({ reproducible: true, mtime: 1582982055000 });
    expect(entryArguments({ reproducible: true, mtime: "@1" }, env)).toMatchObject({ reproducible: true, mtime: 1000 });
    expect(entryArguments({ reproducible: true }, {})).toMatchObject({ reproducible: true, mtime: undefined });
  });

  it.each(["", "now", "-1", "1.5", "2020-01-01", "1234567890123"])('refuses SOURCE_DATE_EPOCH "%s" where it counts', (epoch) => {
    expect(usageOf(() => entryArguments({ reproducible: true }, { SOURCE_DATE_EPOCH: epoch }))).toContain("SOURCE_DATE_EPOCH");
    expect(entryArguments({}, { SOURCE_DATE_EPOCH: epoch }).mtime).toBeUndefined();
  });
});

describe("levelOf()", () => {
  it("knows each level by all of its names", () => {
    for (let level = 0; level <= 9; level++) expect([levelOf({ [level]: true }), levelOf({ level: String(level) })]).toEqual([level, level]);
    expect([levelOf({ fast: true }), levelOf({ best: true }), levelOf({})]).toEqual([1, 9, undefined]);
    expect(levelOf({ fast: true, level: "1" })).toBe(1);
  });

  it("refuses two levels, and what is none", () => {
    for (const flags of [{ 1: true, 9: true }, { fast: true, best: true }, { best: true, level: "5" }]) expect(usageOf(() => levelOf(flags))).toContain("two levels");
    for (const level of ["10", "-1", "1.5", "high", ""]) expect(usageOf(() => levelOf({ level }))).toContain("--level");
  });
});
