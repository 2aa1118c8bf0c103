import { fromSystem, sideOf, type UnzipxError } from "../errors.ts";

/** What went wrong with an entry, on either side. */
export function entryTrouble(error: unknown): UnzipxError {
  const side = sideOf(error, "write");
  return fromSystem(error, side, `${side} an entry`);
}
