/** What `l -slt` prints: a block of "Field = value" lines for each entry, parted by empty lines. Names are bytes here, in whatever character set they are. */
import type { EntryType } from "../contract.ts";

export interface Item {
  /** As printed: the archive's own bytes as latin1, or UTF-8 of what was Unicode. */
  readonly rawPath: string;
  readonly type: EntryType;
  readonly size: number | undefined;
  readonly packedSize: number | undefined;
  /** Milliseconds since 1970, UTC. */
  readonly mtime: number | undefined;
  readonly mode: number | undefined;
  /** As printed, like rawPath. */
  readonly rawLink: string | undefined;
  readonly method: string;
  readonly crc32: number | undefined;
  readonly encrypted: boolean;
  /** The number of the solid block it lies in, where there are such. */
  readonly block: string;
  /** Rock Ridge moves what lies too deep (RRIP 4.1.5): the place it was moved from is shown as a file with a folder's mode. */
  readonly isMovedFolder: boolean;
  /** It only says that something is to be deleted. */
  readonly anti: boolean;
}

/** Between what is said of the archive and its entries. */
const RULE = "\n----------\n";
/** A comment of several lines is printed as it is, and may look like anything: of the archive's own, the last closing brace is the end. */
const COMMENT = "\nComment = \n{\n";
const COMMENT_END = "\n}\n";

/** What 7-Zip took the file for: its name for the format, and where in the file that begins. */
export interface Found {
  readonly type: string;
  readonly offset: number;
}

/** Parses the whole output, read as latin1. `tail`: bytes behind the archive. `nameless`: what an entry of a format without names is called; without it there is none. */
export function parseListing(text: string, nameless?: string): { readonly items: readonly Item[]; readonly tail: number } & Found {
  const comment = text.indexOf(COMMENT);
  const firstRule = text.indexOf(RULE);
  const from = comment >= 0 && comment < firstRule ? text.lastIndexOf(COMMENT_END) : 0;
  const cut = text.indexOf(RULE, Math.max(0, from));
  if (cut < 0) return { items: [], tail: 0, type: "", offset: 0 };
  // The archive's name and comment may look like anything, so only what stands behind the one and in front of the other counts.
  const start = text.lastIndexOf("\n--\n", comment >= 0 && comment < firstRule ? comment : cut);
  const own = text.slice(Math.max(0, start), comment >= 0 && comment < firstRule ? comment : cut);
  return {
    items: itemsOf(text.slice(cut + RULE.length), nameless), tail: Number(/^Tail Size = (\d+)$/m.exec(text.slice(0, cut))?.[1] ?? 0),
    type: /^Type = (.*)$/m.exec(own)?.[1] ?? "", offset: Number(/^Offset = (\d+)$/m.exec(own)?.[1] ?? 0),
  };
}

function itemsOf(text: string, nameless: string | undefined): Item[] {
  const items: Item[] = [];
  let fields = new Map<string, string>();
  const close = (): void => {
    if (nameless !== undefined && !fields.has("Path") && fields.has("Size")) fields.set("Path", nameless);
    if (fields.has("Path")) items.push(itemOf(fields));
    fields = new Map();
  };
  for (const line of text.split("\n")) {
    const cut = line.indexOf(" = ");
    if (line === "") close();
    else if (cut > 0 && !fields.has(line.slice(0, cut))) fields.set(line.slice(0, cut), line.slice(cut + 3));
    else if (line.endsWith(" =") && !fields.has(line.slice(0, -2))) fields.set(line.slice(0, -2), "");
  }
  close();
  // Of a solid block the first entry carries what all of them take.
  const inBlock = new Map<string, number>();
  for (const { block } of items) inBlock.set(block, (inBlock.get(block) ?? 0) + 1);
  return items.map((item) => (item.block !== "" && inBlock.get(item.block)! > 1 ? { ...item, packedSize: undefined } : item));
}

function itemOf(fields: ReadonlyMap<string, string>): Item {
  const value = (key: string): string | undefined => {
    const found = fields.get(key);
    return found === "" ? undefined : found;
  };
  const attributes = value("Attributes") ?? "";
  // DOS letters, then what ls would show, where the entry has a Unix mode; ISO has the latter only.
  const unix = /(?:^|\s)([-dlcbps?])([-r][-w][-xsS][-r][-w][-xsS][-r][-w][-xtT])/.exec(value("Mode") ?? attributes);
  const rawPath = value("Path") ?? "";
  // Where there is such a field it decides: what it denies comes out as a file, whatever its mode says.
  const folder = value("Folder");
  const isFolder = folder !== undefined ? folder === "+" : unix?.[1] === "d" || (unix === null && /^[A-Z]*D/.test(attributes));
  // WIM and NTFS: a reparse point, "L" among the letters.
  const isReparse = unix === null ? /^[A-Z]*L/.test(attributes) : unix[1] === "l";
  let rawLink = value("Symbolic Link") ?? (isReparse ? value("Link")?.replaceAll("\\", "/") : undefined); // Windows separates with backslashes there
  const hard = value("Hard Link");
  let type: EntryType = isFolder ? "directory" : "file";
  if (hard !== undefined && unix?.[1] !== "d") [type, rawLink] = ["hardlink", hard];
  else if (unix?.[1] === "l" || rawLink !== undefined) type = "symlink";
  else if (unix !== null && unix !== undefined && "cbps".includes(unix[1]!)) type = "special";
  const crc = value("CRC");
  return {
    rawPath, type,
    size: number(value("Size")), packedSize: number(value("Packed Size")),
    mtime: time(value("Modified")),
    mode: unix === null ? undefined : modeOf(unix[2]!),
    rawLink,
    method: value("Method") ?? "",
    crc32: crc !== undefined && /^[0-9A-F]{8}$/.test(crc) ? Number.parseInt(crc, 16) : undefined,
    encrypted: value("Encrypted") === "+",
    block: value("Block") ?? "",
    isMovedFolder: folder === "-" && unix?.[1] === "d",
    anti: value("Anti") === "+",
  };
}

function number(text: string | undefined): number | undefined {
  const found = text === undefined || !/^[0-9]{1,16}$/.test(text) ? NaN : Number(text);
  return Number.isSafeInteger(found) ? found : undefined;
}

/** "2026-11-22 20:42:33.8975847", in local time: so 7-Zip shows what is UTC, and so it reads what has no zone. */
function time(text: string | undefined): number | undefined {
  const found = /^(\d{4,5})-(\d\d)-(\d\d) (\d\d):(\d\d)(?::(\d\d))?(\.\d+)?/.exec(text ?? "");
  if (found === null) return undefined;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((one) => Number(one ?? 0)) as [number, number, number, number, number, number];
  const whole = new Date(year, month - 1, day, hour, minute, second).getTime();
  return Number.isFinite(whole) ? whole + Number(found[7] ?? 0) * 1000 : undefined;
}

/** "rwxr-xr-x" as bits, with setuid, setgid and sticky. */
function modeOf(letters: string): number {
  let mode = 0;
  [...letters].forEach((letter, i) => {
    if (letter !== "-" && letter !== "S" && letter !== "T") mode |= 0o400 >> i;
    if ("sStT".includes(letter)) mode |= 0o4000 >> Math.floor(i / 3);
  });
  return mode;
}
