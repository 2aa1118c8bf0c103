/** The entry of a header and of what stood before it; where two of them disagree, both sides are named. */
import { UnzipxError } from "../../errors.ts";
import { decodeUtf8 } from "../../text/charset.ts";
import type { DecodedName } from "../../text/names.ts";
import type { EntryType, StreamEntry } from "../contract.ts";
import type { DecodeName } from "../stream-names.ts";
import { assertOneReading, textOf, type Conflict, type Extension, type Global, type Note } from "./extension.ts";
import type { TarHeader } from "./header.ts";

/** An entry whose content is still to be found. One object for each, of one shape: with copies of it there would be time for nothing else. */
export type Described = Omit<StreamEntry, "whole" | "content" | "owner"> & Writable<Pick<StreamEntry, "whole" | "content" | "owner">>;

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** What 11 octal digits hold. */
const OCTAL_LIMIT = 8 ** 11;
/** Bytes of the header's own name: a longer one needs an extended header, or ustar's second field. */
const NAME_BYTES = 100;
/** Dates end there, in milliseconds before and after 1970. */
const LATEST = 8.64e15;

/** "D" is GNU's folder with a list of its contents; "7" a file that wants to lie in one piece. */
const TYPES = new Map<string, EntryType>([
  ["0", "file"], ["7", "file"], ["S", "file"], ["1", "hardlink"], ["2", "symlink"],
  ["3", "special"], ["4", "special"], ["6", "special"], ["5", "directory"], ["D", "directory"],
]);

/**
 * Bytes between this header and the next, without padding: the extended header's word, where there is one. Throws where that is in doubt,
 * because with it the position of all that follows is.
 */
export function sizeOf(header: TarHeader, extension: Extension, position: number, lenient: boolean, note: Note): number {
  const value = extension.pax.get("size");
  if (value === undefined) return header.size;
  const text = Buffer.from(value).toString("latin1");
  const size = Number(text);
  if (!/^0*[0-9]{1,16}$/.test(text) || !Number.isSafeInteger(size)) {
    throw new UnzipxError("BAD_HEADER", `Cannot read the tar archive: the extended header before ${position} has a size that is no number`, { found: text });
  }
  // The header's field is 0 or whatever fits where it cannot hold the number; where it can, it must be the same number.
  if (size !== header.size && size < OCTAL_LIMIT) {
    assertOneReading({
      why: `the header at ${position} and the extended header before it give two sizes`,
      expected: `${size} bytes, as the extended header says`, found: `${header.size} bytes in the header itself`,
    }, "the extended one is taken", lenient, note);
  }
  return size;
}

export interface Names {
  readonly path: DecodedName;
  readonly link: DecodedName;
  readonly conflict: Conflict | undefined;
}

/** `isSparse`: the header of a sparse file carries a made-up name, its own is in a record of the map. */
export function namesOf(header: TarHeader, extension: Extension, global: Global, isSparse: boolean, decode: DecodeName, note: Note): Names {
  const sparseName = extension.pax.get("GNU.sparse.name");
  const plainName = extension.pax.get("path");
  const name = pickName(decode, (isSparse ? sparseName : undefined) ?? plainName ?? sparseName, extension.longName, header.name);
  const link = pickName(decode, extension.pax.get("linkpath"), extension.longLink, header.linkName);
  let conflict = extension.conflict ?? name.conflict;
  if (!isSparse && sparseName !== undefined && plainName !== undefined && Buffer.compare(sparseName, plainName) !== 0) {
    conflict ??= { why: "it has a name for a sparse file and another one, and is none", expected: textOf(plainName), found: textOf(sparseName) };
  }
  if (TYPES.get(header.type)?.endsWith("link") === true) {
    conflict ??= link.conflict;
    if (global.link !== undefined && extension.pax.get("linkpath") === undefined && Buffer.compare(global.link, Buffer.from(link.text)) !== 0) {
      conflict ??= { why: "it is a link with a target of its own, and a global header gives all links another one", expected: JSON.stringify(link.text), found: textOf(global.link) };
    }
  }
  noteName(name, header, extension, isSparse, note);
  return { path: name, link, conflict };
}

/** What is odd about how an entry got its name; that it has a shortened one in its header is what extended headers are for. */
function noteName(name: PickedName, header: TarHeader, extension: Extension, isSparse: boolean, note: Note): void {
  const entry = name.text;
  if (name.escaped) note("A name holds bytes that are no text in its character set: they are written as %XX", { entry, hint: "--encoding NAME" });
  if (extension.pax.get("path")?.length === 0) note("An extended header gives an empty name: the header's own is taken", { entry });
  if (header.name === "") note("An entry has no name of its own", { entry });
  if (name.text === header.name || name.given === undefined) {
    // From version 0.1 on made-up names keep those who know no sparse files from taking the data for the file.
    if (isSparse && header.type !== "S" && extension.sparsePairs.length === 0) note("A sparse file stands in the archive under its own name: others may take its data for all of it", { entry });
    return;
  }
  const sides = { entry, expected: JSON.stringify(name.text), found: JSON.stringify(header.name) };
  if (/^\/|(^|\/)\.\.(\/|$)/.test(header.name)) note("An extended header covers up a name in the header that would be refused", sides);
  else if (!isSparse && isPlain(name.given) && trimmed(name.text) !== trimmed(header.name)) note("An extended header gives another name than the header, which had room for it: the extended one is taken", sides);
}

/** Nothing in it keeps a header from holding it. */
function isPlain(name: Uint8Array): boolean {
  return name.length > 0 && name.length < NAME_BYTES && name.every((byte) => byte > 0x20 && byte < 0x7f);
}

/** Writers differ in whether folders end with a slash, and begin with "./". */
function trimmed(name: string): string {
  return name.replace(/^(\.\/)+/, "").replace(/\/+$/, "");
}

/** pax over GNU over the header's own field; where both extensions name it, they must agree. */
function pickName(decode: DecodeName, pax: Uint8Array | undefined, gnu: Uint8Array | undefined, own: string): PickedName {
  const given = pax ?? gnu;
  // pax is UTF-8 by its text, and so it stays; but old writers, and those that say hdrcharset=BINARY, put in what they have.
  const utf8 = given === pax && given !== undefined && given.length > 0 ? decodeUtf8(given) : undefined;
  const { text, escaped } = utf8 === undefined ? decode(given === undefined || given.length === 0 ? own : given) : { text: utf8, escaped: false };
  return { text, escaped, given, conflict: given === undefined ? undefined : conflictOf(text, pax, gnu) }; // a header's field ends at its first NUL
}

function conflictOf(text: string, pax: Uint8Array | undefined, gnu: Uint8Array | undefined): Conflict | undefined {
  if (pax !== undefined && gnu !== undefined && Buffer.compare(pax, gnu) !== 0) {
    return { why: "two kinds of extended headers give it two names", expected: textOf(pax), found: textOf(gnu) };
  }
  if (!text.includes("\0")) return undefined;
  return { why: "its extended header holds a NUL byte in a name", expected: JSON.stringify(text.slice(0, text.indexOf("\0"))), found: JSON.stringify(text) };
}

interface PickedName extends DecodedName {
  /** What an extended header says. */
  readonly given: Uint8Array | undefined;
  readonly conflict: Conflict | undefined;
}

/** `size` is that of the content; `hasData`: what is no file has content all the same. */
export function describe(header: TarHeader, extension: Extension, global: Global, names: Names, size: number, lenient: boolean, note: Note): Described {
  const entry = names.path.text;
  const type = typeOf(header, entry);
  let { conflict } = names;
  if (type === undefined) note(`An entry is of the unknown type ${JSON.stringify(header.type)}: it is left out`, { entry });
  const mtime = timeOf(header, extension, global, entry, note);
  if (header.hasDevice && (header.type === "0" || header.type === "5")) note("A file or folder carries device numbers, which mean nothing there", { entry });
  if (type === "directory" && header.type !== "D" && (header.mode & 0o700) !== 0 && (header.mode & 0o100) === 0) note("A folder's mode lets not even its owner in", { entry, found: header.mode.toString(8) });
  if (size > 0) {
    const what = type === undefined ? undefined : CONTENTLESS[type];
    // GNU's list of a folder's contents ("D"), and what else writers left in folders: skipped.
    if (type === "directory" && header.type !== "0") note("A folder has content, which was skipped", { entry, found: `${size} bytes` });
    else if (what !== undefined) conflict ??= { why: `${what}, and it has content`, expected: "no content", found: `${size} bytes` };
  }
  if (conflict !== undefined && lenient) {
    note(`An entry is read although ${conflict.why}`, { entry, expected: conflict.expected, found: conflict.found });
    conflict = undefined;
  }
  return {
    path: entry, type: type ?? "special", size, packedSize: undefined, mtime, mode: header.mode,
    linkTarget: type === "symlink" || type === "hardlink" ? names.link.text : undefined,
    method: "", crc32: undefined, encrypted: false, comment: undefined,
    escaped: names.path.escaped,
    refusal: conflict === undefined ? undefined : new UnzipxError("AMBIGUOUS", `Refused an entry: ${conflict.why}`, { entry, expected: conflict.expected, found: conflict.found, hint: "--lenient" }),
    whole: undefined, content: noContent,
  };
}

async function* noContent(): AsyncGenerator<Uint8Array> {}

const CONTENTLESS: Partial<Record<EntryType, string>> = {
  symlink: "it is a symbolic link", hardlink: "it is a hard link", special: "it is a device or a FIFO", directory: "its name says that it is a folder",
};

/** v7 knows no folders: a trailing slash makes one. Undefined for a type that nobody knows. */
export function typeOf(header: TarHeader, path: string): EntryType | undefined {
  return header.type === "0" && path.endsWith("/") ? "directory" : TYPES.get(header.type);
}

function timeOf(header: TarHeader, extension: Extension, global: Global, entry: string, note: Note): number | undefined {
  const given = extension.pax.get("mtime") ?? global.pax.get("mtime");
  const milliseconds = (secondsOf(given) ?? header.mtime) * 1000;
  if (Math.abs(milliseconds) <= LATEST) return milliseconds;
  note("An entry is of a time that no calendar has: it gets none", { entry });
  return undefined;
}

/** Of a pax record; undefined where there is none, or no number. */
function secondsOf(value: Uint8Array | undefined): number | undefined {
  if (value === undefined) return undefined;
  const text = Buffer.from(value).toString("latin1");
  return /^-?[0-9]+(\.[0-9]*)?$/.test(text) ? Number(text) : undefined;
}
