/**
 * The blocks of a 7z (DOC/7zFormat.txt of 7-Zip calls them folders), as its header tells them. What the archive holds is for 7-Zip to list; this is read
 * so that blocks can be shown to it one by one (block-archive.ts). Whatever is out of the ordinary is an error here.
 */
import { UnzipxError } from "../../errors.ts";
import { ID, type Folder } from "./encode-header.ts";

export interface Block extends Omit<Folder, "substreams"> {
  /** Of its packed streams, counted from the end of the start header. */
  readonly position: number;
  /** Bytes that come out of it in the end. */
  readonly size: number;
  /** Contents in it. */
  readonly count: number;
}

export interface Header {
  /** Of "packed" one, which holds the header itself. */
  readonly kind: "packed" | "plain";
  readonly blocks: readonly Block[];
  /** Characters in names that 7-Zip lists as others. */
  readonly hasControls: boolean;
}

/** Throws BAD_HEADER for what is damaged, and for all that is not read here. */
export function decodeHeader(bytes: Uint8Array): Header {
  const reader = new ByteReader(bytes);
  const first = reader.byte();
  if (first === ID.ENCODED_HEADER) {
    const blocks = streamsInfo(reader, reader.byte());
    if (blocks.length !== 1) throw odd("blocks of the header", blocks.length);
    return { kind: "packed", blocks, hasControls: false };
  }
  if (first !== ID.HEADER) throw odd("first byte", first);
  let id = reader.byte();
  let blocks: Block[] = [];
  if (id === ID.MAIN_STREAMS_INFO) {
    blocks = streamsInfo(reader, reader.byte());
    id = reader.byte();
  }
  return { kind: "plain", blocks, hasControls: id === ID.FILES_INFO && hasControls(reader) };
}

/** Packed streams, coders, contents; up to and with its end mark. `id` is its first byte. */
function streamsInfo(reader: ByteReader, id: number): Block[] {
  if (id !== ID.PACK_INFO) throw odd("section", id);
  let position = reader.number();
  const packSizes = packInfo(reader);
  reader.expect(ID.UNPACK_INFO);
  const { folders, hasSum } = unpackInfo(reader);
  const counts = folders.map(() => 1);
  const end = reader.byte();
  if (end === ID.SUBSTREAMS_INFO) substreamsInfo(reader, counts, hasSum);
  else if (end !== ID.END) throw odd("section", end);
  if (end !== ID.END) reader.expect(ID.END);
  let next = 0; // packed stream
  return folders.map(({ packed, main, ...folder }, i) => {
    const block = { ...folder, position, packSizes: packSizes.slice(next, next + packed), size: folder.unpackSizes[main]!, count: counts[i]! };
    if (block.packSizes.length < packed) throw odd("packed streams", packSizes.length);
    next += packed;
    position += block.packSizes.reduce((sum, size) => sum + size, 0);
    return block;
  });
}

function packInfo(reader: ByteReader): number[] {
  const count = reader.number();
  let id = reader.byte();
  const sizes: number[] = [];
  if (id === ID.SIZE) {
    for (let i = 0; i < count; i++) sizes.push(reader.number());
    id = reader.byte();
  }
  if (id === ID.CRC) {
    sums(reader, count);
    id = reader.byte();
  }
  if (id !== ID.END) throw odd("section", id);
  return sizes;
}

interface Coders extends Pick<Folder, "coders"> {
  readonly unpackSizes: number[];
  /** Packed streams that it takes. */
  readonly packed: number;
  /** The coder that nothing follows. */
  readonly main: number;
}

function unpackInfo(reader: ByteReader): { folders: Coders[]; hasSum: readonly boolean[] } {
  reader.expect(ID.FOLDER);
  const count = reader.number();
  reader.expect(0); // they follow here
  const found: { coders: Uint8Array; packed: number; main: number; count: number }[] = [];
  for (let i = 0; i < count; i++) found.push(folderInfo(reader));
  reader.expect(ID.CODERS_UNPACK_SIZE);
  const folders = found.map(({ count: coders, ...folder }) => ({ ...folder, unpackSizes: Array.from({ length: coders }, () => reader.number()) }));
  let hasSum: readonly boolean[] = folders.map(() => false);
  let id = reader.byte();
  if (id === ID.CRC) {
    hasSum = sums(reader, count);
    id = reader.byte();
  }
  if (id !== ID.END) throw odd("section", id);
  return { folders, hasSum };
}

/** As many coders as 7-Zip bears, and more than anything has. */
const MOST_CODERS = 32;

function folderInfo(reader: ByteReader): { coders: Uint8Array; packed: number; main: number; count: number } {
  const start = reader.position;
  const count = reader.number();
  if (count < 1 || count > MOST_CODERS) throw odd("coders", count);
  let inputs = 0;
  for (let i = 0; i < count; i++) {
    const flags = reader.byte(); // 0x0f: size of the id; 0x10: has several inputs or outputs; 0x20: has properties
    if ((flags & 0xc0) !== 0) throw odd("flags of a coder", flags);
    reader.skip(flags & 0x0f);
    if ((flags & 0x10) !== 0) {
      inputs += reader.number();
      reader.expect(1); // output
    } else {
      inputs += 1;
    }
    if ((flags & 0x20) !== 0) reader.skip(reader.number());
  }
  const outputs = new Set(Array.from({ length: count }, (_, i) => i));
  for (let i = 1; i < count; i++) {
    reader.number(); // the input that takes
    outputs.delete(reader.number()); // this output
  }
  const [main] = outputs;
  const packed = inputs - (count - 1);
  if (main === undefined || outputs.size !== 1 || packed < 1 || packed > MOST_CODERS) throw odd("packed streams of a block", packed);
  for (let i = 0; packed > 1 && i < packed; i++) reader.number(); // the input that takes it
  return { coders: reader.since(start), packed, main, count };
}

function substreamsInfo(reader: ByteReader, counts: number[], hasSum: readonly boolean[]): void {
  let id = reader.byte();
  if (id === ID.NUM_UNPACK_STREAM) {
    for (let i = 0; i < counts.length; i++) counts[i] = reader.number();
    id = reader.byte();
  }
  if (id === ID.SIZE) {
    for (const count of counts) for (let i = 1; i < count; i++) reader.number(); // the last one has what is left
    id = reader.byte();
  }
  if (id === ID.CRC) {
    sums(reader, counts.reduce((sum, count, i) => sum + (count === 1 && hasSum[i] === true ? 0 : count), 0));
    id = reader.byte();
  }
  if (id !== ID.END) throw odd("section", id);
}

/** Checksums of `count` things: which of them have one. */
function sums(reader: ByteReader, count: number): boolean[] {
  const flags = reader.byte() === 1 ? undefined : reader.take(Math.ceil(count / 8)); // a bit each, the highest of a byte first
  reader.assert(flags === undefined ? count : 0);
  const found = Array.from({ length: count }, (_, i) => flags === undefined || (flags[i >> 3]! & (0x80 >> (i & 7))) !== 0);
  reader.skip(4 * found.filter(Boolean).length);
  return found;
}

/** Looks for the names among the properties of the entries. */
function hasControls(reader: ByteReader): boolean {
  reader.number(); // of entries
  for (let id = reader.number(); id !== ID.END; id = reader.number()) {
    const content = reader.take(reader.number());
    if (id !== ID.NAMES) continue;
    if (content[0] !== 0) throw odd("place of the names", content[0]!);
    // UTF-16, little-endian; a zero ends each.
    for (let i = 1; i + 1 < content.length; i += 2) if (content[i + 1] === 0 && ((content[i]! < 0x20 && content[i] !== 0) || content[i] === 0x7f)) return true;
  }
  return false;
}

class ByteReader {
  readonly #bytes: Uint8Array;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Throws unless so many bytes are left. */
  assert(count: number): void {
    if (count > this.#bytes.length - this.position) throw odd("bytes", this.#bytes.length);
  }

  byte(): number {
    this.assert(1);
    return this.#bytes[this.position++]!;
  }

  expect(value: number): void {
    const found = this.byte();
    if (found !== value) throw odd(`byte where ${value} should be`, found);
  }

  /** As ByteWriter.number() writes it. */
  number(): number {
    const first = this.byte();
    const more = Math.clz32(~(first << 24)); // leading ones
    let value = 0;
    const rest = this.take(more);
    for (let i = more - 1; i >= 0; i--) value = value * 0x100 + rest[i]!;
    if (more < 8) value += (first & (0x7f >> more)) * 2 ** (8 * more);
    if (!Number.isSafeInteger(value)) throw odd("number", value);
    return value;
  }

  skip(count: number): void {
    this.assert(count);
    this.position += count;
  }

  take(count: number): Uint8Array {
    this.skip(count);
    return this.#bytes.subarray(this.position - count, this.position);
  }

  since(start: number): Uint8Array {
    return this.#bytes.subarray(start, this.position);
  }
}

function odd(what: string, found: number): UnzipxError {
  return new UnzipxError("BAD_HEADER", `Cannot tell the blocks of the archive apart: its header has an unusual ${what}`, { found: String(found) });
}
