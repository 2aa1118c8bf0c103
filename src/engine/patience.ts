/** How long a decoder on another thread may keep silent: one that hangs does not come back. */
import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";
import { UnzipxError } from "../errors.ts";

/** Milliseconds, where nobody says otherwise. The slowest decoders (PPMd, bzip2) need less than a second for a block. */
export const PATIENCE = 30_000;
const SETTING = "unzipx patience";

/** From now on, also on threads that begin later: `seconds` without a sign of life are borne, 0 = any number. */
export function setPatience(seconds: number): void {
  setEnvironmentData(SETTING, seconds === 0 ? Infinity : seconds * 1000);
}

/** In milliseconds. */
export function usualPatience(): number {
  return (getEnvironmentData(SETTING) as number | undefined) ?? PATIENCE;
}

export function stalled(what: string, patience: number): UnzipxError {
  return new UnzipxError("BAD_DATA", `Cannot read ${what}: its decoder came to no end, as damaged data can make it`, {
    found: `nothing read or written for ${Math.round(patience / 1000)} s`, hint: `--max-stall ${Math.round(patience / 500)}`,
  });
}
