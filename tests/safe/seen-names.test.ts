import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { SeenNames } from "../../src/safe/seen-names.ts";
import { crowd } from "../helpers/crowd.ts";

/** Names as archives have them, many of which differ in a digit or two. */
function* names(count: number): Generator<string> {
  for (let number = 0; number < count; number++) {
    const folder = `d${Math.floor(number / 1000)}`;
    yield number % 3 === 0 ? `${folder}/file-${String(number % 1000).padStart(4, "0")}.txt` : number % 3 === 1 ? `${number}` : `lib/${folder}/x/${(number * 7919) % count}.${number}`;
  }
}

describe("SeenNames", () => {
  it("takes 300,000 names that are new, and none of them again, in capitals neither", () => {
    const seen = new SeenNames();
    const all = [...names(300_000)];
    expect(new Set(all).size).toBe(all.length);
    expect(all.filter((name) => !seen.add(name))).toEqual([]);
    expect(all.filter((name) => seen.add(name))).toEqual([]);
    expect(all.filter((name) => seen.add(name.toUpperCase()))).toEqual([]);
  });

  it("is in doubt about none of 300,000 random names, in tables that are as full as they become", () => {
    const seen = new SeenNames();
    let doubts = 0;
    for (let number = 0; number < 300_000; number++) if (!seen.add(randomBytes(8).toString("hex"))) doubts += 1;
    expect(doubts).toBe(0);
  });

  it("tells names apart that begin or end alike, of every length", () => {
    const seen = new SeenNames();
    for (let length = 1; length < 300; length++) expect(seen.add("a".repeat(length)), `${length}`).toBe(true);
    for (let length = 1; length < 300; length++) expect(seen.add(`${"a".repeat(length)}b`), `${length}`).toBe(true);
    for (let length = 2; length < 300; length++) expect(seen.add(`b${"a".repeat(length)}`), `${length}`).toBe(true);
    for (const other of ["@", "[", "`", "{", "-", "_"]) expect(seen.add(other), other).toBe(true); // beside the letters
  });

  it("never takes a name for new that it was asked for before, though it found no room for it then, and has grown since", () => {
    const seen = new SeenNames(1000);
    const { fillers, name } = crowd("n/");
    expect(fillers.filter((filler) => !seen.add(filler)), "all of them find room").toEqual([]);
    expect(seen.add(name), "no room is found").toBe(false);
    for (const other of names(4000)) seen.add(other); // the table grows
    expect([seen.add(name), seen.add(name.toUpperCase())]).toEqual([false, false]);
  });
});
