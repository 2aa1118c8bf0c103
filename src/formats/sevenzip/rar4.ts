/**
 * The headers of a rar 1.5 to 4 archive, read beside the engine: 7-Zip tells neither Unix modes nor links of these, and
 * takes a header whose checksum is wrong for the end of the archive.
 * The fields are those of RARLAB's "technote.txt", which came with rar 4.
 */
import { readSegments, sizeOf } from "../../bytes/segments.ts";
import { crc32 } from "../../bytes/crc32.ts";
import { UnzipxError } from "../../errors.ts";
import type { SolidSource } from "../contract.ts";
import type { Described } from "./describe.ts";
import { assertRar5Ends, isRar5, noEnd } from "./rar-end.ts";

const MARKER = 7;
const MAIN = 0x73;
const FILE = 0x74;
const END = 0x7b;
const MAIN_ENCRYPTED = 0x80;
const HAS_COMMENT = { [MAIN]: 0x02, [FILE]: 0x08 } as Record<number, number>; // rar 2: the comment's header lies inside, and is not summed
const SPLIT_BEFORE = 0x01;
const LARGE = 0x100;
const LONG_BLOCK = 0x8000;
const UNIX = 3;
/** Files that rar 2.9 or a later one is needed for are in archives that have an end block. */
const WITH_END = 29;

interface FileHeader {
  readonly isUnix: boolean;
  readonly attributes: number;
}

/** The entries with their modes, and links as links. Throws BAD_HEADER for a header that is damaged. */
export function refineRar4(entries: readonly Described[], source: SolidSource): readonly Described[] {
  const headers: FileHeader[] = [];
  if (isRar5(source)) {
    assertRar5Ends(source);
    return entries;
  }
  for (const { segments } of [source, ...source.volumes]) {
    const found = fileHeaders(segments, sizeOf(segments));
    if (found === undefined) return entries; // encrypted
    headers.push(...found);
  }
  if (headers.length !== entries.length) return entries;
  return entries.map((entry, i) => {
    const { isUnix, attributes } = headers[i]!;
    if (!isUnix) return entry;
    const format = attributes & 0o170000;
    const type = format === 0o120000 ? "symlink" : format === 0 || format === 0o100000 || format === 0o040000 ? entry.type : "special";
    return { ...entry, type, mode: attributes & 0o7777 };
  });
}

/** In the order of the archive; undefined when the headers are encrypted. */
function fileHeaders(segments: SolidSource["segments"], size: number): FileHeader[] | undefined {
  const headers: FileHeader[] = [];
  const buffer = Buffer.alloc(0xffff);
  let isWhole: boolean | undefined; // without an end block, that is; undefined while there was no file
  for (let position = (startOf(segments) ?? 0) + MARKER; position + 7 <= size; ) {
    const block = buffer.subarray(0, readSegments(segments, buffer.subarray(0, Math.min(buffer.length, size - position)), position));
    // 0 - low half of the CRC-32 of the rest of the header; 2 - type; 3 - flags; 5 - size of the header; 7 - size of the data behind it
    const type = block[2]!;
    const flags = block.readUInt16LE(3);
    const length = block.readUInt16LE(5);
    if (type < 0x72 || type > END) return headers; // no header: what is behind the archive is told elsewhere
    if (length < 7 || length > block.length) throw damaged(position, "a header of another size");
    if ((flags & (HAS_COMMENT[type] ?? 0)) === 0 && (crc32(block.subarray(2, length)) & 0xffff) !== block.readUInt16LE(0)) throw damaged(position, "another checksum");
    if (type === END) return headers;
    if (type === MAIN && (flags & MAIN_ENCRYPTED) !== 0) return undefined;
    let data = (flags & LONG_BLOCK) !== 0 || type === FILE ? block.readUInt32LE(7) : 0;
    if (type === FILE) {
      if (length < 32) throw damaged(position, "a header of another size");
      // 15 - host system; 24 - version needed; 28 - attributes; 32 - high half of the size of the data
      isWhole = isWhole !== false && block[24]! < WITH_END;
      if ((flags & LARGE) !== 0) data += block.readUInt32LE(32) * 2 ** 32;
      if ((flags & SPLIT_BEFORE) === 0) headers.push({ isUnix: block[15] === UNIX, attributes: block.readUInt32LE(28) });
    }
    position += length + data;
  }
  if (isWhole !== true) throw noEnd();
  return headers;
}

/** Behind the stub of a self-extracting archive; 7-Zip looks as far. */
function startOf(segments: SolidSource["segments"]): number | undefined {
  const head = Buffer.alloc(4 * 1024 * 1024);
  const found = head.subarray(0, readSegments(segments, head, 0)).indexOf("Rar!\x1a\x07\0", 0, "latin1");
  return found < 0 ? undefined : found;
}

function damaged(position: number, found: string): UnzipxError {
  return new UnzipxError("BAD_HEADER", `Cannot read the archive: the header at ${position} is damaged`, { expected: "the size and checksum that it names", found });
}
