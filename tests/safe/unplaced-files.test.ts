/** Files without a place of their own: a plan has to say of all entries what it says where each has one, and the tree has to be the same, in the same order, once somebody looks. */
import { describe, expect, it } from "vitest";
import { UnzipxError } from "../../src/errors.ts";
import type { Entry } from "../../src/formats/contract.ts";
import { Plan } from "../../src/safe/plan.ts";
import { DEFAULT_POLICY } from "../../src/safe/policy.ts";
import { pathOf, Place, placesFrom } from "../../src/safe/tree.ts";
import { crowd } from "../helpers/crowd.ts";
import { randomFrom } from "../helpers/random.ts";

const RULES = { backslash: "separator", repeated: "refuse" } as const;
const COMPONENTS = ["a", "b", "B", "lib", "Lib", ".git", "common", "con", "é", "É", "e\u0301", "ﬁ", "fi", "ß", "ss", "a.", "..", ".", "", "ÁΣ", "ας", "x\u202ey", "[id]", "PROGRA~1"];

function entry(path: string, type: Entry["type"], number: number): Entry {
  return {
    path, type, size: number, packedSize: 1, mtime: number % 5 === 0 ? 9e15 : number * 1000, mode: number % 3 === 0 ? undefined : 0o4777 - number, method: "store", crc32: undefined, encrypted: false, comment: undefined,
    linkTarget: type === "symlink" ? "target" : undefined, refusal: number % 41 === 40 ? new UnzipxError("AMBIGUOUS", "Refused an entry: for a test") : undefined,
  };
}

function entriesOf(run: number): Entry[] {
  const random = randomFrom(run * 7919 + 1);
  return Array.from({ length: 1 + random(60) }, (_, number) => {
    const component = (): string => COMPONENTS[random(random(3) === 0 ? COMPONENTS.length : 7)]!;
    const path = [...(random(6) === 0 ? ["."] : []), ...Array.from({ length: random(3) }, component), random(8) === 0 ? component() : `file-${number}`].join("/");
    const kind = random(12);
    if (kind === 0) return entry(`${path}/`, "directory", number);
    return entry(random(30) === 0 ? `${path}/` : path, kind === 1 ? "symlink" : kind === 2 ? "hardlink" : "file", number);
  });
}

/** As tests of a real disk do it: some folders are there already, and what comes to lie there may meet something. */
function planned(entries: readonly Entry[], { isUnplaced, folds, ask = () => false }: { readonly isUnplaced: boolean; readonly folds: boolean; readonly ask?: () => boolean }): { readonly said: unknown[]; readonly tree: unknown[]; readonly asked: number; readonly unplaced: number } {
  const odd: unknown[] = [];
  let [asked, unplaced] = [0, 0];
  const disk = {
    folds: () => folds, mayHold: (folder: Place) => folder.name === "lib",
    folder: (place: Place) => (place.name === "common" ? new UnzipxError("CONFLICT", "Cannot extract an entry: for a test", { entry: pathOf(place) }) : undefined),
  };
  const plan = new Plan(DEFAULT_POLICY, disk, undefined, (oddity, path) => void odd.push([oddity, path]));
  if (isUnplaced) plan.askAgain((number) => (asked++, entries[number]!), entries.length);
  const said = entries.map((one, number) => {
    const folder = isUnplaced ? plan.takeUnplaced(one, number) : undefined;
    if (folder instanceof Place) {
      unplaced += 1;
      if (ask()) expect(pathOf(plan.placeOf(folder, number))).toBe(one.path.replace(/^\.\//, ""));
      return "a place";
    }
    const claimed = folder ?? plan.claim(one, RULES);
    return claimed instanceof UnzipxError ? JSON.stringify(claimed) + claimed.message : claimed === "skip" ? claimed : "a place";
  });
  const before = asked;
  const tree = [...placesFrom(plan.root)].map((place) => [pathOf(place), place.type, place.mode, place.mtime, place.size, place.linkTarget, place.dropped]);
  return { said: [...said, odd], tree, asked: before, unplaced };
}

describe("a plan with files without places", () => {
  it.each([["apart", false], ["for one", true]])("says of random entries what it says where each has its place, and has the same tree; names that differ in case are taken %s", (_, folds) => {
    let [unplaced, all] = [0, 0];
    for (let run = 0; run < 3000; run++) {
      const entries = entriesOf(run);
      const random = randomFrom((run + 1) * 7919 + 1);
      const usual = planned(entries, { isUnplaced: false, folds });
      for (const ask of [() => false, () => random(9) === 0]) {
        const quick = planned(entries, { isUnplaced: true, folds, ask });
        const what = JSON.stringify(entries.map(({ path, type }) => [type, path]));
        expect(quick.said, what).toEqual(usual.said);
        expect(quick.tree, what).toEqual(usual.tree);
        unplaced += quick.unplaced;
      }
      all += 2 * entries.filter(({ type }) => type === "file").length;
    }
    expect(unplaced / all, "files that got no place").toBeGreaterThan(0.5);
  });

  it("asks for no entry again where names are new, whatever their letters", () => {
    const entries = ["a/", "a/b.txt", "a/.hidden", "a/sub/c.txt", "a/common.txt", "a/é.txt", "a/sub/", "a/[id].js", "日本/語.txt", "./e/f"].map((path, number) => entry(path, path.endsWith("/") ? "directory" : "file", number + 1));
    expect(planned(entries, { isUnplaced: true, folds: true })).toMatchObject({ asked: 0, unplaced: 8 });
  });

  it("refuses a name that comes again also where somebody chose the names so that hashes do not find it", () => {
    const { fillers, name } = crowd("n/");
    // Folders that no entry names make the table grow, which was made for the entries.
    const deep = Array.from({ length: 20 }, (_, number) => `${number}/${"d/".repeat(60)}file`);
    const entries = [...fillers, name, ...deep, name].map((path, number) => ({ ...entry(path, "file", 1), mtime: number }));
    const link = entry(`n/${name.slice(2).toUpperCase()}`, "symlink", 1);
    const { said } = planned([...entries, link], { isUnplaced: true, folds: false });
    expect(said.slice(0, entries.length - 1).filter((one) => one !== "a place")).toEqual([]);
    expect(said.slice(entries.length - 1, -1)).toEqual([expect.stringContaining("COLLISION"), expect.stringContaining("COLLISION")]);
  });

  it("asks only for what is in the folder where a name comes again", () => {
    const entries = ["a/1", "a/2", "b/1", "b/2", "a/2"].map((path, number) => entry(path, "file", number + 1));
    const { said, asked } = planned(entries, { isUnplaced: true, folds: false });
    expect(asked).toBe(2);
    expect(said[4]).toContain("COLLISION");
  });
});
