/** The table of `l`. */
import type { List } from "../bytes/list.ts";
import type { ListedEntry, Listing } from "../core/list.ts";
import type { Summary } from "../core/summary.ts";
import { printable } from "../text/printable.ts";
import { count, formatCount } from "../text/size.ts";
import { formatTime } from "../text/time.ts";
import { reasonOf } from "./problems.ts";

const ROWS_AT_ONCE = 1000;

/** No line of a comment stands where an entry could. */
const BELOW_COMMENT = "\n         ";

/** In parts, so that a million rows are not one string. */
export function* listingTable({ entries, comment, summary, whole }: Listing, dim: (text: string) => string, quiet: boolean): Generator<string> {
  if (quiet) {
    yield* inParts(entries, ({ path }) => `${shown(path)}\n`);
    return;
  }
  const { widest, packed, refused } = measured(entries);
  const totalPacked = packed ?? (whole ? summary.archiveBytes : undefined);
  const total: Cells = {
    size: String(summary.bytes), packed: totalPacked === undefined ? "" : String(totalPacked), ratio: totalPacked === undefined ? "" : ratio(summary.bytes, totalPacked),
    time: "", name: totalLine(summary, refused),
  };
  const widthOf = (column: "size" | "packed" | "ratio"): number => Math.max(HEAD[column].length, total[column].length, widest[column].length);
  const width = { size: widthOf("size"), packed: widthOf("packed"), ratio: widthOf("ratio") };
  const line = (cells: Cells): string =>
    trimmed(`${blanks(width.size, cells.size)}${cells.size}  ${blanks(width.packed, cells.packed)}${cells.packed}  ${blanks(width.ratio, cells.ratio)}${cells.ratio}  ${cells.time}${blanks(TIME, cells.time)}  ${cells.name}`);
  const timeOf = minutes();
  yield `${dim(line(HEAD))}\n`;
  yield* inParts(entries, (entry) => `${line(cellsOf(entry, timeOf))}\n`);
  yield `${dim(line(total))}\n`;
  yield* commentLines(comment, dim);
}

/** What is made of each entry, many in one string. */
export function* inParts(entries: List<ListedEntry>, line: (entry: ListedEntry) => string): Generator<string> {
  let part = "";
  for (let row = 0; row < entries.length; row++) {
    part += line(entries.at(row)!);
    if ((row + 1) % ROWS_AT_ONCE !== 0) continue;
    yield part;
    part = "";
  }
  if (part !== "") yield part;
}

/** How many entries x would refuse. */
export function refusedIn(entries: Iterable<ListedEntry>): number {
  let count = 0;
  for (const { refused } of entries) if (refused !== undefined) count += 1;
  return count;
}

/** "2 files, 1 folder; x refuses 1" */
export function totalLine(summary: Summary, refused: number): string {
  return `${describe(summary.files, summary.directories, summary.links)}${refused > 0 ? `; x refuses ${formatCount(refused)}` : ""}`;
}

export function* commentLines(comment: string | undefined, dim: (text: string) => string): Generator<string> {
  if (comment !== undefined && comment !== "") yield `${dim("Comment:")} ${comment.split(/\r?\n/).map(printable).join(BELOW_COMMENT)}\n`;
}

interface Cells {
  readonly size: string;
  readonly packed: string;
  readonly ratio: string;
  readonly time: string;
  readonly name: string;
}

const HEAD: Cells = { size: "Size", packed: "Packed", ratio: "Ratio", time: "Modified", name: "Name" };

/** padStart() and padEnd() take four times as long, and there may be a million rows. */
const BLANKS = Array.from({ length: 32 }, (_, count) => " ".repeat(count));
const TIME = 16;

function blanks(width: number, text: string): string {
  return BLANKS[width - text.length] ?? "";
}

function trimmed(line: string): string {
  return line.endsWith(" ") ? line.trimEnd() : line;
}

/** Since then all clocks show the same seconds. */
const WHOLE_MINUTES = Date.UTC(1973, 0);

/** formatTime(), which looks only once at times of the same minute that follow each other. */
function minutes(): (mtime: number) => string {
  let [minute, text] = [NaN, ""];
  return (mtime) => {
    if (mtime < WHOLE_MINUTES) return formatTime(mtime);
    const its = Math.floor(mtime / 60_000);
    if (its !== minute) [minute, text] = [its, formatTime(mtime)];
    return text;
  };
}

function cellsOf(entry: ListedEntry, timeOf: (mtime: number) => string): Cells {
  const isFile = entry.type === "file";
  const size = isFile ? (entry.size === undefined ? "?" : String(entry.size)) : "-";
  const packed = isFile && entry.packedSize !== undefined ? String(entry.packedSize) : "";
  const share = isFile && entry.size !== undefined && entry.packedSize !== undefined ? ratio(entry.size, entry.packedSize) : "";
  return { size, packed, ratio: share, time: entry.mtime === undefined ? "" : timeOf(entry.mtime), name: nameCell(entry) };
}

/** The name, or what the entry is called in its folder; whether it is encrypted, where it leads, why x refuses it. */
export function nameCell({ path, type, encrypted, linkTarget, refused }: ListedEntry, called = path): string {
  const link = linkTarget === undefined ? "" : `${type === "hardlink" ? " = " : " -> "}${printable(linkTarget)}`;
  return `${shown(called)}${encrypted ? " *" : ""}${link}${refused === undefined ? "" : `  ✗ ${printable(reasonOf(refused))}`}`;
}

/** A name that could be taken for an option by whoever gets it from here. */
export function shown(path: string): string {
  return printable(path.startsWith("-") ? `./${path}` : path);
}

function ratio(size: number, packed: number): string {
  return size === 0 ? "" : `${Math.round((packed / size) * 100)} %`;
}

interface Measured {
  /** The longest cells: those of the largest numbers. */
  readonly widest: Pick<Cells, "size" | "packed" | "ratio">;
  /** Bytes of all; undefined: of none it is known. */
  readonly packed: number | undefined;
  readonly refused: number;
}

/** What has to be known of all rows before the first. They are made later, some at a time: all at once they take more room than the entries. */
function measured(entries: List<ListedEntry>): Measured {
  let [mostSize, mostPacked, worst, packed, refused] = [0, 0, 0, undefined as number | undefined, 0];
  for (let row = 0; row < entries.length; row++) {
    const entry = entries.at(row)!;
    const { type, size = 0, packedSize } = entry;
    if (entry.refused !== undefined) refused += 1;
    if (packedSize !== undefined) packed = (packed ?? 0) + packedSize;
    if (type !== "file") continue;
    mostSize = Math.max(mostSize, size);
    mostPacked = Math.max(mostPacked, packedSize ?? 0);
    if (size > 0) worst = Math.max(worst, (packedSize ?? 0) / size);
  }
  return { widest: { size: String(mostSize), packed: String(mostPacked), ratio: ratio(1, worst) }, packed, refused };
}

export function describe(files: number, directories: number, links: number): string {
  const parts = [[files, "file"], [directories, "folder"], [links, "link"]] as const;
  const said = parts.filter(([number]) => number > 0).map(([number, what]) => count(number, what));
  return said.length === 0 ? "nothing" : said.join(", ");
}
