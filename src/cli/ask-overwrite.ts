/** The question about a file that exists already. */
import { UnzipxError } from "../errors.ts";
import type { Answer, Conflict } from "../safe/conflicts.ts";
import { formatSize } from "../text/size.ts";
import { printable } from "../text/printable.ts";
import { formatTime } from "../text/time.ts";
import { askOnTerminal } from "./prompt.ts";
import { stderr } from "./streams.ts";

const ANSWERS = new Map<string, Answer>(Object.entries({
  y: "yes", yes: "yes", n: "no", no: "no", a: "all", all: "all", o: "none", none: "none", r: "rename", rename: "rename", u: "newer", newer: "newer",
}));

export async function askAboutFile({ path, existing, entry }: Conflict): Promise<Answer> {
  // In whole seconds, as "newer" compares them.
  const later = entry.mtime === undefined ? 0 : Math.sign(Math.floor(entry.mtime / 1000) - Math.floor(existing.mtime / 1000));
  stderr.write(`"${printable(path)}" exists already:\n  there:   ${describe(existing.size, existing.mtime)}${later < 0 ? ", newer" : ""}\n  archive: ${describe(entry.size, entry.mtime)}${later > 0 ? ", newer" : ""}\n`);
  for (;;) {
    const answer = await askOnTerminal("Replace it? [y]es, [n]o, [a]ll, n[o]ne, [r]ename, [u] if newer: ");
    if (answer === undefined) throw new UnzipxError("CONFLICT", `Cannot extract "${path}": it exists already and nobody answered`, { entry: path, hint: "-f, -n or -u" });
    const known = ANSWERS.get(answer.trim().toLowerCase());
    if (known !== undefined) return known;
  }
}

function describe(size: number | undefined, mtime: number | undefined): string {
  return `${size === undefined ? "size unknown" : formatSize(size)}, ${mtime === undefined ? "time unknown" : formatTime(mtime)}`;
}
