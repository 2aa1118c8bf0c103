/** Reads a tar in order: walks the blocks, joins extended headers with the header they describe, and trusts none of them. */
import { BlockReader } from "../../bytes/block-reader.ts";
import { UnzipxError } from "../../errors.ts";
import { decodeUtf8, decodeUtf8Escaping } from "../../text/charset.ts";
import type { DecodedName } from "../../text/names.ts";
import type { Bytes, EntryType, ReadOptions, StreamEntry } from "../contract.ts";
import { nameDecoder, type DecodeName } from "../stream-names.ts";
import { decodeHeader, type TarHeader } from "./header.ts";
import { parsePax } from "./pax.ts";
import { checkMap, expand, readOldGnuMap, readPaxMap, type SparseMap } from "./sparse.ts";

const BLOCK = 512;
const PATH_BYTES = 32 * 1024;
/** Up to here content is taken in one piece: without a copy, unless it lies across two chunks. */
const WHOLE_LIMIT = 1024 * 1024;

/** What stands before a header and speaks of it. */
interface Extension {
  pax: Map<string, Uint8Array>;
  longName: Uint8Array | undefined;
  longLink: Uint8Array | undefined;
  sparsePairs: string[];
  /** Why the entry that follows must be refused: its extensions contradict each other. */
  conflict: string | undefined;
}

/** Tells what is odd; of an entry, and with something to type, where there is. */
type Note = (text: string, entry?: string, hint?: string) => void;

export async function* readTar(input: Bytes, options: ReadOptions): AsyncGenerator<StreamEntry> {
  const reader = new BlockReader(input, "the tar archive");
  const global = new Map<string, Uint8Array>();
  const note: Note = (text, entry, hint) =>
    options.warn(new UnzipxError("ODDITY", text, { ...(entry !== undefined && { entry }), ...(hint !== undefined && { hint }) }));
  // A stream cannot look at all names before it decodes the first: without --encoding what is no UTF-8 is escaped.
  const decode = await nameDecoder(options.encoding);
  let extension = noExtension();
  try {
    for (;;) {
      const position = reader.position;
      const block = reader.tryTake(BLOCK) ?? (await reader.take(BLOCK));
      if (block === undefined) {
        refusePending(extension);
        // Many writers leave it out; but an archive that was cut between two entries looks just like that.
        note("The tar archive has no end marker: it is whole, or was cut off between two entries");
        return;
      }
      if (block[0] === 0 && block.every((byte) => byte === 0)) {
        refusePending(extension);
        const second = await reader.take(BLOCK);
        if (second !== undefined && !second.every((byte) => byte === 0)) {
          throw new UnzipxError("BAD_HEADER", `Cannot read the tar archive: something follows the lone zero block at ${position}`);
        }
        await drain(reader, options);
        return;
      }
      const header = decodeHeader(block, position);
      const padding = (BLOCK - (header.size % BLOCK)) % BLOCK;
      if (EXTENSIONS.has(header.type)) {
        const body = await takeBody(reader, header, padding, options);
        extend(extension, header, body, position, global, note);
        continue;
      }
      if (header.type === "V" || header.type === "M") {
        if (header.type === "M") throw new UnzipxError("UNSUPPORTED_FORMAT", "Cannot read the tar archive: it is one part of a split set");
        note("The archive carries a volume label, which is no entry", decodeUtf8Escaping(Buffer.from(header.name, "latin1")));
        await reader.skip(header.size + padding);
        continue;
      }
      const sparse = await sparseMapOf(header, block, extension, reader);
      const described = describe(header, extension, global, position, options.lenient, decode, note);
      const entry = sparse === undefined ? described : { ...described, size: sparse.size };
      const length = (described.size ?? 0) - (sparse?.mapBytes ?? 0);
      if (sparse !== undefined) checkMap(sparse, length);
      extension = noExtension();
      const pad = (BLOCK - (length % BLOCK)) % BLOCK;
      let left = length;
      const whole = sparse === undefined && length <= WHOLE_LIMIT ? await takeWhole(reader, length) : undefined;
      if (whole !== undefined) left = 0;
      yield {
        ...entry,
        whole,
        async *content() {
          if (whole !== undefined) {
            if (whole.length > 0) yield whole;
            return;
          }
          if (sparse !== undefined) {
            yield* expand(sparse, reader, (bytes) => (left -= bytes));
            return;
          }
          for await (const piece of reader.pieces(left)) {
            left -= piece.length;
            yield piece;
          }
        },
      };
      await reader.skip(left);
      // The last block may be cut short by writers that do not pad; nothing of the content is missing then.
      if (pad > 0 && reader.tryTake(pad) === undefined) await reader.take(pad);
    }
  } finally {
    await reader.close();
  }
}

const EXTENSIONS = new Set(["x", "X", "g", "L", "K", "N"]);
const PATH_KEYS = ["path", "linkpath", "size"];

/** An extended header that describes nothing: the archive was cut where its entry should be. */
function refusePending(extension: Extension): void {
  if (extension.pax.size === 0 && extension.longName === undefined && extension.longLink === undefined) return;
  throw new UnzipxError("TRUNCATED", "Cannot read the tar archive: it ends after an extended header");
}

async function sparseMapOf(header: TarHeader, block: Uint8Array, extension: Extension, reader: BlockReader): Promise<SparseMap | undefined> {
  if (header.type === "S") return readOldGnuMap(new Uint8Array(block), reader);
  if (!["GNU.sparse.major", "GNU.sparse.map", "GNU.sparse.size"].some((key) => extension.pax.has(key))) return undefined;
  const text = (key: string): string | undefined => {
    const value = extension.pax.get(key);
    return value === undefined ? undefined : Buffer.from(value).toString("latin1");
  };
  const paxSize = Number(text("size") ?? header.size);
  return readPaxMap(text, extension.sparsePairs, paxSize, reader);
}

async function takeWhole(reader: BlockReader, length: number): Promise<Uint8Array> {
  const whole = reader.tryTake(length) ?? (await reader.take(length));
  if (whole === undefined) throw new UnzipxError("TRUNCATED", "Cannot read the tar archive: it is cut off in front of an entry's content");
  return whole;
}

function noExtension(): Extension {
  return { pax: new Map(), longName: undefined, longLink: undefined, sparsePairs: [], conflict: undefined };
}

async function takeBody(reader: BlockReader, header: TarHeader, padding: number, options: ReadOptions): Promise<Uint8Array> {
  const limit = options.limits.headerBytes;
  if (header.size > limit) {
    throw new UnzipxError("LIMIT", "Stopped: an extended header of the tar archive is larger than any name or attribute needs", {
      expected: `at most ${limit} bytes`, found: `${header.size} bytes`,
    });
  }
  const kept = new Uint8Array(await takeWhole(reader, header.size)); // a copy, also of a Buffer, whose slice() is none: valid beyond the next read
  await reader.skip(padding);
  return kept;
}

function extend(
  extension: Extension, header: TarHeader, body: Uint8Array, position: number, global: Map<string, Uint8Array>, note: (text: string) => void,
): void {
  if (header.type === "L" || header.type === "K" || header.type === "N") {
    const end = body.indexOf(0);
    const text = end < 0 ? body : body.subarray(0, end);
    if (text.length > PATH_BYTES) throw new UnzipxError("LIMIT", "Stopped: a name in the tar archive is longer than any system allows", { expected: `at most ${PATH_BYTES} bytes`, found: `${text.length} bytes` });
    const key = header.type === "K" ? "longLink" : "longName";
    if (extension[key] !== undefined) note("Two long names stand in front of one header: the second one is taken");
    extension[key] = text;
    return;
  }
  const { records, duplicates, sparsePairs } = parsePax(body, position);
  const twice = duplicates.find((key) => PATH_KEYS.includes(key));
  if (header.type === "g") {
    const taken = PATH_KEYS.find((key) => records.has(key));
    // A global size or path would hold for every entry that follows: no writer means that.
    if (taken !== undefined) note(`A global header sets the "${taken}" of all entries: that is ignored`);
    for (const [key, value] of records) {
      if (!PATH_KEYS.includes(key)) global.set(key, value);
    }
    return;
  }
  if (extension.pax.size > 0) note("Two extended headers stand in front of one header: the second one adds to the first");
  if (twice !== undefined) extension.conflict = `its extended header gives its "${twice}" twice`;
  for (const [key, value] of records) extension.pax.set(key, value);
  extension.sparsePairs.push(...sparsePairs);
  const charset = records.get("hdrcharset");
  if (charset !== undefined && !["BINARY", "ISO-IR 10646 2000 UTF-8"].includes(Buffer.from(charset).toString("latin1"))) {
    note(`A header says that its text is in ${JSON.stringify(Buffer.from(charset).toString("latin1"))}: it is read as UTF-8`);
  }
}

/** What is odd about how an entry got its name; that it has another one in its header is what extended headers are for. */
function noteName(name: PickedName, extension: Extension, header: TarHeader, note: Note): void {
  if (name.escaped) note("A name holds bytes that are no text in its character set: they are written as %XX", name.text, "--encoding NAME");
  if (extension.pax.get("path")?.length === 0) note("An extended header gives an empty name: the header's own is taken", name.text);
  if (name.text !== header.name && /^\/|(^|\/)\.\.(\/|$)/.test(header.name)) note("An extended header covers up a name in the header that would be refused", name.text);
  if (header.ownName === "") note("An entry has no name of its own", name.text);
  if (header.hasDevice && (header.type === "0" || header.type === "5")) note("A file or folder carries device numbers, which mean nothing there", name.text);
}

type Described = Omit<StreamEntry, "whole" | "content">;

/** The entry of a header and of what stood before it. Throws where its size, and so the position of all that follows, is in doubt. */
function describe(header: TarHeader, extension: Extension, global: Map<string, Uint8Array>, position: number, lenient: boolean, decode: DecodeName, note: Note): Described {
  const pax = (key: string): Uint8Array | undefined => extension.pax.get(key) ?? global.get(key);
  const paxText = (key: string): string | undefined => {
    const value = pax(key);
    return value === undefined ? undefined : Buffer.from(value).toString("latin1");
  };
  let refusal = extension.conflict;
  // The header of a sparse file carries a made-up name; its own is here.
  const rawName = pickName(decode, extension.pax.get("GNU.sparse.name") ?? extension.pax.get("path"), extension.longName, header.name);
  const path = rawName.text;
  noteName(rawName, extension, header, note);
  refusal ??= rawName.refusal;
  const link = pickName(decode, extension.pax.get("linkpath"), extension.longLink, header.linkName);
  refusal ??= link.refusal;
  let size = header.size;
  const paxSize = paxText("size");
  if (paxSize !== undefined) {
    if (!/^[0-9]{1,16}$/.test(paxSize) || Number(paxSize) > Number.MAX_SAFE_INTEGER) {
      throw new UnzipxError("BAD_HEADER", `Cannot read the tar archive: the extended header before ${position} has a size that is no number`, { found: paxSize });
    }
    // The header's field is 0, or cannot hold the number, where the extended one is needed.
    if (Number(paxSize) !== header.size && header.size !== 0 && Number(paxSize) < 8 ** 11) {
      note(`An extended header gives a size of ${paxSize} bytes, the header itself ${header.size}: the extended one is taken`, path);
    }
    size = Number(paxSize);
  }
  const mtime = paxText("mtime");
  const seconds = mtime !== undefined && /^-?[0-9]+(\.[0-9]*)?$/.test(mtime) ? Number(mtime) : header.mtime;
  let type = TYPES.get(header.type);
  // v7 knows no folders: a trailing slash makes one.
  if (header.type === "0" && path.endsWith("/")) type = "directory";
  // GNU's list of a folder's contents ("D"), and sizes that old writers left in folders: skipped.
  if (size > 0 && type === "directory") note("A folder has content, which was skipped", path);
  // v7 kept the size of the file that a hard link leads to, and no content.
  if (type === "hardlink" && header.isV7) size = 0;
  if (type === undefined) {
    note(`An entry is of the unknown type ${JSON.stringify(header.type)}: it is left out`, path);
    type = "special";
  }
  if (size > 0 && type === "symlink") refusal ??= "it is a symbolic link, and it has content";
  if (size > 0 && type === "hardlink") refusal ??= "it is a hard link, and it has content";
  if (refusal !== undefined && lenient) {
    note(`An entry is read although ${refusal}`, path);
    refusal = undefined;
  }
  return {
    ...common(path, type, size, header, seconds, type === "symlink" || type === "hardlink" ? link.text : undefined),
    escaped: rawName.escaped,
    refusal: refusal === undefined ? undefined : new UnzipxError("AMBIGUOUS", `Refused an entry: ${refusal}`, { entry: path, hint: "--lenient" }),
  };
}

function common(path: string, type: EntryType, size: number, header: TarHeader, seconds: number, linkTarget: string | undefined): Omit<Described, "refusal"> {
  return {
    path, type, size, packedSize: undefined, mtime: seconds * 1000, mode: header.mode, linkTarget,
    method: "", crc32: undefined, encrypted: false, comment: undefined,
  };
}

/** "D" is GNU's folder with a list of its contents; "7" a file that wants to lie in one piece. */
const TYPES = new Map<string, EntryType>([
  ["0", "file"], ["7", "file"], ["S", "file"], ["1", "hardlink"], ["2", "symlink"],
  ["3", "special"], ["4", "special"], ["6", "special"], ["5", "directory"], ["D", "directory"],
]);

/** pax over GNU over the header's own field; where both extensions name it, they must agree. */
function pickName(decode: DecodeName, pax: Uint8Array | undefined, gnu: Uint8Array | undefined, own: string): PickedName {
  const given = pax ?? gnu;
  const bytes = given === undefined || given.length === 0 ? Buffer.from(own, "latin1") : given;
  // pax is UTF-8 by its text, and so it stays; but old writers, and those that say hdrcharset=BINARY, put in what they have.
  const utf8 = bytes === pax ? decodeUtf8(bytes) : undefined;
  const picked = utf8 === undefined ? decode(bytes) : { text: utf8, escaped: false };
  if (pax !== undefined && gnu !== undefined && Buffer.compare(pax, gnu) !== 0) return { ...picked, refusal: "two kinds of extended headers give it two names" };
  if (picked.text.includes("\0")) return { ...picked, refusal: "its extended header holds a NUL byte in a name" };
  return picked;
}

interface PickedName extends DecodedName {
  readonly refusal?: string;
}

/** Behind the end marker there may be padding, which filters must still verify, and nothing else. */
async function drain(reader: BlockReader, options: ReadOptions): Promise<void> {
  let behind = 0;
  for await (const piece of reader.rest()) {
    if (behind === 0 && piece.every((byte) => byte === 0)) continue;
    behind += piece.length;
  }
  if (behind > 0) options.warn(new UnzipxError("TRAILING_DATA", `The tar archive is followed by ${behind} bytes that were not read`));
}
