/** What is said of headers that are read beside the engine. */
import { UnzipxError } from "../../errors.ts";

/** `position` is that of the header, in bytes from the start of its volume. */
export function damaged(position: number, found: string): UnzipxError {
  return new UnzipxError("BAD_HEADER", `Cannot read the archive: the header at ${position} is damaged`, { expected: "the size and checksum that it names", found });
}

export function noEnd(): UnzipxError {
  return new UnzipxError("TRUNCATED", "Cannot read the archive: it has no end", { expected: "an end mark behind the last entry" });
}
