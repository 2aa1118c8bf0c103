import { describe, expect, it } from "vitest";
import { LookAhead } from "../../src/core/look-ahead.ts";
import type { InputEntry } from "../../src/formats/input.ts";

function* files(count: number, ends?: Error): Generator<InputEntry> {
  for (let number = 0; number < count; number++) {
    yield { path: `f${number}`, pathBytes: undefined, source: `/f${number}`, type: "file", size: number, mode: 0o644, mtime: 0, inode: `1:${number}`, nlink: 1, uid: 0, gid: 0, linkTarget: undefined };
  }
  if (ends !== undefined) throw ends;
}

describe("the total of what is to be packed", () => {
  it("counts all, also what was taken meanwhile, and keeps nothing from who takes it", async () => {
    const ahead = new LookAhead(files(3000));
    expect(ahead.isMuch()).toBe(true);
    const total = ahead.total();
    const taken: string[] = [];
    for (const { path } of ahead) {
      taken.push(path);
      if (taken.length % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await total).toBe((2999 * 3000) / 2);
    expect(taken).toEqual(Array.from({ length: 3000 }, (_, number) => `f${number}`));
  });

  it("lets others have their turn in between", async () => {
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns += 1;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    await new LookAhead(files(3000)).total();
    isOver = true;
    expect(turns).toBeGreaterThan(5);
  });

  it("leaves an error to who takes what comes before it", async () => {
    const ahead = new LookAhead(files(600, new Error("the disk is gone")));
    await ahead.total();
    const taken: string[] = [];
    expect(() => {
      for (const { path } of ahead) taken.push(path);
    }).toThrow("the disk is gone");
    expect(taken.length).toBe(600);
  });
});
