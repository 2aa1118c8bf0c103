import { Worker } from "node:worker_threads";
import { describe, expect, it, onTestFinished } from "vitest";
import { letCompilersEnd } from "../../src/cli/last-threads.ts";

/** A thread that works for so many milliseconds, and then waits; resolves when it works. */
async function thread(milliseconds: number): Promise<void> {
  const worker = new Worker(`
    const { parentPort } = require("node:worker_threads");
    parentPort.postMessage("working");
    for (const end = performance.now() + ${milliseconds}; performance.now() < end; );
    parentPort.on("message", () => {});
  `, { eval: true });
  onTestFinished(async () => void (await worker.terminate()));
  await new Promise((resolve) => worker.on("message", resolve));
}

function timeOf(action: () => void): number {
  const begin = performance.now();
  action();
  return performance.now() - begin;
}

describe.skipIf(process.platform !== "linux")("the end of the process", () => {
  it("waits for a thread that still works", async () => {
    const busy = thread(70);
    await busy;
    expect(timeOf(letCompilersEnd)).toBeGreaterThan(40);
  });

  it("does not wait for one that never ends", async () => {
    await thread(Infinity);
    expect(timeOf(letCompilersEnd)).toBeLessThan(2000);
  });
});
