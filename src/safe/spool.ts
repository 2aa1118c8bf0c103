/** A private temporary file for what must be read back and forth but came through a pipe. */
import { closeSync, constants, openSync, rmSync, unlinkSync, writeSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromSystem } from "../errors.ts";
import type { Budget } from "./budget.ts";
import type { Bytes } from "../formats/contract.ts";

export interface Spool {
  readonly fd: number;
  readonly size: number;
  close(): void;
}

/** Copies all bytes into a file that nobody else can open and that has no name any more where the system allows that. */
export async function spool(input: Bytes, budget: Budget): Promise<Spool> {
  const path = join(tmpdir(), `unzipx-${randomBytes(12).toString("hex")}`);
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0), 0o600);
  } catch (error) {
    throw fromSystem(error, "write", `make a temporary file in "${tmpdir()}"`, { hint: "TMPDIR=DIR unzipx …" });
  }
  const named = process.platform === "win32"; // an open file cannot lose its name there
  if (!named) unlinkSync(path);
  let size = 0;
  const close = (): void => {
    closeSync(fd);
    if (named) rmSync(path, { force: true });
  };
  try {
    for await (const chunk of input) {
      budget.spend(chunk.length);
      for (let done = 0; done < chunk.length; ) {
        try {
          done += writeSync(fd, chunk, done, chunk.length - done);
        } catch (error) {
          throw fromSystem(error, "write", `keep the input in a temporary file in "${tmpdir()}"`, { hint: "TMPDIR=DIR unzipx …" });
        }
      }
      size += chunk.length;
    }
  } catch (error) {
    close();
    throw error;
  }
  return { fd, size, close };
}
