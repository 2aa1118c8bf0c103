/** Randomness for names that nobody can guess. */
import { closeSync, openSync, readSync } from "node:fs";
import { nodeCrypto } from "./node-modules.ts";

/** From the system itself: to load node:crypto takes longer than to unpack a small archive. */
const SYSTEM = "/dev/urandom";

export function randomName(bytes: number): string {
  return (fromSystem(bytes) ?? nodeCrypto().randomBytes(bytes)).toString("hex");
}

/** Undefined where it gives none. */
function fromSystem(bytes: number): Buffer | undefined {
  if (process.platform === "win32") return undefined;
  try {
    const fd = openSync(SYSTEM, "r");
    try {
      const random = Buffer.alloc(bytes);
      return readSync(fd, random) === bytes ? random : undefined;
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}
