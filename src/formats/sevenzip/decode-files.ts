/** What the header of a 7z says of its entries (7zFormat.txt: FilesInfo). */
import { fromFileTime } from "../../bytes/file-time.ts";
import { ByteReader, odd } from "./byte-reader.ts";
import { ID } from "./encode-header.ts";

export interface FileInfo {
  readonly path: string;
  /** Has a substream, the next one of all blocks; the others are empty. */
  readonly hasStream: boolean;
  readonly isFolder: boolean;
  /** Milliseconds since 1970, UTC. */
  readonly mtime: number | undefined;
  /** Windows' attributes; undefined: none are said. */
  readonly attributes: number | undefined;
}

/** Times and places that are told and not used, and what aligns the rest. */
const PASSED_OVER: ReadonlySet<number> = new Set([ID.C_TIME, ID.A_TIME, ID.DUMMY]);

/** Behind the byte that announces them. Throws BAD_HEADER for more than `most`. */
export function decodeFiles(reader: ByteReader, most: number): FileInfo[] {
  const count = reader.number();
  if (count > most) throw odd("number of entries", count);
  const found = new Map<number, ByteReader>();
  for (let id = reader.number(); id !== ID.END; id = reader.number()) {
    const content = new ByteReader(reader.take(reader.number()));
    if (found.has(id)) throw odd("property that comes twice", id);
    if (!PASSED_OVER.has(id)) found.set(id, content);
  }
  const names = read(found, ID.NAMES, (content) => namesIn(content, count));
  if (names === undefined) throw odd("lack of names", count);
  const isEmpty = read(found, ID.EMPTY_STREAM, (content) => content.bits(count));
  const empty = isEmpty?.filter(Boolean).length ?? 0;
  const isFile = read(found, ID.EMPTY_FILE, (content) => content.bits(empty));
  const mtimes = read(found, ID.M_TIME, (content) => valuesIn(content, count, timeIn));
  const attributes = read(found, ID.WIN_ATTRIBUTES, (content) => valuesIn(content, count, () => content.uint32()));
  for (const id of found.keys()) throw odd("property", id);
  let next = 0;
  return names.map((path, i) => {
    const hasStream = isEmpty?.[i] !== true;
    return { path, hasStream, isFolder: !hasStream && isFile?.[next++] !== true, mtime: mtimes?.[i], attributes: attributes?.[i] };
  });
}

/** Takes a property out of those that are `found`, and reads all of it. */
function read<T>(found: Map<number, ByteReader>, id: number, how: (content: ByteReader) => T): T | undefined {
  const content = found.get(id);
  if (content === undefined) return undefined;
  found.delete(id);
  const value = how(content);
  content.assertEnd();
  return value;
}

/** UTF-16, little-endian; a zero ends each. */
function namesIn(content: ByteReader, count: number): string[] {
  content.expect(0); // they follow here
  const names = Buffer.from(content.rest()).toString("utf16le").split("\0");
  if (names.pop() !== "" || names.length !== count) throw odd("number of names", names.length);
  return names;
}

function valuesIn<T>(content: ByteReader, count: number, value: (content: ByteReader) => T): (T | undefined)[] {
  const has = content.flags(count);
  content.expect(0); // they follow here
  return has.map((one) => (one ? value(content) : undefined));
}

function timeIn(content: ByteReader): number {
  const low = content.uint32();
  return fromFileTime(low, content.uint32());
}
