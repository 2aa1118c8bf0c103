/** l -1, l -0 and l --hash: lines for other programs. */
import type { List } from "../bytes/list.ts";
import type { ListedEntry } from "../core/list.ts";
import { printable } from "../text/printable.ts";
import { inParts, shown } from "./render-list.ts";

/** A line is one name, whatever is in it: escaped. With a NUL behind each they are exact, unless somebody's terminal would get them. */
export function names(entries: List<ListedEntry>, exact: boolean, onTerminal: boolean): Generator<string> {
  return inParts(entries, ({ path }) => (!exact ? `${shown(path)}\n` : `${onTerminal ? printable(path) : path}\0`));
}

/** As sha256sum writes and reads it: only files that x makes, each by the name that it has in the folder of x. */
export function hashLines(entries: List<ListedEntry>, exact: boolean, onTerminal: boolean): Generator<string> {
  const last = new Map<string, ListedEntry>(); // of a name that comes again x keeps the last
  for (const entry of entries) if (entry.sha256 !== undefined && entry.refused === undefined) last.set(entry.place!, entry);
  return inParts([...entries].filter((entry) => last.get(entry.place ?? "") === entry), ({ sha256, place }) => {
    const name = place!;
    if (onTerminal) return `${sha256!}  ${printable(name)}${exact ? "\0" : "\n"}`;
    if (exact) return `${sha256!}  ${name}\0`;
    // A backslash in front says that there are some in the name.
    const escaped = name.replace(/[\\\n\r]/g, (one) => (one === "\\" ? "\\\\" : one === "\n" ? "\\n" : "\\r"));
    return `${escaped === name ? "" : "\\"}${sha256!}  ${escaped}\n`;
  });
}
