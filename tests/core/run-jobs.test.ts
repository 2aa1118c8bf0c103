import { describe, expect, it } from "vitest";
import { JobRun } from "../../src/core/run-jobs.ts";

describe("JobRun", () => {
  it("tells of a job that failed before anybody waited for the rest", async () => {
    // Beside the sources there is no worker file, so every job that is given away fails.
    const run = new JobRun<void>({ threads: 2, worthWorkers: true, signal: undefined });
    run.give({ kind: "test", container: "zip", fd: -1, lenient: false, password: undefined, look: undefined, items: [] }, () => {});
    await new Promise((resolve) => setTimeout(resolve, 500));
    await expect(run.all(0, () => ({}) as never, () => {})).rejects.toMatchObject({ code: "INTERNAL" });
    await run.close();
  });
});
