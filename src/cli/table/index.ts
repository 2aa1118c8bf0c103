/** All commands, in the order of the help. */
import { C } from "./c.ts";
import { L } from "./l.ts";
import { OTHERS } from "./others.ts";
import type { CommandRow } from "./rows.ts";
import { T } from "./t.ts";
import { X } from "./x.ts";

export const COMMANDS: readonly CommandRow[] = [X, C, L, T, ...OTHERS];

export const DESCRIPTION = "Packs, unpacks, lists and tests archives.";

export const EXAMPLES: CommandRow["examples"] = [
  ["unzipx x photos.zip", "unpack; into a folder of its own if it holds more than one thing"],
  ["unzipx x site.tar.gz -C /srv/www", "unpack into a folder"],
  ["unzipx c backup.tar.gz notes src", "pack"],
  ["unzipx l photos.zip", "show what is inside"],
  ["unzipx t photos.zip", "verify every byte"],
];

/** In the order of the numbers; tests hold it beside the table of errors. */
export const EXIT_CODES: readonly (readonly [code: number, meaning: string])[] = [
  [0, "everything asked for was done and verified"],
  [1, "done, with warnings: something was left out"],
  [2, "another failure while reading or writing"],
  [3, "damaged: checksum, authentication or structure wrong"],
  [4, "the terms of use are not accepted, and there is nobody to ask"],
  [5, "the target exists"],
  [6, "an entry was refused as unsafe"],
  [7, "wrong command line"],
  [8, "a decoder wants more memory than allowed"],
  [9, "archive or input not found or not readable"],
  [11, "a pattern matched nothing"],
  [12, "a limit was hit: size, count, ratio or depth"],
  [50, "no space left"],
  [51, "the archive is cut off"],
  [81, "format or method not supported"],
  [82, "the password is missing or wrong"],
  [130, "interrupted; nothing half-written stays"],
  [143, "terminated; nothing half-written stays"],
];
