/** Threads that are started before anybody knows what for. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { prepareThread, startThread } from "../../src/bytes/thread.ts";
import type { Job } from "../../src/core/jobs.ts";
import type { TestResult } from "../../src/core/test-job.ts";
import { Pool } from "../../src/parallel/pool.ts";

const ready = existsSync(join(import.meta.dirname, "../../dist/thread.cjs")); // "npm run build" makes it
const NOTHING: Job = { kind: "test", container: "zip", fd: -1, lenient: false, password: undefined, look: undefined, items: [] };

describe.skipIf(!ready)("a thread that was prepared", () => {
  it.each([["not", false], ["at once", false], ["a second before", true]])("answers all jobs of a pool, in order: %s", async (when, waits) => {
    if (when !== "not") prepareThread();
    if (waits) await new Promise((resolve) => setTimeout(resolve, 1000));
    const pool = new Pool<Job>(1, 8);
    const results = await Promise.all([1, 2, 3].map(() => pool.run<TestResult>(NOTHING))); // sent right behind what the thread is for
    expect(results.map(({ bytes, failures }) => [bytes, failures])).toEqual([[0, []], [0, []], [0, []]]);
    await pool.close();
  });

  it("serves one task, and the next task gets another thread", async () => {
    prepareThread();
    prepareThread();
    const threads = [startThread({ role: "jobs" }), startThread({ role: "jobs" })];
    expect(threads[0]).not.toBe(threads[1]);
    await Promise.all(threads.map((thread) => thread.terminate()));
  });
});
