import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { holeOf, ZEROS } from "../../src/bytes/zeros.ts";
import { UnzipxError } from "../../src/errors.ts";
import { createBudget } from "../../src/safe/budget.ts";
import { DEFAULT_LIMITS, NO_LIMITS, RATIO_STARTS_AT, type Limits } from "../../src/safe/policy.ts";
import { buildTar, buildZip, DEFLATE, paxHeader } from "../helpers/build.ts";
import { sandbox } from "../helpers/cli.ts";
import { codeOfTest, unpack } from "../helpers/library.ts";

const MEBI = 1024 * 1024;
const limits = (more: Partial<Limits>): Limits => ({ ...NO_LIMITS, ...more });

/** The error of whatever is done with the budget. */
function hits(action: () => void): UnzipxError | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof UnzipxError) return error;
    throw error;
  }
}

describe("Budget", () => {
  it("lets exactly as many bytes through as the limit says", () => {
    const budget = createBudget(limits({ bytes: 100 }), () => 1);
    expect(hits(() => budget.spend(60))).toBeUndefined();
    expect(hits(() => budget.spend(40))).toBeUndefined();
    expect(hits(() => budget.spend(1))?.code).toBe("LIMIT");
  });

  it("lets exactly as many entries through as the limit says", () => {
    const budget = createBudget(limits({ files: 2 }), () => 1);
    budget.entry();
    budget.entry();
    expect(hits(() => budget.entry())?.details.hint).toContain("--max-files");
  });

  it("0 is no limit", () => {
    const budget = createBudget(limits({}), () => 1);
    budget.spend(Number.MAX_SAFE_INTEGER);
    expect(hits(() => budget.entry())).toBeUndefined();
  });

  it("does not look at the ratio before an amount that would hurt", () => {
    const budget = createBudget(limits({ ratio: 10 }), () => 1);
    expect(hits(() => budget.spend(RATIO_STARTS_AT))).toBeUndefined();
    expect(hits(() => budget.spend(1))?.details.hint).toContain("--max-ratio");
  });

  it("counts the ratio against what was read of the archive so far", () => {
    let read = RATIO_STARTS_AT;
    const budget = createBudget(limits({ ratio: 2 }), () => read);
    expect(hits(() => budget.spend(2 * RATIO_STARTS_AT))).toBeUndefined();
    expect(hits(() => budget.spend(1))?.code).toBe("LIMIT");
    read *= 2;
    expect(hits(() => createBudget(limits({ ratio: 2 }), () => read).spend(2 * RATIO_STARTS_AT + 1))).toBeUndefined();
  });

  it("up to 256 MiB is patient with what says the same over and over, and not with one byte all over", () => {
    const repetitive = Buffer.from("the same line again\n".repeat(50_000));
    const zeros = Buffer.alloc(repetitive.length);
    const stopsAt = (chunk: Uint8Array, archive: number): number => {
      const budget = createBudget(DEFAULT_LIMITS, () => archive);
      for (let spent = 0; ; spent += chunk.length) if (hits(() => budget.spendChunk(chunk)) !== undefined || spent > 1024 * MEBI) return Math.round(spent / MEBI);
    };
    expect([stopsAt(repetitive, 200_000), stopsAt(zeros, 200_000)]).toEqual([256, 64]); // 1340:1 at most
    expect(stopsAt(repetitive, 2000)).toBe(64); // and 33,000:1 is too much in any case
    expect(stopsAt(repetitive, 6 * MEBI)).toBeGreaterThanOrEqual(1024); // 170:1
  });

  it("counts names, which have to be remembered, and says which flag lets more of them in", () => {
    const budget = createBudget({ ...DEFAULT_LIMITS, files: 1_000_000 }, () => 1);
    const long = "n".repeat(32_000);
    const error = hits(() => {
      for (let i = 0; i < 10_000; i++) budget.entry(long, "");
    });
    expect([error?.code, error?.details.hint]).toEqual(["LIMIT", "--max-files N"]);
    const honest = createBudget(DEFAULT_LIMITS, () => 1);
    expect(hits(() => {
      for (let i = 0; i < 1_000_000; i++) honest.entry("node_modules/package/lib/internal/some-module-of-a-usual-length/index.js");
    })).toBeUndefined();
  });

  it("counts what filters make of the archive, whoever wants it, but not the headers of many small entries", async () => {
    const drain = async (seen: number): Promise<string | undefined> => {
      const budget = createBudget(DEFAULT_LIMITS, () => 1_000_000);
      for (let i = 0; i < seen; i++) budget.pass();
      const chunk = Buffer.alloc(MEBI);
      const bytes = (async function* () {
        for (let i = 0; i < 300; i++) yield chunk;
      })();
      try {
        for await (const _ of budget.metered(bytes)) void _;
        return undefined;
      } catch (error) {
        return (error as UnzipxError).details.hint;
      }
    };
    expect([await drain(0), await drain(200_000)]).toEqual([expect.stringContaining("--max-ratio"), undefined]);
  });

  it("holes weigh less in the ratio, but count in full as bytes", () => {
    const spendHole = (budget: ReturnType<typeof createBudget>, bytes: number): void => {
      for (const chunk of holeOf(bytes)) budget.spendChunk(chunk);
    };
    expect(hits(() => spendHole(createBudget(limits({ ratio: 1 }), () => 1), 7 * RATIO_STARTS_AT))).toBeUndefined();
    expect(hits(() => spendHole(createBudget(limits({ ratio: 1 }), () => 1), 9 * RATIO_STARTS_AT))?.code).toBe("LIMIT");
    expect(hits(() => spendHole(createBudget(limits({ bytes: 1000 }), () => 1), 1001))?.code).toBe("LIMIT");
    const data = new Uint8Array(ZEROS.length); // zeros that were really there
    expect(hits(() => {
      const budget = createBudget(limits({ ratio: 1 }), () => 1);
      for (let spent = 0; spent <= RATIO_STARTS_AT; spent += data.length) budget.spendChunk(data);
    })?.code).toBe("LIMIT");
  });
});

describe("limits end an extraction with exit 12, and nothing is left:", () => {
  const tar = buildTar([{ name: "a", content: "x".repeat(600) }, { name: "b", content: "x".repeat(500) }]);
  const zip = buildZip([{ name: "a", content: "x".repeat(600) }, { name: "b", content: "x".repeat(500) }]);
  const archives = { tar, zip, "tar.gz": gzipSync(tar) };
  for (const [format, bytes] of Object.entries(archives)) {
    it(`bytes of a ${format}`, async () => {
      const where = sandbox();
      expect(await unpack(bytes, { policy: { limits: limits({ bytes: 1099 }) } }, where)).toMatchObject({ code: 12, contents: {} });
      expect((await unpack(bytes, { policy: { limits: limits({ bytes: 1100 }) } }, where)).code).toBe(0);
    });
    it(`entries of a ${format}`, async () => {
      const where = sandbox();
      expect(await unpack(bytes, { policy: { limits: limits({ files: 1 }) } }, where)).toMatchObject({ code: 12, contents: {} });
      expect((await unpack(bytes, { policy: { limits: limits({ files: 2 }) } }, where)).code).toBe(0);
    });
  }

  it("depth, which is one entry's trouble", async () => {
    const bytes = buildTar([{ name: "a/b/c/d", content: "deep" }, { name: "e", content: "flat" }]);
    expect(await unpack(bytes, { policy: { limits: limits({ depth: 3 }) } })).toMatchObject({ code: 12, failures: { "a/b/c/d": "LIMIT" }, contents: { e: "flat" } });
  });

  it("ten thousand folders in one path do not trouble the writer", async () => {
    const { code } = await unpack(buildTar([paxHeader({ path: "d/".repeat(10_000) + "x" }), { name: "x" }]));
    expect(code).toBe(12);
  });

  it("a gzip bomb is stopped while it is written", async () => {
    const bomb = gzipSync(Buffer.alloc(80 * MEBI));
    const where = sandbox();
    expect(await unpack(bomb, { name: "bomb.gz" }, where)).toMatchObject({ code: 12, contents: {} });
    expect(await codeOfTest(bomb, where)).toBe(12);
    expect((await unpack(bomb, { name: "bomb.gz", policy: { limits: { ...DEFAULT_LIMITS, ratio: 0 } } }, where)).code).toBe(0);
  });

  it("a zip bomb is stopped before the first byte, by what its directory promises", async () => {
    const bomb = buildZip([{ name: "bomb", content: Buffer.alloc(80 * MEBI), method: DEFLATE }]);
    const where = sandbox();
    expect(await unpack(bomb, {}, where)).toMatchObject({ code: 12, contents: {} });
    expect(await codeOfTest(bomb, where)).toBe(12);
  });

  it("a zip bomb whose directory promises little is stopped at its promise", async () => {
    const bomb = buildZip([{ name: "bomb", content: Buffer.alloc(8 * MEBI), method: DEFLATE, local: { size: 1000 }, central: { size: 1000 } }]);
    expect(await unpack(bomb)).toMatchObject({ code: 3, failures: { bomb: "BAD_SIZE" }, contents: {} });
  });

  it("a sparse file of terabytes is stopped by the limit on bytes, without taking room or time", async () => {
    const huge = String(4 * 1024 ** 4);
    const bytes = buildTar([paxHeader({ "GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.size": huge, "GNU.sparse.numblocks": "0", "GNU.sparse.map": "" }), { name: "sparse" }]);
    expect(await unpack(bytes)).toMatchObject({ code: 12, contents: {} });
  });

  it("a header of megabytes is not read", async () => {
    const bytes = buildTar([paxHeader({ comment: "x".repeat(2 * MEBI) }), { name: "a" }]);
    expect(await unpack(bytes)).toMatchObject({ code: 12, contents: {} });
    expect((await unpack(buildTar([paxHeader({ comment: "x".repeat(1000) }), { name: "a" }]))).code).toBe(0);
  });

  it("a zip that promises more entries than the limit is not even begun", async () => {
    const bytes = buildZip([{ name: "a" }], { zip64: { entries: 2 ** 40 } });
    expect(await unpack(bytes)).toMatchObject({ code: 12, contents: {} });
  });
});
