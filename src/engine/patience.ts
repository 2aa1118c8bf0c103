/** How long a decoder on another thread may keep silent: one that hangs does not come back. */
import { nodeWorkers } from "../bytes/node-modules.ts";
import { UnzipxError } from "../errors.ts";

/** Milliseconds, where nobody says otherwise. The slowest decoders (PPMd, bzip2) need less than a second for a block. */
export const PATIENCE = 30_000;
const SETTING = "unzipx patience";
let isSet = false;

/** From now on, also on threads that begin later: `seconds` without a sign of life are borne, 0 = any number. */
export function setPatience(seconds: number): void {
  const patience = seconds === 0 ? Infinity : seconds * 1000;
  if (patience === PATIENCE && !isSet) return; // as it is anyhow, and nothing has to be loaded to say so
  isSet = true;
  nodeWorkers().setEnvironmentData(SETTING, patience);
}

/** In milliseconds. */
export function usualPatience(): number {
  return (nodeWorkers().getEnvironmentData(SETTING) as number | undefined) ?? PATIENCE;
}

export function stalled(what: string, patience: number): UnzipxError {
  return new UnzipxError("BAD_DATA", `Cannot read ${what}: its decoder came to no end, as damaged data can make it`, {
    found: `nothing read or written for ${Math.round(patience / 1000)} s`, hint: `--max-stall ${Math.round(patience / 500)}`,
  });
}
