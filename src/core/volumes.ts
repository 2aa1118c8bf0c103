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
}

const STYLES: readonly Style[] = [
  { pattern: /^(?<stem>.+\.part)(?<number>\d+)\.(?:rar|exe)$/i, first: 1, part: (stem, number, width) => `${stem}${digits(number, width)}.rar` },
  // a.rar a.r00 … a.r99 a.s00 …
  { pattern: /^(?<stem>.+)\.(?<letter>[r-z])(?<number>\d\d)$/i, first: 0, part: (stem, number) => `${stem}.${String.fromCharCode(0x72 + Math.floor(number / 100))}${digits(number % 100, 2)}`, main: (stem) => `${stem}.rar` },
  { pattern: /^(?<stem>.+)\.z(?<number>\d{2,})$/i, first: 1, part: (stem, number, width) => `${stem}.z${digits(number, width)}`, main: (stem) => `${stem}.zip`, mainIsLast: true },
  { pattern: /^(?<stem>.+)\.(?<number>\d{3,})$/, first: 1, part: (stem, number, width) => `${stem}.${digits(number, width)}`, isJoined: true },
];

function digits(number: number, width: number): string {
  return String(number).padStart(width, "0");
}

/** The set that a file belongs to; undefined when it stands alone. Throws NO_INPUT when one of its parts is not there. */
export function volumesOf(path: string): VolumeSet | undefined {
  const name = basename(path);
  const folder = dirname(path);
  for (const style of STYLES) {
    const found = style.pattern.exec(name)?.groups ?? asMain(style, name);
    if (found === undefined) continue;
    const all = readdirSync(folder);
    const at = finder(all);
    const { stem } = found as { stem: string };
    // "a.part10.rar" belongs to "a.part1.rar" as well as to "a.part01.rar": whichever is there.
    const own = found["number"]?.length ?? 2;
    const width = at(style.part(stem, style.first, own)) === undefined ? narrowest(style, all, stem, own) : own;
    const partName = (number: number): string => style.part(stem, number, width);
    const parts: string[] = [];
    for (let number = style.first; at(partName(number)) !== undefined; number++) parts.push(at(partName(number))!);
    // Whatever has the form of a part and was not reached lies behind a gap.
    const seen = new Set(parts);
    const behind = all.filter((one) => !seen.has(one) && !/\.exe$/i.test(one) && isOfWidth(numberOf(style, one, stem), width));
    const main = style.main?.(stem);
    if (parts.length === 0 && behind.length === 0) continue; // not a set
    if (parts.length === 0 && main !== undefined && at(main) === undefined) continue; // "tool.x64"
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
      joined: style.isJoined === true ? join(folder, stem) : undefined,
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
  const names = new Map(readdirSync(folder).map((one) => [one.toLowerCase(), one]));
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
