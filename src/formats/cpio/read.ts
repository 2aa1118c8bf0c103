/** Reads a cpio archive in order, and those that follow it in the same file, as the parts of an initramfs do. */
import { BlockReader } from "../../bytes/block-reader.ts";
import { UnzipxError } from "../../errors.ts";
import type { Bytes, EntryType, ReadOptions, StreamEntry } from "../contract.ts";
import { detect, HEAD_BYTES } from "../detect.ts";
import { nameDecoder, noteEscaped, type DecodeName } from "../stream-names.ts";
import { decodeHeader, headerLength, MAGIC_LENGTH, TRAILER } from "./header.ts";
import { Links, type Named } from "./links.ts";

const WHAT = "the cpio archive";
const NAME_BYTES = 32 * 1024;
/** What Linux allows (PATH_MAX), and more than others do. */
const TARGET_BYTES = 4096;
/** Up to here content is taken in one piece: without a copy, unless it lies across two chunks. */
const WHOLE_LIMIT = 1024 * 1024;
/** Compressed parts inside compressed parts; a kernel has one. */
const MAX_DEPTH = 8;

export async function* readCpio(input: Bytes, options: ReadOptions): AsyncGenerator<StreamEntry> {
  const readers = [new BlockReader(input, WHAT)];
  const decode = await nameDecoder(options.encoding);
  try {
    for (;;) {
      yield* readOne(readers.at(-1)!, decode, options);
      const onward = await behind(readers.at(-1)!, options, readers.length < MAX_DEPTH);
      if (onward === undefined) return;
      if (onward !== readers.at(-1)) readers.push(onward);
    }
  } finally {
    for (const reader of readers.reverse()) await reader.close();
  }
}

/** The entries up to the end marker. */
async function* readOne(reader: BlockReader, decode: DecodeName, options: ReadOptions): AsyncGenerator<StreamEntry> {
  const links = new Links();
  for (;;) {
    const named = await takeNamed(reader, decode, options);
    const { header, path } = named;
    if (path === TRAILER) {
      if (header.size > 0) throw new UnzipxError("BAD_HEADER", `Cannot read ${WHAT}: its end marker has content`);
      for (const names of links.rest()) yield* filesOf(names);
      return;
    }
    if (header.namePadding > 0) await need(reader, header.namePadding);
    const type = typeOf(header.mode);
    const linked = type === "file" && header.nlink > 1 ? links.add(named) : ({ is: "file" } as const);
    if (linked.is === "link") yield entryOf(named, "hardlink", { linkTarget: linked.to });
    else if (linked.is === "file") yield* takeEntry(reader, named, type, decode, options);
    if (type !== "file" || header.nlink < 2) continue;
    const names = links.settled(named);
    // The last name had no content either: the file is empty.
    if (linked.is === "waiting") yield* filesOf(names);
    else for (const name of names) yield entryOf({ ...name, header }, "hardlink", { linkTarget: path });
  }
}

async function takeNamed(reader: BlockReader, decode: DecodeName, options: ReadOptions): Promise<Named> {
  const position = reader.position;
  const magic = new Uint8Array(await need(reader, MAGIC_LENGTH)); // a copy: the rest of the header is asked for next
  const header = decodeHeader(Buffer.concat([magic, await need(reader, headerLength(magic, position) - MAGIC_LENGTH)]), position);
  const { nameSize } = header;
  if (nameSize === 0) throw new UnzipxError("BAD_HEADER", `Cannot read ${WHAT}: the header at ${position} gives no name`);
  if (nameSize - 1 > NAME_BYTES) {
    throw new UnzipxError("LIMIT", "Stopped: a name in the cpio archive is longer than any system allows", { expected: `at most ${NAME_BYTES} bytes`, found: `${nameSize - 1} bytes` });
  }
  const raw = await need(reader, nameSize);
  if (raw[nameSize - 1] !== 0) throw new UnzipxError("BAD_HEADER", `Cannot read ${WHAT}: the name at ${position} does not end where its header says`);
  const name = decode(withoutNuls(raw));
  noteEscaped(name, options.warn);
  return { header, path: name.text, escaped: name.escaped, owner: options.owners === true ? { uid: header.uid, gid: header.gid } : undefined };
}

/** Without the NULs at the end. One in between stays, and gets the name refused: there are programs that read on. */
function withoutNuls(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return bytes.subarray(0, end);
}

/** An entry with its own content, which is behind the reader when the next one is asked for. */
async function* takeEntry(reader: BlockReader, named: Named, type: EntryType, decode: DecodeName, options: ReadOptions): AsyncGenerator<StreamEntry> {
  const { header, path } = named;
  const { size } = header;
  const verify = header.dialect === "crc" && type === "file" && size > 0;
  let left = size;
  if (type === "symlink") {
    // The target is the content; some writers count its NUL.
    const long = size > TARGET_BYTES;
    const target = long ? "" : decode(withoutNuls(await need(reader, size))).text;
    if (!long) left = 0;
    yield entryOf(named, type, { linkTarget: target, refusal: long ? new UnzipxError("UNSAFE_LINK", `Refused a link: its target is longer than ${TARGET_BYTES} bytes`, { entry: path }) : undefined });
  } else if (type !== "file") {
    yield entryOf(named, type, { size, refusal: size > 0 ? noContentExpected(named, type, options) : undefined });
  } else if (size <= WHOLE_LIMIT) {
    const whole = await need(reader, size);
    left = 0;
    const sum = verify ? sumOf(whole, 0) : header.check;
    yield entryOf(named, type, { size, whole, refusal: sum === header.check ? undefined : badSum(header.check, sum, path) });
  } else {
    yield entryOf(named, type, {
      size,
      async *content() {
        let sum = 0;
        for await (const piece of reader.pieces(left)) {
          left -= piece.length;
          if (verify) sum = sumOf(piece, sum);
          yield piece;
        }
        if (verify && sum !== header.check) throw badSum(header.check, sum, path);
      },
    });
  }
  await reader.skip(left);
  if (header.padding > 0) await need(reader, header.padding);
}

/** A file without content under all of its names. */
function* filesOf(names: readonly Named[]): Generator<StreamEntry> {
  const first = names[0];
  for (const name of names) {
    yield name === first ? entryOf(name, "file", { size: 0, whole: new Uint8Array(0) }) : entryOf(name, "hardlink", { linkTarget: first!.path });
  }
}

function entryOf({ header, path, escaped, owner }: Named, type: EntryType, own: Partial<StreamEntry>): StreamEntry {
  const { whole } = own;
  return {
    path, escaped, type, size: 0, packedSize: undefined, mtime: header.mtime * 1000, mode: header.mode & 0o7777, linkTarget: undefined,
    method: "", crc32: undefined, encrypted: false, comment: undefined, refusal: undefined, whole, owner,
    async *content() {
      if (whole !== undefined && whole.length > 0) yield whole;
    },
    ...own,
  };
}

/** Bits 12 to 15 of the mode (POSIX.1-1990, 10.1.2.4). Without any it is a file, as for every other reader. */
function typeOf(mode: number): EntryType {
  switch (mode & 0o170000) {
    case 0:
    case 0o100000:
      return "file";
    case 0o040000:
      return "directory";
    case 0o120000:
      return "symlink";
    default:
      return "special";
  }
}

function noContentExpected({ path }: Named, type: EntryType, options: ReadOptions): UnzipxError | undefined {
  if (type !== "directory") return undefined; // what is special is not made anyway
  if (!options.lenient) return new UnzipxError("AMBIGUOUS", "Refused an entry: it is a folder, and it has content", { entry: path, hint: "--lenient" });
  options.warn(new UnzipxError("ODDITY", "An entry is read although it is a folder, and it has content", { entry: path }));
  return undefined;
}

/** What crc calls a checksum: the bytes added up, modulo 2^32. */
function sumOf(bytes: Uint8Array, start: number): number {
  let sum = start;
  for (let i = 0; i < bytes.length; i++) sum = (sum + bytes[i]!) >>> 0;
  return sum;
}

function badSum(expected: number, found: number, path: string): UnzipxError {
  const hex = (sum: number): string => sum.toString(16).padStart(8, "0");
  return new UnzipxError("BAD_CHECKSUM", "Cannot extract an entry: its checksum does not match, so its content is damaged", { entry: path, expected: hex(expected), found: hex(found) });
}

async function need(reader: BlockReader, length: number): Promise<Uint8Array> {
  const bytes = reader.tryTake(length) ?? (await reader.take(length));
  if (bytes === undefined) throw new UnzipxError("TRUNCATED", `Cannot read ${WHAT}: it is cut off in front of its end marker`, { expected: `${length} bytes at ${reader.position}`, found: "0 bytes" });
  return bytes;
}

/**
 * What lies behind the end marker: zeros up to a whole block are usual. An initramfs may go on with another archive,
 * compressed or not; the kernel unpacks them one over the other (Documentation/driver-api/early-userspace/buffer-format.rst).
 * Returns the reader from which to go on, if there is anything to read.
 */
async function behind(reader: BlockReader, options: ReadOptions, mayDecode: boolean): Promise<BlockReader | undefined> {
  if (!(await skipZeros(reader))) return undefined;
  const end = reader.position;
  const start = new Uint8Array(await reader.peek(HEAD_BYTES)); // a copy, to be kept
  const format = detect({ head: start, tail: undefined }, "");
  if (format?.name === "cpio") {
    options.warn(new UnzipxError("ODDITY", "Another cpio archive follows the first one: both are read"));
    return reader;
  }
  if (format?.kind === "filter" && mayDecode) {
    const decoded = new BlockReader(format.decode(reader.rest(), { warn: options.warn, memory: options.limits.memory, lenient: options.lenient }), WHAT);
    if (detect({ head: await decoded.peek(HEAD_BYTES), tail: undefined }, "")?.name === "cpio") {
      options.warn(new UnzipxError("ODDITY", `Another cpio archive follows the first one, compressed with ${format.name}: both are read`));
      return decoded;
    }
    await decoded.close();
  }
  for await (const _ of reader.rest()); // to the end, so that a filter in front verifies all of it
  options.warn(new UnzipxError("TRAILING_DATA", `The cpio archive is followed by ${reader.position - end} bytes that were not read`));
  return undefined;
}

/** Skips zeros; false when nothing else comes. */
async function skipZeros(reader: BlockReader): Promise<boolean> {
  for (let piece = await reader.piece(); piece !== undefined; piece = await reader.piece()) {
    const first = piece.findIndex((byte) => byte !== 0);
    if (first < 0) continue;
    reader.giveBack(piece.subarray(first));
    return true;
  }
  return false;
}
