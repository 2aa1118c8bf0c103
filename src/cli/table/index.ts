/** All commands, in the order of the help. */
import { C } from "./c.ts";
import { L } from "./l.ts";
import { OTHERS } from "./others.ts";
import type { CommandRow } from "./rows.ts";
import { T } from "./t.ts";
import { X } from "./x.ts";

export const COMMANDS: readonly CommandRow[] = [X, C, L, T, ...OTHERS];
