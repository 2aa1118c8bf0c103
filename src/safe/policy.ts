/** What an extraction may do, as plain data. The defaults are the safe ones; every loosening is a flag the user typed. */
import type { ReadLimits } from "../formats/contract.ts";

export type Overwrite = "ask" | "always" | "never" | "newer" | "rename" | "fail";

/** Counted on what is really written, not on what headers promise. 0 = no limit. */
export interface Limits {
  /** Bytes of content in all. By default only the free space of the target's file system limits it. */
  readonly bytes: number;
  readonly files: number;
  /** Bytes of content to bytes of archive, once `RATIO_STARTS_AT` bytes came out. */
  readonly ratio: number;
  /** Folders in one path. */
  readonly depth: number;
  /** Bytes that one decoder's dictionary or window may take. */
  readonly memory: number;
  /** Seconds that a decoder may neither read nor write. */
  readonly stall: number;
}

export interface Policy {
  readonly overwrite: Overwrite;
  readonly limits: Limits;
  /** Symlinks and hard links that stay inside, or none. */
  readonly links: "safe" | "skip";
  readonly keepMode: boolean;
  readonly keepMtime: boolean;
  /** Files belong to those who the archive says; for root only. */
  readonly sameOwner: boolean;
  readonly unsafePaths: boolean;
  /** Take one of two readings instead of refusing; also keeps names apart that differ in case only. */
  readonly lenient: boolean;
  /** All or nothing, also into a folder that is there: whatever fails leaves it as it was. */
  readonly atomic: boolean;
  readonly platform: NodeJS.Platform;
}

export const DEFAULT_LIMITS: Limits = {
  bytes: 0,
  files: 1_000_000,
  // Text compresses 5:1, logs and databases 20:1 to 100:1. Deflate's best is 1032:1, and only a bomb lives up there.
  ratio: 200,
  depth: 256,
  // xz -9 asks for 64 MiB, zstd --ultra -22 for 128, 7z ultra for up to 256.
  memory: 256 * 1024 * 1024,
  // The slowest decoders (PPMd, bzip2) need less than a second for a block.
  stall: 30,
};

export const NO_LIMITS: Limits = { bytes: 0, files: 0, ratio: 0, depth: 4096, memory: 0, stall: 0 };

/** Levels of archives inside archives that are followed where nobody says how many: real ones have two or three, endless ones any number. */
export const USUAL_LEVELS = 8;

/** No name or attribute needs more than this. */
const HEADER_BYTES = 1024 * 1024;

/** What of the limits holds for readers. */
export function readLimits(limits: Limits): ReadLimits {
  return { entries: limits.files, headerBytes: HEADER_BYTES, memory: limits.memory };
}

/** Below this no ratio does any harm: a file of zeros is not an attack. */
export const RATIO_STARTS_AT = 64 * 1024 * 1024;

/** Up to here no disk is filled, and a ratio so many times the limit is allowed to what is not one byte all over: a log that says the same for 230 MiB is no attack either. */
export const HARMLESS_BELOW = 256 * 1024 * 1024;
export const RATIO_BELOW_HARM = 10;

/** What the name of an entry and the target of its link may take, where there are as many entries as the limit allows; the real ones take a third of that. */
export const NAME_BYTES = 256;
export const NAMES_AT_LEAST = 64 * 1024 * 1024;

/** Bytes that an extraction leaves free on the target's file system. */
export const FREE_SPACE_RESERVE = 16 * 1024 * 1024;

export const DEFAULT_POLICY: Policy = {
  overwrite: "fail",
  limits: DEFAULT_LIMITS,
  links: "safe",
  keepMode: true,
  keepMtime: true,
  sameOwner: false,
  unsafePaths: false,
  lenient: false,
  atomic: false,
  platform: process.platform,
};

/** Whether names that differ in case only are one name, as far as it can be told without trying it out. */
export function usuallyFolds({ platform }: Policy): boolean {
  return platform === "win32" || platform === "darwin";
}
