/**
 * The entries of a 7z by its own header, as 7-Zip lists them: to start it for that, and to read what it prints, takes longer than to decode what many an archive
 * holds. Only what is certain to be listed by it in just this way; undefined for all else, which it is asked about.
 */
import type { EntryType } from "../contract.ts";
import type { FileInfo } from "./decode-files.ts";
import type { Block, Method } from "./decode-header.ts";
import type { Item } from "./listing.ts";

export interface HeaderListing {
  readonly items: readonly Item[];
  /** As Facts.solid. */
  readonly solid: boolean;
}

/** What 7-Zip prints in another way than it stands there: control characters, backslashes, its own characters in their place, halves of surrogate pairs. */
const RESPELT = /[\u0000-\u001f\\\u007f\ue000-\uf8ff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
/** Of no entry a time is believed that lies before 1970, or beyond the four digits of a year. */
const LAST_TIME = Date.UTC(9999, 0, 1);

const DOS_DIRECTORY = 0x10;
const DOS_REPARSE_POINT = 0x400;
/** The upper half of the attributes is a Unix mode. */
const HAS_UNIX = 0x8000;
const UNIX_TYPES: ReadonlyMap<number, EntryType> = new Map([[0o100000, "file"], [0o040000, "directory"], [0o120000, "symlink"]]);

export function listHeader(blocks: readonly Block[], files: readonly FileInfo[]): HeaderListing | undefined {
  const contents = contentsOf(blocks);
  const items: Item[] = [];
  for (const file of files) {
    const content = file.hasStream ? contents.next().value : EMPTY;
    const kind = kindOf(file);
    if (content === undefined || kind === undefined || file.path === "" || RESPELT.test(file.path)) return undefined;
    if (file.mtime !== undefined && !(file.mtime >= 0 && file.mtime < LAST_TIME)) return undefined;
    items.push({ rawPath: asPrinted(file.path), mtime: file.mtime, rawLink: undefined, isMovedFolder: false, anti: false, ...kind, ...content });
  }
  return contents.next().done === true ? { items, solid: blocks.some(({ sizes }) => sizes.length > 1) } : undefined;
}

type Content = Pick<Item, "size" | "packedSize" | "crc32" | "method" | "encrypted" | "block">;

const EMPTY: Content = { size: 0, packedSize: 0, crc32: undefined, method: "", encrypted: false, block: "" };

/** What lies in the blocks, one behind the other; nothing where a method is not known. */
function* contentsOf(blocks: readonly Block[]): Generator<Content, undefined> {
  for (const [number, { methods, packSizes, sizes, sums }] of blocks.entries()) {
    const method = methodsOf(methods);
    if (method === undefined) return undefined;
    const packedSize = sizes.length === 1 ? packSizes.reduce((sum, size) => sum + size, 0) : undefined;
    const common = { packedSize, method, encrypted: methods.some(({ id }) => id === AES), block: String(number) };
    for (const [i, size] of sizes.entries()) yield { size, crc32: sums[i], ...common };
  }
  return undefined;
}

/** Type and permissions; undefined where the attributes say something else than the rest, or something special. */
function kindOf({ isFolder, hasStream, attributes }: FileInfo): Pick<Item, "type" | "mode"> | undefined {
  const plain: EntryType = isFolder ? "directory" : "file";
  if (attributes === undefined) return { type: plain, mode: undefined };
  if ((attributes & DOS_REPARSE_POINT) !== 0) return undefined;
  if ((attributes & HAS_UNIX) === 0) return ((attributes & DOS_DIRECTORY) !== 0) === isFolder ? { type: plain, mode: undefined } : undefined;
  const type = UNIX_TYPES.get((attributes >>> 16) & 0o170000);
  if (type !== plain && !(type === "symlink" && hasStream)) return undefined;
  return { type, mode: (attributes >>> 16) & 0o7777 };
}

/** UTF-8, its bytes as latin1. */
function asPrinted(path: string): string {
  // eslint-disable-next-line no-control-regex
  return /^[\u0000-\u007f]*$/.test(path) ? path : Buffer.from(path).toString("latin1");
}

const AES = "06f10701";
export const LZMA = "030101";
export const LZMA2 = "21";
/** By their ids (DOC/Methods.txt of 7-Zip), what they are called with their properties; those that say how much memory is needed. */
const METHODS: Readonly<Record<string, (properties: Buffer) => string | undefined>> = {
  "00": () => "Copy",
  [LZMA2]: (properties) => (properties.length === 1 && properties[0]! < 40 ? `LZMA2:${lzma2Dictionary(properties[0]!)}` : undefined),
  [LZMA]: lzma,
  "03030103": () => "BCJ",
  "0a": (properties) => (properties.length === 0 ? "ARM64" : undefined),
  "03": (properties) => (properties.length === 1 ? `Delta:${properties[0]! + 1}` : undefined),
  "030401": (properties) => (properties.length === 5 ? `PPMD:o${properties[0]}:mem${sizeText(properties.readUInt32LE(1))}` : undefined),
  "040108": () => "Deflate",
  "040202": () => "BZip2",
  [AES]: (properties) => (properties.length > 0 && (properties[0]! & 0x3f) <= 24 ? `7zAES:${properties[0]! & 0x3f}` : undefined),
};

/** The last one undone comes first. */
function methodsOf(methods: readonly Method[]): string | undefined {
  const names = methods.toReversed().map(({ id, properties }) => METHODS[id]?.(Buffer.from(properties)));
  return names.includes(undefined) ? undefined : names.join(" ");
}

/** lc, lp and pb in one byte, and 4 the size of the dictionary; those three are told where they are not the usual ones. */
function lzma(properties: Buffer): string | undefined {
  const usual = 3 + 9 * (0 + 5 * 2);
  return properties.length === 5 && properties[0] === usual ? `LZMA:${sizeText(properties.readUInt32LE(1))}` : undefined;
}

/** 2 or 3, times a power of two. */
function lzma2Dictionary(code: number): string {
  return sizeText((2 | (code & 1)) * 2 ** (code / 2 + 11 - (code % 2) / 2));
}

/** As an exponent of two, or in MiB, KiB or bytes. */
function sizeText(size: number): string {
  if (Number.isInteger(Math.log2(size))) return String(Math.log2(size));
  if (size % 2 ** 20 === 0) return `${size / 2 ** 20}m`;
  return size % 1024 === 0 ? `${size / 1024}k` : `${size}b`;
}
