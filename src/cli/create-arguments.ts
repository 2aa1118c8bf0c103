/** From the flags of c to options of the core. Validates, and does nothing else. */
import type { CreateOptions, Encryption } from "../core/create.ts";
import { UnzipxError } from "../errors.ts";
import { parseTime } from "../text/time.ts";
import { sizeOf, wholeNumber } from "./arguments.ts";
import type { Flags } from "./program.ts";

export function levelOf(flags: Flags): number | undefined {
  const short = Array.from({ length: 10 }, (_, level) => level).filter((level) => flags[String(level)] === true);
  const levels = [...short, ...(flags["fast"] === true ? [1] : []), ...(flags["best"] === true ? [9] : [])];
  if (flags["level"] !== undefined) levels.push(wholeNumber("--level", flags["level"], 0, 9));
  if (new Set(levels).size > 1) throw new UnzipxError("USAGE", `Cannot compress at two levels: ${levels.join(" and ")} were given`);
  return levels[0];
}

type PackingArguments = Pick<CreateOptions, "encryption" | "encryptNames" | "method" | "split">;

export function packingArguments(flags: Flags): PackingArguments {
  const encrypts = flags["encrypt"] === true;
  if (flags["encryptMethod"] !== undefined && !encrypts) throw new UnzipxError("USAGE", "Cannot tell whether to encrypt: --encrypt-method says how, and -e is not given", { hint: "add -e" });
  if (!encrypts && (flags["password"] !== undefined || flags["passwordFile"] !== undefined || flags["passwordStdin"] === true)) {
    throw new UnzipxError("USAGE", "Cannot tell whether to encrypt: a password is given, and -e is not", { hint: "add -e" });
  }
  return {
    encryption: encrypts ? ((flags["encryptMethod"] as Encryption["method"] | undefined) ?? "aes256") : undefined,
    encryptNames: flags["encryptNames"] === true,
    method: flags["method"] as CreateOptions["method"],
    split: flags["split"] === undefined ? undefined : sizeOf("--split", flags["split"], 0),
  };
}

export type EntryArguments = Pick<CreateOptions, "base" | "dereference" | "gitignore" | "hidden" | "junk" | "prefix" | "reproducible" | "mtime">;

/** `env`: where SOURCE_DATE_EPOCH may stand, which counts with --reproducible (reproducible-builds.org/specs/source-date-epoch). */
export function entryArguments(flags: Flags, env: Readonly<Record<string, string | undefined>>): EntryArguments {
  const reproducible = flags["reproducible"] === true;
  const { SOURCE_DATE_EPOCH: epoch } = env;
  return {
    base: flags["directory"] as string | undefined,
    dereference: flags["dereference"] === true,
    gitignore: flags["gitignore"] === true,
    hidden: flags["hidden"] !== false,
    junk: flags["junk"] !== false,
    prefix: flags["prefix"] as string | undefined,
    reproducible,
    mtime: flags["mtime"] !== undefined ? timeFrom(String(flags["mtime"])) : reproducible && epoch !== undefined ? epochOf(epoch) : undefined,
  };
}

function timeFrom(text: string): number {
  const time = parseTime(text);
  if (time !== undefined) return time;
  throw new UnzipxError("USAGE", `Cannot understand --mtime "${text}": it is no date`, { expected: "2026-11-25, 2026-11-25T22:30:00Z or @SECONDS", hint: "--mtime 2026-11-25" });
}

function epochOf(text: string): number {
  if (/^[0-9]{1,12}$/.test(text)) return Number(text) * 1000;
  throw new UnzipxError("USAGE", `Cannot understand SOURCE_DATE_EPOCH "${text}": it is no number of seconds`, { hint: "--mtime DATE" });
}
