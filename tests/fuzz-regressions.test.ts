/** What fuzzing found once: each archive with the outcome that is right, and with all that must hold for any archive. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeBox, type Box } from "../fuzz/box.ts";
import { check } from "../fuzz/properties.ts";
import { ERRORS, type ErrorCode } from "../src/errors.ts";

const folder = fileURLToPath(new URL("../fixtures/fuzz", import.meta.url));
/** What the conformance test reads as well: the error that is right, or the entries. */
type Expected = { readonly password?: string; readonly error?: ErrorCode; readonly exit?: number };

let top: string;
let box: Box;
let fifo: string | undefined;

beforeAll(() => {
  top = mkdtempSync(join(tmpdir(), "unzipx-regressions-"));
  box = makeBox(join(top, "box"));
  try {
    execFileSync("mkfifo", [join(top, "pipe")]);
    fifo = join(top, "pipe");
  } catch {
    fifo = undefined; // then nothing is read from a pipe
  }
});
afterAll(() => {
  box.remove();
  rmSync(top, { recursive: true, force: true });
});

describe("what fuzzing found", () => {
  for (const name of readdirSync(folder).filter((one) => !one.endsWith(".json"))) {
    it(`${name} ends as it should, and all properties hold`, { timeout: 120_000 }, async () => {
      const { password, error } = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as Expected;
      const verdict = await check({ name, bytes: readFileSync(join(folder, name)), password, also: ["pipe", "threads", "new folder", "lenient", "recursive"] }, box, fifo);
      expect(verdict.faults).toEqual([]);
      expect(verdict.exit).toBe(error === undefined ? 0 : ERRORS[error].exit);
    });
  }
});
