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

/** Parses the whole output, read as latin1. `tail`: bytes behind the archive. `solid`: as Facts.solid. `nameless`: what an entry of a format without names is called; without it there is none. */
export function parseListing(text: string, nameless?: string): { readonly items: readonly Item[]; readonly tail: number; readonly solid: boolean } & Found {
  const comment = text.indexOf(COMMENT);
  const firstRule = text.indexOf(RULE);
  const from = comment >= 0 && comment < firstRule ? text.lastIndexOf(COMMENT_END) : 0;
  const cut = text.indexOf(RULE, Math.max(0, from));
  if (cut < 0) return { items: [], tail: 0, type: "", offset: 0, solid: false };
  // The archive's name and comment may look like anything, so only what stands behind the one and in front of the other counts.
  const start = text.lastIndexOf("\n--\n", comment >= 0 && comment < firstRule ? comment : cut);
  const own = text.slice(Math.max(0, start), comment >= 0 && comment < firstRule ? comment : cut);
  return {
    items: itemsOf(text.slice(cut + RULE.length), nameless), tail: Number(/^Tail Size = (\d+)$/m.exec(text.slice(0, cut))?.[1] ?? 0),
    type: /^Type = (.*)$/m.exec(own)?.[1] ?? "", offset: Number(/^Offset = (\d+)$/m.exec(own)?.[1] ?? 0),
    solid: /^Solid = \+$/m.test(own),
  };
}

/** The fields that are used. A listing has hundreds of thousands of lines, so of each entry only the places of these are noted. */
const FIELDS = ["Path", "Folder", "Size", "Packed Size", "Modified", "Attributes", "Mode", "CRC", "Encrypted", "Method", "Block", "Anti", "Symbolic Link", "Hard Link", "Link"] as const;
type Field = (typeof FIELDS)[number];
const NUMBERS: ReadonlyMap<string, number> = new Map(FIELDS.map((field, i) => [field, i]));
const ABSENT = -1;

/** What is said of one entry. */
class Fields {
  readonly #text: string;
  readonly #starts = FIELDS.map(() => ABSENT);
  readonly #ends = FIELDS.map(() => ABSENT);

  constructor(text: string) {
    this.#text = text;
  }

  clear(): void {
    this.#starts.fill(ABSENT);
  }

  /** Of a field that comes twice the first counts. */
  add(name: string, start: number, end: number): void {
    const number = NUMBERS.get(name);
    if (number === undefined || this.#starts[number] !== ABSENT) return;
    this.#starts[number] = start;
    this.#ends[number] = end;
  }

  has(field: Field): boolean {
    return this.#starts[NUMBERS.get(field)!] !== ABSENT;
  }

  /** Undefined also where nothing is said. */
  get(field: Field): string | undefined {
    const number = NUMBERS.get(field)!;
    const [start, end] = [this.#starts[number]!, this.#ends[number]!];
    return start === ABSENT || start === end ? undefined : this.#text.slice(start, end);
  }
}

function itemsOf(text: string, nameless: string | undefined): Item[] {
  const items: { -readonly [Key in keyof Item]: Item[Key] }[] = [];
  const fields = new Fields(text);
  const close = (): void => {
    const path = fields.has("Path") ? (fields.get("Path") ?? "") : fields.has("Size") ? nameless : undefined;
    if (path !== undefined) items.push(itemOf(path, fields));
    fields.clear();
  };
  for (let at = 0, end = 0; at < text.length; at = end + 1) {
    end = text.indexOf("\n", at);
    if (end < 0) end = text.length;
    if (end === at) {
      close();
      continue;
    }
    const cut = text.indexOf(" =", at); // "Size = 5"; where nothing is said there may be no space behind it
    if (cut <= at || cut >= end) continue;
    if (cut + 2 === end || text[cut + 2] === " ") fields.add(text.slice(at, cut), Math.min(cut + 3, end), end);
  }
  close();
  // Of a solid block the first entry carries what all of them take.
  const inBlock = new Map<string, number>();
  for (const { block } of items) inBlock.set(block, (inBlock.get(block) ?? 0) + 1);
  for (const item of items) if (item.block !== "" && inBlock.get(item.block)! > 1) item.packedSize = undefined;
  return items;
}

function itemOf(rawPath: string, fields: Fields): Item {
  const attributes = fields.get("Attributes") ?? "";
  const unix = unixOf(fields.get("Mode") ?? attributes);
  // Where there is such a field it decides: what it denies comes out as a file, whatever its mode says.
  const folder = fields.get("Folder");
  const isFolder = folder !== undefined ? folder === "+" : unix?.type === "d" || (unix === undefined && /^[A-Z]*D/.test(attributes));
  // WIM and NTFS: a reparse point, "L" among the letters.
  const isReparse = unix === undefined ? /^[A-Z]*L/.test(attributes) : unix.type === "l";
  let rawLink = fields.get("Symbolic Link") ?? (isReparse ? fields.get("Link")?.replaceAll("\\", "/") : undefined); // Windows separates with backslashes there
  const hard = fields.get("Hard Link");
  let type: EntryType = isFolder ? "directory" : "file";
  if (hard !== undefined && unix?.type !== "d") [type, rawLink] = ["hardlink", hard];
  else if (unix?.type === "l" || rawLink !== undefined) type = "symlink";
  else if (unix !== undefined && "cbps".includes(unix.type)) type = "special";
  const crc = fields.get("CRC");
  return {
    rawPath, type,
    size: number(fields.get("Size")), packedSize: number(fields.get("Packed Size")),
    mtime: time(fields.get("Modified")),
    mode: unix?.mode,
    rawLink,
    method: fields.get("Method") ?? "",
    crc32: crc !== undefined && /^[0-9A-F]{8}$/.test(crc) ? Number.parseInt(crc, 16) : undefined,
    encrypted: fields.get("Encrypted") === "+",
    block: fields.get("Block") ?? "",
    isMovedFolder: folder === "-" && unix?.type === "d",
    anti: fields.get("Anti") === "+",
  };
}

interface Unix {
  readonly type: string;
  readonly mode: number;
}

let lastAttributes = "";
let lastUnix: Unix | undefined;

/** DOS letters, then what ls would show, where the entry has a Unix mode; ISO has the latter only. Entries one behind the other have mostly the same. */
function unixOf(attributes: string): Unix | undefined {
  if (attributes === lastAttributes) return lastUnix;
  const found = /(?:^|\s)([-dlcbps?])([-r][-w][-xsS][-r][-w][-xsS][-r][-w][-xtT])/.exec(attributes);
  lastAttributes = attributes;
  return (lastUnix = found === null ? undefined : { type: found[1]!, mode: modeOf(found[2]!) });
}

function number(text: string | undefined): number | undefined {
  const found = text === undefined || !/^[0-9]{1,16}$/.test(text) ? NaN : Number(text);
  return Number.isSafeInteger(found) ? found : undefined;
}

let lastMinute = "";
let lastStart = NaN;

/** "2026-11-22 20:42:33.8975847", in local time: so 7-Zip shows what is UTC, and so it reads what has no zone. What lies in a row has often the same minute. */
function time(text: string | undefined): number | undefined {
  const found = /^(\d{4,5}-\d\d-\d\d \d\d:\d\d)(?::(\d\d))?(\.\d+)?/.exec(text ?? "");
  if (found === null) return undefined;
  if (found[1] !== lastMinute) {
    lastMinute = found[1]!;
    const [year, month, day, hour, minute] = lastMinute.split(/[- :]/).map(Number) as [number, number, number, number, number];
    lastStart = new Date(year, month - 1, day, hour, minute).getTime();
  }
  return Number.isFinite(lastStart) ? lastStart + Number(found[2] ?? 0) * 1000 + Number(found[3] ?? 0) * 1000 : undefined;
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
