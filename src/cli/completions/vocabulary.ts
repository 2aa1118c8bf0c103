/** What completion scripts are made of, and the questions that all of them ask the table. */
import { namesOf, valueOf, type ArgumentRow, type CommandRow, type Completes, type FlagRow } from "../table/rows.ts";

export interface Vocabulary {
  readonly commands: readonly CommandRow[];
  /** Names for --format. */
  readonly formats: { readonly readable: readonly string[]; readonly writable: readonly string[] };
  /** Endings of files, without the dot. */
  readonly endings: { readonly readable: readonly string[]; readonly writable: readonly string[] };
}

/** What can stand in a place: words, or files of a kind. */
export interface Candidates {
  readonly words: readonly string[];
  readonly files: Exclude<Completes, "format"> | undefined;
}

/** Flags as they are offered: second names of others are only read. */
export function offered({ flags }: CommandRow): FlagRow[] {
  return [...flags.filter(({ hidden }) => hidden !== true), { flag: "-h, --help", text: "show help", group: "General" }];
}

/** What can stand for an operand, or for the value of a flag. */
export function candidatesFor({ choices, completes }: Pick<ArgumentRow, "choices" | "completes">, command: CommandRow, { formats }: Vocabulary): Candidates {
  if (completes !== "format") return { words: choices ?? [], files: completes };
  const creates = command.arguments.some((argument) => argument.completes === "writable");
  return { words: creates ? formats.writable : formats.readable, files: undefined };
}

/** What can follow a flag; undefined: it is a switch. */
export function candidatesAfter(flag: FlagRow, command: CommandRow, vocabulary: Vocabulary): Candidates | undefined {
  return valueOf(flag) === undefined ? undefined : candidatesFor(flag, command, vocabulary);
}

export function namesOfCommand({ name, long }: CommandRow): string[] {
  return long === undefined ? [name] : [name, long];
}

/** All names of flags that are followed by a value, with what can be there; those with the same candidates together. */
export function valueFlags(command: CommandRow, vocabulary: Vocabulary): { names: readonly string[]; candidates: Candidates }[] {
  const groups = new Map<string, { names: string[]; candidates: Candidates }>();
  for (const flag of command.flags) {
    const candidates = candidatesAfter(flag, command, vocabulary);
    if (candidates === undefined) continue;
    const key = JSON.stringify(candidates);
    const group = groups.get(key) ?? { names: [], candidates };
    group.names.push(...namesOf(flag));
    groups.set(key, group);
  }
  return [...groups.values()];
}
