/** Reads a tar in order: walks the blocks, joins extended headers with the header they describe, and trusts none of them. What is plain comes from plain-member.ts. */
import { BlockReader } from "../../bytes/block-reader.ts";
import { UnzipxError } from "../../errors.ts";
import { decodeUtf8Escaping } from "../../text/charset.ts";
import type { Bytes, ReadOptions, StreamEntry } from "../contract.ts";
import { nameDecoder } from "../stream-names.ts";
import { contentOf } from "./content.ts";
import { describe, namesOf, sizeOf, typeOf } from "./describe.ts";
import { assertWithinLimits, extend, EXTENSIONS, noExtension, noGlobal, refusePending, type Extension, type Note } from "./extension.ts";
import { decodeHeader, type TarHeader } from "./header.ts";
import { checksumFits } from "./index.ts";
import { ownerOf } from "./owner.ts";
import { PlainMembers, WHOLE_LIMIT } from "./plain-member.ts";
import { checkMap, expand, readOldGnuMap, readPaxMap, type SparseMap } from "./sparse.ts";

const BLOCK = 512;
/** Seven digits and a NUL. */
const ACL_START = 8;

/**
 * The generator takes up to three turns of the event queue for a member; behind a plain one those that follow it, which are plain too, come without it. Whoever reads waits for one before
 * the next is asked for, as `for await` does.
 */
export function readTar(input: Bytes, options: ReadOptions): AsyncIterableIterator<StreamEntry> {
  const reader = new BlockReader(input, "the tar archive");
  const plain = new PlainMembers({ reader, ownerOf: options.owners === true ? (block) => ownerOf(block, noExtension(), noGlobal()) : undefined });
  const members = readMembers(reader, plain, options);
  return {
    next() {
      const member = plain.isNext ? plain.next() : undefined;
      return member === undefined ? members.next() : Promise.resolve({ done: false, value: member });
    },
    return() {
      plain.isNext = false;
      return members.return(undefined);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

async function* readMembers(reader: BlockReader, plain: PlainMembers, options: ReadOptions): AsyncGenerator<StreamEntry> {
  const global = noGlobal();
  const note: Note = (text, details) => options.warn(new UnzipxError("ODDITY", text, details));
  // A stream cannot look at all names before it decodes the first: without --encoding what is no UTF-8 is escaped.
  const decode = await nameDecoder(options.encoding);
  let extension = noExtension();
  const canBePlain = options.encoding === undefined; // in others ASCII may be something else
  let entries = 0;
  try {
    for (;;) {
      const member = canBePlain && extension.headers === 0 && global.pax.size === 0 ? plain.next() : undefined;
      plain.isNext = member !== undefined;
      if (member !== undefined) {
        yield member;
        continue;
      }
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
        await checkSecond(reader, position, note);
        if (entries + plain.count === 0 && global.pax.size > 0) note("The tar archive holds a global header and no entry");
        await drain(reader, options);
        return;
      }
      const header = decodeHeader(block, position);
      const padding = (BLOCK - (header.size % BLOCK)) % BLOCK;
      if (EXTENSIONS.has(header.type)) {
        assertWithinLimits(extension, header, options);
        extend(extension, global, header, await takeBody(reader, header, padding), position, options, note);
        continue;
      }
      if (header.type === "V" || header.type === "M") {
        if (header.type === "M") throw new UnzipxError("UNSUPPORTED_FORMAT", "Cannot read the tar archive: it is one part of a split set");
        note("The archive carries a volume label, which is no entry", { entry: decodeUtf8Escaping(Buffer.from(header.name, "latin1")) });
        await reader.skip(header.size + padding);
        continue;
      }
      if (header.type === "A" && isAcl(await reader.peek(ACL_START))) {
        note("A file or folder carries an access control list of Solaris, which is not restored", { entry: decodeUtf8Escaping(Buffer.from(header.name, "latin1")) });
        const size = sizeOf(header, extension, position, options.lenient, note);
        await reader.skip(size + ((BLOCK - (size % BLOCK)) % BLOCK));
        continue;
      }
      const isSparse = isSparseFile(header, extension);
      const names = namesOf(header, extension, global, isSparse, decode, note);
      const stored = sizeOf(header, extension, position, options.lenient, note);
      const sparse = isSparse ? await sparseMapOf(header, block, extension, stored, reader) : undefined;
      const type = typeOf(header, names.path.text);
      const content = stored === 0 || type === undefined || type === "file" ? stored : await contentOf(type, header, stored, position, reader, options.lenient, note);
      const entry = describe(header, extension, global, names, sparse?.size ?? content, options.lenient, note);
      if (options.owners === true) entry.owner = ownerOf(block, extension, global);
      const length = content - (sparse?.mapBytes ?? 0);
      if (sparse !== undefined) checkMap(sparse, length);
      if (extension.headers > 0) extension = noExtension();
      entries += 1;
      const pad = (BLOCK - (length % BLOCK)) % BLOCK;
      let left = length;
      const whole = sparse === undefined && length <= WHOLE_LIMIT ? (reader.tryTake(length) ?? (await takeWhole(reader, length))) : undefined;
      if (whole !== undefined) left = 0;
      entry.whole = whole;
      entry.content = async function* () {
        if (whole !== undefined) {
          if (whole.length > 0) yield whole;
        } else if (sparse !== undefined) {
          yield* expand(sparse, reader, (bytes) => (left -= bytes));
        } else {
          for await (const piece of reader.pieces(left)) {
            left -= piece.length;
            yield piece;
          }
        }
      };
      yield entry;
      if (left > 0) await reader.skip(left);
      // The last block may be cut short by writers that do not pad; nothing of the content is missing then.
      if (pad > 0 && !reader.trySkip(pad)) await reader.take(pad);
    }
  } finally {
    await reader.close();
  }
}

/**
 * The end marker is two zero blocks. Writers are known that make only one, and leave a last block of something else; a header, or more
 * than that block, is an archive of which a header was lost: BAD_HEADER.
 */
async function checkSecond(reader: BlockReader, position: number, note: Note): Promise<void> {
  const taken = await reader.take(BLOCK);
  if (taken === undefined || taken.every((byte) => byte === 0)) return;
  const isHeader = checksumFits(taken);
  if (isHeader || (await reader.piece()) !== undefined) {
    throw new UnzipxError("BAD_HEADER", `Cannot read the tar archive: something follows the lone zero block at ${position}`);
  }
  note("The end marker of the tar archive is only half there: behind one zero block there is a last one of something else, which was not read");
}

/** What Solaris writes in front of a file: kind of list and number of its entries as octal digits, a NUL, the entries (its acl_to_text). */
function isAcl(start: Uint8Array): boolean {
  return /^[13][0-7]{6}\0/.test(Buffer.from(start).toString("latin1"));
}

/** A file of which a map says where its data belongs. */
function isSparseFile(header: TarHeader, { pax }: Extension): boolean {
  const hasMap = ["GNU.sparse.major", "GNU.sparse.map", "GNU.sparse.size"].some((key) => pax.has(key));
  if (hasMap && header.type !== "0" && header.type !== "7") {
    throw new UnzipxError("BAD_HEADER", `Cannot read the tar archive: ${header.type === "S" ? "a sparse file has two maps" : "what is no file has the map of a sparse one"}`);
  }
  return hasMap || header.type === "S";
}

async function sparseMapOf(header: TarHeader, block: Uint8Array, { pax, sparsePairs }: Extension, size: number, reader: BlockReader): Promise<SparseMap> {
  if (header.type === "S") return readOldGnuMap(new Uint8Array(block), reader);
  const text = (key: string): string | undefined => {
    const value = pax.get(key);
    return value === undefined ? undefined : Buffer.from(value).toString("latin1");
  };
  return readPaxMap(text, sparsePairs, size, reader);
}

async function takeWhole(reader: BlockReader, length: number): Promise<Uint8Array> {
  const whole = await reader.take(length);
  if (whole === undefined) throw new UnzipxError("TRUNCATED", "Cannot read the tar archive: it is cut off in front of an entry's content");
  return whole;
}

async function takeBody(reader: BlockReader, header: TarHeader, padding: number): Promise<Uint8Array> {
  const kept = new Uint8Array(await takeWhole(reader, header.size)); // a copy, also of a Buffer, whose slice() is none: valid beyond the next read
  await reader.skip(padding);
  return kept;
}

/** Behind the end marker there may be padding, which filters must still verify, and nothing else. */
async function drain(reader: BlockReader, options: ReadOptions): Promise<void> {
  let looks = "";
  let start: number | undefined;
  for (let at = reader.position, piece = await reader.piece(); piece !== undefined; at = reader.position, piece = await reader.piece()) {
    if (start !== undefined) continue;
    const first = piece.findIndex((byte) => byte !== 0);
    if (first < 0) continue;
    start = at + first;
    const block = first - (start % BLOCK);
    if (block < 0) continue; // the zeros that it begins with are no name
    reader.giveBack(piece.subarray(block));
    const found = await reader.peek(BLOCK);
    if (found.length === BLOCK && checksumFits(found)) looks = ", and look like another tar archive";
  }
  if (start !== undefined) options.warn(new UnzipxError("TRAILING_DATA", `The tar archive is followed by ${reader.position - start} bytes that were not read${looks}`));
}
