/**
 * The header of a 7z (DOC/7zFormat.txt of 7-Zip): its blocks, which are called folders there, what lies in them, and the entries. Whatever is out of the ordinary
 * is an error here, and for 7-Zip itself to read.
 */
import { ByteReader, odd } from "./byte-reader.ts";
import { decodeFiles, type FileInfo } from "./decode-files.ts";
import { ID, type Folder } from "./encode-header.ts";

export interface Method {
  /** In hexadecimal digits, as 7-Zip's DOC/Methods.txt has it. */
  readonly id: string;
  readonly properties: Uint8Array;
}

/** What lies in a block, in the order in which it comes out of it. */
interface Contents {
  readonly sizes: readonly number[];
  readonly sums: (number | undefined)[];
}

export interface Block extends Omit<Folder, "substreams">, Contents {
  /** Of its packed streams, counted from the end of the start header. */
  readonly position: number;
  /** Of its coders, in their order. */
  readonly methods: readonly Method[];
  /** Bytes that come out of it in the end. */
  readonly size: number;
}

/** "packed": its one block holds the header itself. */
export type Header = { readonly kind: "packed"; readonly block: Block } | { readonly kind: "plain"; readonly blocks: readonly Block[]; readonly files: readonly FileInfo[] };

/** Throws BAD_HEADER for what is damaged, for all that is not read here, and for more than `most` entries. */
export function decodeHeader(bytes: Uint8Array, most: number): Header {
  const reader = new ByteReader(bytes);
  const first = reader.byte();
  if (first === ID.ENCODED_HEADER) {
    const [block, ...others] = streamsInfo(reader, reader.byte());
    if (block === undefined || others.length > 0) throw odd("number of blocks of the header", others.length);
    return { kind: "packed", block };
  }
  if (first !== ID.HEADER) throw odd("first byte", first);
  let id = reader.byte();
  let blocks: Block[] = [];
  if (id === ID.MAIN_STREAMS_INFO) {
    blocks = streamsInfo(reader, reader.byte());
    id = reader.byte();
  }
  const files = id === ID.FILES_INFO ? decodeFiles(reader, most) : [];
  if (id === ID.FILES_INFO) id = reader.byte();
  if (id !== ID.END) throw odd("section", id);
  reader.assertEnd();
  return { kind: "plain", blocks, files };
}

/** Packed streams, coders, contents; up to and with its end mark. `id` is its first byte. */
function streamsInfo(reader: ByteReader, id: number): Block[] {
  if (id !== ID.PACK_INFO) throw odd("section", id);
  let position = reader.number();
  const packSizes = packInfo(reader);
  reader.expect(ID.UNPACK_INFO);
  const folders = unpackInfo(reader);
  const end = reader.byte();
  if (end !== ID.SUBSTREAMS_INFO && end !== ID.END) throw odd("section", end);
  const contents = end === ID.END ? folders.map(({ size, sum }) => ({ sizes: [size], sums: [sum] })) : substreamsInfo(reader, folders);
  if (end !== ID.END) reader.expect(ID.END);
  let next = 0; // packed stream
  return folders.map(({ packed, sum: _, ...folder }, i) => {
    const block = { ...folder, ...contents[i]!, position, packSizes: packSizes.slice(next, next + packed) };
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

interface WholeFolder extends Pick<Block, "coders" | "unpackSizes" | "methods" | "size"> {
  /** Packed streams that it takes. */
  readonly packed: number;
  /** Checksum of all that comes out. */
  readonly sum: number | undefined;
}

function unpackInfo(reader: ByteReader): WholeFolder[] {
  reader.expect(ID.FOLDER);
  const count = reader.number();
  reader.expect(0); // they follow here
  const found: ReturnType<typeof folderInfo>[] = [];
  for (let i = 0; i < count; i++) found.push(folderInfo(reader));
  reader.expect(ID.CODERS_UNPACK_SIZE);
  const sizes = found.map(({ methods }) => methods.map(() => reader.number()));
  let id = reader.byte();
  const ofAll = id === ID.CRC ? sums(reader, count) : [];
  if (id === ID.CRC) id = reader.byte();
  if (id !== ID.END) throw odd("section", id);
  return found.map(({ main, ...folder }, i) => ({ ...folder, unpackSizes: sizes[i]!, size: sizes[i]![main]!, sum: ofAll[i] }));
}

const NOTHING = new Uint8Array(0);
/** As many coders as 7-Zip bears, and more than anything has. */
const MOST_CODERS = 32;

/** `main`: the coder that nothing follows. */
function folderInfo(reader: ByteReader): { coders: Uint8Array; methods: Method[]; packed: number; main: number } {
  const start = reader.position;
  const count = reader.number();
  if (count < 1 || count > MOST_CODERS) throw odd("coders", count);
  const methods: Method[] = [];
  let inputs = 0;
  for (let i = 0; i < count; i++) {
    const flags = reader.byte(); // 0x0f: size of the id; 0x10: has several inputs or outputs; 0x20: has properties
    if ((flags & 0xc0) !== 0) throw odd("flags of a coder", flags);
    const id = Buffer.from(reader.take(flags & 0x0f)).toString("hex");
    if ((flags & 0x10) !== 0) {
      inputs += reader.number();
      reader.expect(1); // output
    } else {
      inputs += 1;
    }
    methods.push({ id, properties: (flags & 0x20) === 0 ? NOTHING : reader.take(reader.number()) });
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
  return { coders: reader.since(start), methods, packed, main };
}

/** Sizes and checksums of what is in each of `folders`, which is all of it where nothing else is said. */
function substreamsInfo(reader: ByteReader, folders: readonly WholeFolder[]): Contents[] {
  let id = reader.byte();
  const counts = folders.map(() => 1);
  if (id === ID.NUM_UNPACK_STREAM) {
    for (let i = 0; i < counts.length; i++) counts[i] = reader.number();
    id = reader.byte();
  }
  const hasSizes = id === ID.SIZE;
  const contents = folders.map(({ size, sum }, i): Contents => {
    const count = counts[i]!;
    if (count > 1 && !hasSizes) throw odd("number of contents", count);
    const sizes: number[] = [];
    let rest = size;
    for (let at = 1; at < count; at++) {
      sizes.push(reader.number());
      rest -= sizes.at(-1)!;
    }
    if (count > 0) sizes.push(rest); // the last one has what is left
    if (rest < 0) throw odd("size of the last content", rest);
    return { sizes, sums: count === 1 ? [sum] : Array<undefined>(count).fill(undefined) };
  });
  if (hasSizes) id = reader.byte();
  if (id === ID.CRC) {
    const unknown = contents.filter(({ sums: [first], sizes }) => sizes.length !== 1 || first === undefined);
    const found = sums(reader, unknown.reduce((sum, { sizes }) => sum + sizes.length, 0));
    let next = 0;
    for (const one of unknown) for (let at = 0; at < one.sizes.length; at++) one.sums[at] = found[next++];
    id = reader.byte();
  }
  if (id !== ID.END) throw odd("section", id);
  return contents;
}

/** Checksums of `count` things; undefined: it has none. */
function sums(reader: ByteReader, count: number): (number | undefined)[] {
  return reader.flags(count).map((has) => (has ? reader.uint32() : undefined));
}
