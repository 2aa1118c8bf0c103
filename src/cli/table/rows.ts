/** The types of the table of commands: from it come the parser, the help pages, the completions and the man page. */

/** In the order of a help page. */
export const GROUPS = ["What", "Where", "How", "Existing files", "Names", "Metadata", "Encryption", "Limits", "Output", "General"] as const;

/** What completes the value of a flag, where its choices do not say it. */
export type Completes = "file" | "folder" | "format" | "readable" | "writable";

export interface FlagRow {
  /** As Commander reads it: "-C, --directory <dir>". */
  readonly flag: string;
  /** No capital letter, no full stop. */
  readonly text: string;
  readonly group: (typeof GROUPS)[number];
  readonly choices?: readonly string[];
  /** May be given several times; the values add up. */
  readonly repeated?: true;
  /** A second name of another flag: read, and told nowhere but in the man page. */
  readonly hidden?: true;
  readonly completes?: Completes;
  /** Flags that cannot stand beside it, by the names of their values: "json". */
  readonly conflicts?: readonly string[];
}

export interface ArgumentRow {
  /** As Commander reads it: "<archive...>". */
  readonly name: string;
  readonly text: string;
  readonly choices?: readonly string[];
  readonly completes?: Completes;
  /** The value when it is not given. */
  readonly otherwise?: string;
}

export interface CommandRow {
  readonly name: string;
  readonly long?: string;
  readonly summary: string;
  readonly arguments: readonly ArgumentRow[];
  readonly flags: readonly FlagRow[];
  /** A command line, and what it does; no line is longer than 80 columns with it. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  /** Paragraphs below the examples. */
  readonly notes: readonly string[];
  /** Whether the terms stand in front of it. */
  readonly gated: boolean;
}

/** "-C, --directory <dir>" → its names with their dashes. */
export function namesOf({ flag }: Pick<FlagRow, "flag">): string[] {
  return flag.split(/[ ,]+/).filter((word) => word.startsWith("-"));
}

/** "-C, --directory <dir>" → "<dir>"; undefined: a switch. */
export function valueOf({ flag }: Pick<FlagRow, "flag">): string | undefined {
  return /<.*>$/.exec(flag)?.[0];
}
