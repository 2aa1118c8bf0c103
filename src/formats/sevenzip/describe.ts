/** From what the engine lists to entries: names become text, methods tell how much memory they need. */
import { UnzipxError } from "../../errors.ts";
import type { DecodedNames } from "../../text/names.ts";
import type { Entry, SolidOptions } from "../contract.ts";
import type { Item } from "./listing.ts";

export interface Described extends Entry {
  /** As the engine prints it: bytes as latin1. */
  readonly rawPath: string;
  /** Bytes that the decoder needs for its dictionary; 0 = little. */
  readonly memory: number;
  /** Of entries in different blocks each can be decoded without the other; "" = nobody knows. */
  readonly block: string;
  /** Bytes that come out for it, whatever it is. */
  readonly contentSize: number | undefined;
  /** The engine's own invention, no entry of the archive. */
  readonly hidden?: boolean;
}

export async function describe(items: readonly Item[], options: SolidOptions, solid: boolean): Promise<Described[]> {
  const links = items.filter((item) => item.rawLink !== undefined);
  const { texts, escaped, encoding, notes } = await decodeNames([...items.map((item) => item.rawPath), ...links.map((item) => item.rawLink!)], options.encoding);
  for (const note of notes) options.warn(note);
  if (options.facts !== undefined) [options.facts.charset, options.facts.solid] = [encoding, solid];
  const targets = new Map(links.map((item, i) => [item, texts[items.length + i]!]));
  const described = items.map((item, i): Described => ({
    path: texts[i]!,
    type: item.type,
    size: item.type === "file" ? item.size : undefined,
    packedSize: item.packedSize,
    mtime: item.mtime,
    mode: item.mode,
    linkTarget: targets.get(item),
    method: item.method,
    crc32: item.crc32,
    encrypted: item.encrypted,
    comment: undefined,
    escaped: escaped?.[i] ?? false,
    refusal: undefined,
    rawPath: item.rawPath,
    memory: memoryOf(item.method),
    block: item.block,
    contentSize: item.size,
  }));
  const moved = items.filter((item) => item.isMovedFolder).length;
  if (moved > 0) options.warn(new UnzipxError("ODDITY", `${moved === 1 ? "A folder" : `${moved} folders`} deeper than ISO 9660 allows ${moved === 1 ? "lies" : "lie"} in another place (rr_moved): there an empty file has the name`));
  return described.filter((entry, i) => {
    if (items[i]!.anti) options.warn(new UnzipxError("ODDITY", "The archive asks for something to be deleted, which is not done", { entry: entry.path }));
    return !items[i]!.anti;
  });
}

/** On its side of the wire 7-Zip writes a backslash that is part of a name as U+F05C, lest it become a separator. */
const BACKSLASH = /\uf05c/g;

/** Character sets whose second bytes may be 0x5C, the backslash. */
const DOUBLE_BYTE = /^(shift_jis|gbk|gb18030|big5|euc-kr|cp932|cp936|cp949|cp950)$/i;

const NOT_ASCII = /[^\0-\x7f]/;

async function decodeNames(printed: readonly string[], encoding: string | undefined): Promise<Pick<DecodedNames, "texts" | "notes"> & Partial<DecodedNames>> {
  if (encoding === undefined && !printed.some((name) => NOT_ASCII.test(name))) return { texts: printed as string[], notes: [] };
  const raw = printed.map((name) => Buffer.from(name, "latin1"));
  const { decodeLegacyNames } = await import("../../text/names.ts");
  let decoded = decodeLegacyNames(raw, encoding);
  // 7-Zip makes a slash of every byte 0x5C in the names of DOS formats. 0x2F is never a second byte, so it can be told.
  const rejoined = raw.map(rejoin);
  if (rejoined.some((name, i) => name !== raw[i])) {
    const other = decodeLegacyNames(rejoined, encoding);
    if (other.encoding !== undefined && DOUBLE_BYTE.test(other.encoding)) decoded = other;
  }
  return { ...decoded, texts: decoded.texts.map((text) => text.replace(BACKSLASH, "\\")) };
}

/** A slash behind a lead byte becomes the backslash that it was. */
function rejoin(name: Uint8Array): Uint8Array {
  let fixed = name;
  for (let i = 0; i < name.length; i++) {
    if (name[i]! < 0x81 || name[i]! > 0xfe) continue;
    i += 1; // the second byte
    if (name[i] !== 0x2f) continue;
    if (fixed === name) fixed = new Uint8Array(name);
    fixed[i] = 0x5c;
  }
  return fixed;
}

let lastMethod = "";
let lastMemory = 0;

/** Entries of one block have the same method. "LZMA2:26", "LZMA:1536m", "PPMD:o8:mem24", "v6:m3:128K", "m3:17", "LZX:18": bytes, or a power of two. */
function memoryOf(method: string): number {
  if (method === lastMethod) return lastMemory;
  let most = 0;
  for (const word of method.split(" ")) {
    const found = /^(?:LZMA2?|LZX|LZMS|Quantum|Deflate64|Zstd|v\d+:m\d|m\d):(\d+)([bkmg]?)/i.exec(word) ?? /^PPMD:o\d+:mem(\d+)([bkmg]?)/i.exec(word);
    if (found !== null) most = Math.max(most, sizeOf(Number(found[1]), found[2]!.toLowerCase()));
  }
  lastMethod = method;
  return (lastMemory = most);
}

function sizeOf(count: number, unit: string): number {
  if (unit === "") return count < 64 ? 2 ** count : count;
  return count * 1024 ** "bkmg".indexOf(unit);
}
