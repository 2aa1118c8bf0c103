import { describe, expect, it } from "vitest";
import { UnzipxError } from "../../src/errors.ts";
import { JobRun } from "../../src/core/run-jobs.ts";

describe("JobRun", () => {
  it("tells of a job that failed before anybody waited for the rest", async () => {
    const pool = {
      hasRoom: true,
      async run() {
        throw new UnzipxError("INTERNAL", "Cannot finish a job");
      },
      async close() {},
    };
    const run = new JobRun<void>({ threads: 2, worthWorkers: true, signal: undefined }, Infinity, () => pool as never);
    run.give({ kind: "test", container: "zip", fd: -1, lenient: false, password: undefined, look: undefined, items: [] }, () => {});
    await new Promise((resolve) => setTimeout(resolve, 10));
    await expect(run.all(0, () => ({}) as never, () => {})).rejects.toMatchObject({ code: "INTERNAL" });
    await run.close();
  });

  it("gives a worker its next job while this thread is at work on one of its own", async () => {
    const given: number[] = [];
    let underWay = 0;
    // A worker that is done at once.
    const pool = {
      get hasRoom() {
        return underWay === 0;
      },
      async run(job: { number: number }) {
        underWay += 1;
        given.push(job.number);
        await Promise.resolve();
        underWay -= 1;
      },
      async close() {},
    };
    const run = new JobRun<unknown>({ threads: 2, worthWorkers: true, signal: undefined }, Infinity, () => pool as never);
    const done: number[] = [];
    // Its own loads the decoder first, and so lets others have their turn.
    await run.all(6, (number) => ({ kind: "test", container: "zip", fd: -1, lenient: false, password: undefined, look: undefined, items: [], number }) as never, (_, number) => void done.push(number));
    await run.close();
    expect(done.sort()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(given).toEqual([0, 2, 3, 4, 5]);
  });
});
