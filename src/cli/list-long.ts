/** l --long: a line for each entry, as ls -l and tar -tv show it. */
import type { ListedEntry, Listing } from "../core/list.ts";
import type { EntryType, Owner } from "../formats/contract.ts";
import { printable } from "../text/printable.ts";
import { formatTime } from "../text/time.ts";
import { commentLines, inParts, nameCell, refusedIn, totalLine } from "./render-list.ts";

/** What stands in front of the name, which is the last column. */
const COLUMNS = ["mode", "owner", "size", "packed", "method", "time"] as const;
type Cells = Record<(typeof COLUMNS)[number], string>;

const HEAD: Cells = { mode: "Mode", owner: "Owner", size: "Size", packed: "Packed", method: "Method", time: "Modified" };
const TO_THE_RIGHT: ReadonlySet<string> = new Set(["size", "packed"]);

export function* longTable({ entries, comment, summary }: Listing, dim: (text: string) => string): Generator<string> {
  const width = { mode: 10, owner: 0, size: 4, packed: 6, method: 6, time: 16 };
  for (const entry of entries) {
    const cells = cellsOf(entry);
    for (const column of COLUMNS) width[column] = Math.max(width[column], cells[column].length);
  }
  const columns = COLUMNS.filter((column) => column !== "owner" || width.owner > 0);
  const line = (cells: Cells, name: string): string =>
    `${columns.map((column) => (TO_THE_RIGHT.has(column) ? cells[column].padStart(width[column]) : cells[column].padEnd(width[column]))).join("  ")}  ${name}`.trimEnd();
  if (width.owner > 0) width.owner = Math.max(width.owner, HEAD.owner.length);
  yield `${dim(line(HEAD, "Name"))}\n`;
  yield* inParts(entries, (entry) => `${line(cellsOf(entry), nameCell(entry))}\n`);
  yield `${dim(totalLine(summary, refusedIn(entries)))}\n`;
  yield* commentLines(comment, dim);
}

function cellsOf({ type, mode, owner, size, packedSize, method, cipher, mtime }: ListedEntry): Cells {
  const isFile = type === "file";
  return {
    mode: modeOf(type, mode),
    owner: owner === undefined ? "" : ownerOf(owner),
    size: isFile ? (size === undefined ? "?" : String(size)) : "-",
    packed: isFile && packedSize !== undefined ? String(packedSize) : "",
    method: printable([method, cipher].filter((one) => one !== undefined && one !== "").join("+")),
    time: mtime === undefined ? "" : formatTime(mtime),
  };
}

/** As tar -tv shows it: by name, where there is one. */
function ownerOf({ uid, gid, user, group }: Owner): string {
  return printable(`${user ?? uid ?? ""}/${group ?? gid ?? ""}`);
}

/** tar's letters. */
const LETTERS: Record<EntryType, string> = { file: "-", directory: "d", symlink: "l", hardlink: "h", special: "?" };

/** 0o4755 of a file → "-rwsr-xr-x". */
export function modeOf(type: EntryType, mode: number | undefined): string {
  if (mode === undefined) return `${LETTERS[type]}?????????`;
  const triple = (shift: number, special: number, letter: string): string => {
    const bits = mode >> shift;
    const x = (bits & 1) !== 0;
    return `${(bits & 4) !== 0 ? "r" : "-"}${(bits & 2) !== 0 ? "w" : "-"}${(mode & special) === 0 ? (x ? "x" : "-") : x ? letter : letter.toUpperCase()}`;
  };
  return `${LETTERS[type]}${triple(6, 0o4000, "s")}${triple(3, 0o2000, "s")}${triple(0, 0o1000, "t")}`;
}
