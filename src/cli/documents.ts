/** The pages of docs/ that are made from the code's own tables; scripts/docs.mjs writes them, and a test holds them there. */
import { FORMATS, WRITABLE_FORMATS } from "../core/create-formats.ts";
import { ERRORS } from "../errors.ts";
import { formatRows } from "./render-formats.ts";
import { EXIT_CODES } from "./table/texts.ts";

/** By their places below the project's folder. */
export function documents(): Readonly<Record<string, string>> {
  return { "docs/FORMATS.md": formatsPage(), "docs/EXIT-CODES.md": exitCodesPage() };
}

const MADE = "<!-- Made from the code by `npm run docs`. -->";

function formatsPage(): string {
  const yes = (is: boolean): string => (is ? "yes" : "–");
  const code = (words: readonly string[]): string => words.map((word) => `\`${word}\``).join(" ");
  return `# Formats
${MADE}

The content decides which format a file has, not its name; \`--format NAME\` overrules it. Filters and containers combine: a
\`.tar.gz\` is a tar in gzip, and a \`.tar.gz.zst\` is read as well.

${table(
    ["name", "what it is", "read", "write", "from a pipe", "encrypted", "endings"],
    formatRows().map(({ name, about, read, write, stream, encrypted, extensions }) => [`\`${name}\``, about, yes(read), yes(write), yes(stream), yes(encrypted), code(extensions)]),
  )}

"From a pipe": read in order, with bounded memory. The others have to be read from their end or in any order; from standard
input they are kept in a private temporary file first. "Encrypted": with a password, encrypted ones are read, and written where
the format is written.

## What \`c\` makes

The ending of the new archive's name says which; \`--format\` does for others, and for standard output. A format without a
container holds one file.

${table(
    ["\`--format\`", "endings", "usual level"],
    WRITABLE_FORMATS.map((name) => [`\`${name}\``, code(FORMATS[name].extensions), name === "tar" ? "–" : String(FORMATS[name].usualLevel ?? 6)]),
  )}
`;
}

function exitCodesPage(): string {
  const ids = (exit: number): string => Object.entries(ERRORS).filter(([, row]) => row.exit === exit).map(([id]) => `\`${id}\``).join(" ");
  return `# Exit codes and errors
${MADE}

The numbers are those of Info-ZIP and 7-Zip wherever these two agree. Of several errors the most severe decides: the one that
stands lowest in the second table.

${table(["code", "meaning", "errors that lead to it"], EXIT_CODES.map(([code, meaning]) => [String(code), meaning, ids(code)]))}

Every error has a stable name. It is \`code\` in the JSON documents and in \`UnzipxError\`. What is over once it happened: one entry
(the others go on), the archive (the next one goes on), or the run.

${table(["error", "exit code", "ends"], Object.entries(ERRORS).map(([id, { exit, ends }]) => [`\`${id}\``, String(exit), `the ${ends}`]))}

Errors with exit code 0 are notes: everything was done all the same.
`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
