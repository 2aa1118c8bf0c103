/** Reads an ar archive in order: GNU with its table of long names, BSD with names in front of the content. */
import { AR_HEADER, AR_MAGIC, decodeArMember, type ArMember } from "../../bytes/ar-member.ts";
import { BlockReader } from "../../bytes/block-reader.ts";
import { UnzipxError } from "../../errors.ts";
import type { DecodedName } from "../../text/names.ts";
import type { Bytes, ReadOptions, StreamEntry } from "../contract.ts";
import { nameDecoder, noteEscaped } from "../stream-names.ts";
import { isThin } from "./index.ts";

const WHAT = "the ar archive";
const NAME_BYTES = 32 * 1024;
/** Of all long names together: a library of 100,000 members with names of 160 bytes. */
const TABLE_BYTES = 16 * 1024 * 1024;
/** Up to here content is taken in one piece: without a copy, unless it lies across two chunks. */
const WHOLE_LIMIT = 1024 * 1024;

/**
 * Symbol tables, which linkers make anew: of GNU and System V, its 64-bit one, and Microsoft's "/<ECSYMBOLS>/" and the like.
 * "__.SYMDEF" of BSD and Darwin has the name of a file, and is one to every other reader.
 */
const SYMBOLS = /^\/(SYM64\/|<[A-Z]+>\/)?$/;
const LONG_NAMES = "//";

export async function* readAr(input: Bytes, options: ReadOptions): AsyncGenerator<StreamEntry> {
  const reader = new BlockReader(input, WHAT);
  const decode = await nameDecoder(options.encoding);
  let table: Uint8Array | undefined;
  try {
    const magic = await need(reader, AR_MAGIC.length);
    if (isThin(magic)) {
      throw new UnzipxError("UNSUPPORTED_FORMAT", `Cannot read ${WHAT}: it is a thin one, which holds the names of files and not the files`, { hint: "ar t ARCHIVE" });
    }
    if (!AR_MAGIC.every((byte, i) => magic[i] === byte)) throw new UnzipxError("BAD_HEADER", `Cannot read ${WHAT}: it does not begin like one`, { found: Buffer.from(magic).toString("hex") });
    for (;;) {
      const position = reader.position;
      const header = reader.tryTake(AR_HEADER) ?? (await reader.take(AR_HEADER));
      if (header === undefined) return; // there is no end marker
      const member = decodeArMember(header, position);
      if (member.name === LONG_NAMES) {
        if (table !== undefined) throw new UnzipxError("BAD_HEADER", `Cannot read ${WHAT}: it has two tables of long names`);
        if (member.size > TABLE_BYTES) throw tooLong("the table of names", TABLE_BYTES, member.size);
        table = new Uint8Array(await need(reader, member.size));
      } else if (SYMBOLS.test(member.name)) {
        await reader.skip(member.size);
      } else {
        const name = await nameOf(member, table, reader, position);
        const decoded = decode(name.bytes);
        noteEscaped(decoded, options.warn);
        yield* takeEntry(reader, member, decoded, member.size - name.taken);
      }
      if (member.size % 2 === 1) await skipPadding(reader, options);
    }
  } finally {
    await reader.close();
  }
}

/** The entry, which is behind the reader when the next one is asked for. */
async function* takeEntry(reader: BlockReader, member: ArMember, name: DecodedName, size: number): AsyncGenerator<StreamEntry> {
  const whole = size <= WHOLE_LIMIT ? await need(reader, size) : undefined;
  let left = whole === undefined ? size : 0;
  yield {
    path: name.text, escaped: name.escaped, type: "file", size, packedSize: undefined, mtime: member.mtime * 1000,
    mode: member.mode === 0 ? undefined : member.mode & 0o7777, // which Microsoft's tools leave out
    linkTarget: undefined, method: "", crc32: undefined, encrypted: false, comment: undefined, refusal: undefined, whole,
    async *content() {
      if (whole !== undefined) {
        if (whole.length > 0) yield whole;
        return;
      }
      for await (const piece of reader.pieces(left)) {
        left -= piece.length;
        yield piece;
      }
    },
  };
  await reader.skip(left);
}

interface Name {
  readonly bytes: Uint8Array;
  /** How much of the member's size it took. */
  readonly taken: number;
}

async function nameOf({ name, size }: ArMember, table: Uint8Array | undefined, reader: BlockReader, position: number): Promise<Name> {
  const bad = (why: string): UnzipxError => new UnzipxError("BAD_HEADER", `Cannot read ${WHAT}: the header at ${position} ${why}`, { found: name });
  if (name.startsWith("#1/")) {
    // BSD: the name comes first, filled up with NULs.
    const length = name.slice(3);
    if (!/^[0-9]+$/.test(length)) throw bad("has a length of its name that is no number");
    if (Number(length) > size) throw bad("has a name longer than its member");
    if (Number(length) > NAME_BYTES) throw tooLong("a name", NAME_BYTES, Number(length));
    const bytes = new Uint8Array(await need(reader, Number(length)));
    let end = bytes.length;
    while (end > 0 && bytes[end - 1] === 0) end--;
    return { bytes: bytes.subarray(0, end), taken: bytes.length };
  }
  if (/^\/[0-9]+$/.test(name)) return { bytes: longName(table, Number(name.slice(1)), bad), taken: 0 };
  // GNU and System V end a name with a slash, so that it may hold spaces.
  const own = name.length > 1 && name.endsWith("/") ? name.slice(0, -1) : name;
  return { bytes: Buffer.from(own, "latin1"), taken: 0 };
}

/** A name in the table: up to a slash and a line feed, and so it may hold either; in Microsoft's up to a NUL. */
function longName(table: Uint8Array | undefined, start: number, bad: (why: string) => UnzipxError): Uint8Array {
  if (table === undefined) throw bad("points into a table of long names that is not there");
  if (start >= table.length) throw bad("points behind the table of long names");
  const slash = Buffer.from(table.buffer, table.byteOffset, table.byteLength).indexOf("/\n", start, "latin1");
  const nul = table.indexOf(0, start);
  const end = nul >= 0 && (slash < 0 || nul < slash) ? nul : slash;
  if (end < 0) throw bad("points at a name that does not end");
  if (end - start > NAME_BYTES) throw tooLong("a name", NAME_BYTES, end - start);
  return table.subarray(start, end);
}

/** Content of an odd length is followed by a line feed. The last member's may be missing; nothing of the content is then. */
async function skipPadding(reader: BlockReader, options: ReadOptions): Promise<void> {
  const byte = (reader.tryTake(1) ?? (await reader.take(1)))?.[0];
  if (byte === undefined || byte === 0x0a || byte === 0) return;
  options.warn(new UnzipxError("ODDITY", `The byte that fills up a member of the ar archive before ${reader.position} is none of those that writers use`, { found: byte.toString(16) }));
}

function tooLong(what: string, most: number, found: number): UnzipxError {
  return new UnzipxError("LIMIT", `Stopped: ${what} in the ar archive is longer than any system allows`, { expected: `at most ${most} bytes`, found: `${found} bytes` });
}

async function need(reader: BlockReader, length: number): Promise<Uint8Array> {
  const bytes = reader.tryTake(length) ?? (await reader.take(length));
  if (bytes === undefined) throw new UnzipxError("TRUNCATED", `Cannot read ${WHAT}: it is cut off`, { expected: `${length} bytes at ${reader.position}`, found: "0 bytes" });
  return bytes;
}
