/** A temporary file that nobody else can open, and that has no name any more where the system allows that. */
import { closeSync, constants, openSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomName } from "../bytes/random.ts";
import { fromSystem, leftBehind } from "../errors.ts";

export interface NamelessFile {
  readonly fd: number;
  /** Runs what reads or writes the file, and says what it is for where that fails. */
  orThrow<T>(action: () => T): T;
  /** It is gone then. Throws LEFT_BEHIND where it cannot be removed. */
  close(): void;
}

/** `what` will lie in it, as the messages call it. */
export function openNameless(what: string): NamelessFile {
  const folder = tmpdir();
  const path = join(folder, `unzipx-${randomName(12)}`);
  const orThrow = <T>(action: () => T): T => {
    try {
      return action();
    } catch (error) {
      throw fromSystem(error, "write", `keep ${what} in a temporary file in "${folder}"`, { hint: "TMPDIR=DIR unzipx …" });
    }
  };
  const fd = orThrow(() => openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0), 0o600));
  let isNamed = true;
  const unname = (): void => {
    unlinkSync(path);
    isNamed = false;
  };
  try {
    if (process.platform !== "win32") unname(); // an open file cannot lose its name there
  } catch {
    // once more when it is closed
  }
  let isOpen = true;
  return {
    fd, orThrow,
    close() {
      if (!isOpen) return;
      isOpen = false;
      try {
        closeSync(fd);
      } catch {
        // what was in it is of no use any more
      }
      if (!isNamed) return;
      try {
        unname();
      } catch (error) {
        throw leftBehind(path, error);
      }
    },
  };
}
