/** Split sets: whichever part is named, all of them are found, and one that is missing is named. */
import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { UnzipxError } from "../errors.ts";
import { neighboursOf } from "./cabinets.ts";

const MOST_CABINETS = 1000;

export interface VolumeSet {
  /** The part to open; of parts that are to be joined the first one. */
  readonly main: string;
  /** The parts are one file that was cut: what it was called. */
  readonly joined: string | undefined;
  /** Of such parts, the name of the one that would come next. */
  readonly next?: string;
  /** All parts in their order, `main` among them. */
  readonly parts: readonly string[];
}

interface Style {
  /** The stem, and the number or letter of the part. */
  readonly pattern: RegExp;
  /** Names of the parts from the first on, as long as somebody asks; `width` digits. */
  part(stem: string, number: number, width: number): string;
  readonly first: number;
  /** A part that comes before (rar) or behind (zip) the numbered ones and has another name. */
  main?(stem: string): string;
  readonly mainIsLast?: boolean;
  readonly isJoined?: boolean;
  /** The part that has to be there for this one to be one at all; undefined: none. */
  after?(stem: string, letter: string): string | undefined;
}

const STYLES: readonly Style[] = [
  { pattern: /^(?<stem>.+\.part)(?<number>\d+)\.(?:rar|exe)$/i, first: 1, part: (stem, number, width) => `${stem}${digits(number, width)}.rar` },
  // a.rar a.r00 … a.r99 a.s00 …
  { pattern: /^(?<stem>.+)\.(?<letter>[r-z])(?<number>\d\d)$/i, first: 0, part: (stem, number) => `${stem}.${String.fromCharCode(0x72 + Math.floor(number / 100))}${digits(number % 100, 2)}`, main: (stem) => `${stem}.rar`, after: afterRow },
  { pattern: /^(?<stem>.+)\.z(?<number>\d{2,})$/i, first: 1, part: (stem, number, width) => `${stem}.z${digits(number, width)}`, main: (stem) => `${stem}.zip`, mainIsLast: true },
  { pattern: /^(?<stem>.+)\.(?<number>\d{3,})$/, first: 1, part: (stem, number, width) => `${stem}.${digits(number, width)}`, isJoined: true },
];

/** The last part with the letter before: "tool.x64" follows "tool.w99", or has nothing to do with "tool.rar". */
function afterRow(stem: string, letter: string): string | undefined {
  const lower = letter.toLowerCase();
  return lower === "r" ? undefined : `${stem}.${String.fromCharCode(lower.charCodeAt(0) - 1)}99`;
}

function digits(number: number, width: number): string {
  return String(number).padStart(width, "0");
}

/** The set that a file belongs to; undefined when it stands alone. Throws NO_INPUT when one of its parts is not there. */
export function volumesOf(path: string): VolumeSet | undefined {
  const name = basename(path);
  const folder = dirname(path);
  for (const style of STYLES) {
    const numbered = style.pattern.exec(name)?.groups;
    const found = numbered ?? asMain(style, name);
    if (found === undefined) continue;
    const all = namesIn(folder);
    if (all === undefined) return undefined;
    const at = finder(all);
    if (!follows(style, name, at)) continue;
    const { stem } = found as { stem: string };
    // "a.part10.rar" belongs to "a.part1.rar" as well as to "a.part01.rar": whichever is there.
    const own = found["number"]?.length ?? 2;
    const width = at(style.part(stem, style.first, own)) === undefined ? narrowest(style, all, stem, own) : own;
    const partName = (number: number): string => style.part(stem, number, width);
    const parts: string[] = [];
    for (let number = style.first; at(partName(number)) !== undefined; number++) parts.push(at(partName(number))!);
    // Whatever has the form of a part and was not reached lies behind a gap.
    const seen = new Set(parts);
    const behind = all.filter((one) => !seen.has(one) && !/\.exe$/i.test(one) && isOfWidth(numberOf(style, one, stem), width) && follows(style, one, at));
    const main = style.main?.(stem);
    if (parts.length === 0 && behind.length === 0) continue; // not a set
    // Without its first part, "game.zip" has nothing to do with "game.z80"; if it has, its own content tells.
    if (parts.length === 0 && main !== undefined && (numbered === undefined || at(main) === undefined)) continue;
    if (main !== undefined && numbered === undefined && at(main)?.toLowerCase() !== name.toLowerCase()) continue; // the set of "a.rar" is not that of "a.exe"
    if (behind.length > 0) {
      if (style.isJoined === true && at(partName(style.first)) === undefined && parts.length === 0 && !looksSplit(behind)) continue; // "notes.2024"
      throw missing(path, partName(style.first + parts.length));
    }
    if (main !== undefined) {
      if (at(main) === undefined) throw missing(path, main);
      parts.splice(style.mainIsLast === true ? parts.length : 0, 0, at(main)!);
    }
    return {
      main: join(folder, main === undefined ? parts[0]! : at(main)!),
      ...(style.isJoined === true ? { joined: join(folder, stem), next: partName(style.first + parts.length) } : { joined: undefined }),
      parts: parts.map((one) => join(folder, one)),
    };
  }
  return /\.cab$/i.test(name) ? cabinetsOf(path) : undefined;
}

/** What the whole is called: a set without the number of a part. */
export function wholeName(path: string): string {
  try {
    const set = volumesOf(path);
    return set === undefined ? path : (set.joined ?? set.main.replace(/\.part\d+(?=\.[^.]+$)/i, ""));
  } catch {
    return path; // the set is not whole: said by whoever opens it
  }
}

/** The cabinets before and behind this one. */
function cabinetsOf(path: string): VolumeSet | undefined {
  const folder = dirname(path);
  const own = neighboursOf(path);
  if (own === undefined) return undefined;
  const all = namesIn(folder);
  if (all === undefined) return undefined;
  const names = new Map(all.map((one) => [one.toLowerCase(), one]));
  const parts = [basename(path)];
  for (const side of ["previous", "next"] as const) {
    for (let name = own[side]; name !== undefined; ) {
      const found = names.get(name.toLowerCase());
      if (found === undefined) throw missing(path, name);
      if (parts.includes(found) || parts.length === MOST_CABINETS) break; // a circle
      if (side === "next") parts.push(found);
      else parts.unshift(found);
      name = neighboursOf(join(folder, found))?.[side];
    }
  }
  return { main: join(folder, parts[0]!), joined: undefined, parts: parts.map((one) => join(folder, one)) };
}

/** What lies in a folder; undefined when that must not be known, though the files in it may be read: mode 0711. */
function namesIn(folder: string): string[] | undefined {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (["EACCES", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

/** Finds a name in a folder, whatever its case if it is not there as it is; and a program in place of a rar, as self-extracting sets begin. */
function finder(all: readonly string[]): (wanted: string) => string | undefined {
  const exact = new Set(all);
  const folded = new Map(all.map((one) => [one.toLowerCase(), one]));
  const at = (wanted: string): string | undefined => (exact.has(wanted) ? wanted : folded.get(wanted.toLowerCase()));
  return (wanted) => at(wanted) ?? (wanted.endsWith(".rar") ? at(wanted.replace(/rar$/, "exe")) : undefined);
}

/** "a.rar", "a.exe" and "a.zip" may be the main parts of sets. */
function asMain(style: Style, name: string): Record<string, string> | undefined {
  const [, stem, extension] = /^(.+)\.(rar|exe|zip)$/i.exec(name) ?? [];
  return stem !== undefined && style.main?.(stem).endsWith(extension!.toLowerCase().replace("exe", "rar")) === true ? { stem } : undefined;
}

/** False for a name that has the form of a part and cannot be one, with what lies beside it. */
function follows(style: Style, name: string, at: (wanted: string) => string | undefined): boolean {
  const { stem, letter } = style.pattern.exec(name)?.groups ?? {};
  const before = stem === undefined || letter === undefined ? undefined : style.after?.(stem, letter);
  return before === undefined || at(before) !== undefined;
}

/** The digits of a name that has the form of a part. */
function numberOf(style: Style, name: string, stem: string): string | undefined {
  const found = style.pattern.exec(name)?.groups;
  return found !== undefined && found["stem"]!.toLowerCase() === stem.toLowerCase() && Number(found["number"]) >= style.first ? found["number"] : undefined;
}

function isOfWidth(number: string | undefined, width: number): boolean {
  return number !== undefined && digits(Number(number), width) === number;
}

function narrowest(style: Style, all: readonly string[], stem: string, own: number): number {
  return all.reduce((width, one) => Math.min(width, numberOf(style, one, stem)?.length ?? width), own);
}

/** Two or more parts in a row, or ".002" alone: not a year, not a version. */
function looksSplit(parts: readonly string[]): boolean {
  return parts.some((one) => /\.0\d\d$/.test(one));
}

function missing(path: string, part: string): UnzipxError {
  return new UnzipxError("NO_INPUT", `Cannot read "${path}": it is part of a set, and another part is missing`, { expected: part, hint: `put ${part} beside the other parts` });
}
