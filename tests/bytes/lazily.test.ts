import { describe, expect, it } from "vitest";
import { lazily } from "../../src/bytes/lazily.ts";

describe("lazily", () => {
  /** What happened to a producer of 1, 2 and 3. */
  function producer(): { readonly log: string[]; begin(): Promise<AsyncIterable<number>> } {
    const log: string[] = [];
    async function* numbers(): AsyncGenerator<number> {
      log.push("begun");
      try {
        yield* [1, 2, 3];
        log.push("through");
      } finally {
        log.push("over");
      }
    }
    return { log, begin: async () => numbers() };
  }

  it("begins when the first one is asked for, and gives all in order", async () => {
    const { log, begin } = producer();
    const all = lazily(begin);
    expect(log).toEqual([]);
    const found: number[] = [];
    for await (const one of all) found.push(one);
    expect([found, log]).toEqual([[1, 2, 3], ["begun", "through", "over"]]);
  });

  it("lets the producer end its work where somebody stops early", async () => {
    const { log, begin } = producer();
    for await (const one of lazily(begin)) if (one === 2) break;
    expect(log).toEqual(["begun", "over"]);
  });

  it("does not begin at all where somebody stops before the first", async () => {
    const { log, begin } = producer();
    const all = lazily(begin);
    expect(await all.return!()).toEqual({ done: true, value: undefined });
    expect(await all.next()).toEqual({ done: true, value: undefined });
    expect(log).toEqual([]);
  });

  it("hands on what goes wrong at the beginning", async () => {
    await expect(lazily(async () => Promise.reject(new Error("no"))).next()).rejects.toThrow("no");
  });
});
