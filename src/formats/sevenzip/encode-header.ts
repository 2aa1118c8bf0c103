/** The header of a 7z, byte by byte (DOC/7zFormat.txt of 7-Zip, whose names for the ids these are). */

export const ID = {
  END: 0x00, HEADER: 0x01, MAIN_STREAMS_INFO: 0x04, FILES_INFO: 0x05, PACK_INFO: 0x06, UNPACK_INFO: 0x07, SUBSTREAMS_INFO: 0x08, SIZE: 0x09, CRC: 0x0a,
  FOLDER: 0x0b, CODERS_UNPACK_SIZE: 0x0c, NUM_UNPACK_STREAM: 0x0d, EMPTY_STREAM: 0x0e, EMPTY_FILE: 0x0f, NAMES: 0x11, C_TIME: 0x12, A_TIME: 0x13, M_TIME: 0x14,
  WIN_ATTRIBUTES: 0x15, ENCODED_HEADER: 0x17, DUMMY: 0x19,
} as const;

export const METHOD = { COPY: Uint8Array.of(0x00), LZMA2: Uint8Array.of(0x21), AES: Uint8Array.of(0x06, 0xf1, 0x07, 0x01) } as const;

export interface Coder {
  readonly method: Uint8Array;
  readonly properties: Uint8Array;
  /** Bytes that come out of it when it decodes. */
  readonly unpackSize: number;
}

/** Packed streams that lie one behind the other, and the coders that undo them. */
export interface Folder {
  readonly packSizes: readonly number[];
  /** As they stand in the header: what they are, and which one's output is which one's input. */
  readonly coders: Uint8Array;
  /** What comes out of each coder. */
  readonly unpackSizes: readonly number[];
  /** The contents that come out in the end, one behind the other. All of an archive have a checksum, or none of them. */
  readonly substreams: readonly (Omit<Substream, "crc32"> & Partial<Substream>)[];
}

export interface Substream {
  readonly size: number;
  readonly crc32: number;
}

export interface FileRecord {
  /** Components are joined by "/". */
  readonly path: string;
  readonly isDirectory: boolean;
  /** Has a substream: the next one of all folders. Empty files and folders have none. */
  readonly hasStream: boolean;
  /** Units of 100 ns since 1601, UTC: Windows' FILETIME. */
  readonly mtime: bigint;
  /** Windows' attributes, with the Unix mode in the upper half. */
  readonly attributes: number;
}

export function encodeHeader(folders: readonly Folder[], files: readonly FileRecord[]): Uint8Array {
  const bytes = new ByteWriter();
  bytes.byte(ID.HEADER);
  if (folders.length > 0) {
    bytes.byte(ID.MAIN_STREAMS_INFO);
    streamsInfo(bytes, 0, folders);
  }
  filesInfo(bytes, files);
  bytes.byte(ID.END);
  return bytes.end();
}

/** Tells where the packed header lies (`packPosition`: counted from the end of the start header) and how it is decoded. */
export function encodePackedHeader(packPosition: number, folder: Folder): Uint8Array {
  const bytes = new ByteWriter();
  bytes.byte(ID.ENCODED_HEADER);
  streamsInfo(bytes, packPosition, [folder]);
  return bytes.end();
}

function streamsInfo(bytes: ByteWriter, packPosition: number, folders: readonly Folder[]): void {
  bytes.byte(ID.PACK_INFO);
  bytes.number(packPosition);
  const packSizes = folders.flatMap((folder) => folder.packSizes);
  bytes.number(packSizes.length);
  bytes.byte(ID.SIZE);
  for (const size of packSizes) bytes.number(size);
  bytes.byte(ID.END);

  bytes.byte(ID.UNPACK_INFO);
  bytes.byte(ID.FOLDER);
  bytes.number(folders.length);
  bytes.byte(0); // the folders follow here
  for (const { coders } of folders) bytes.put(coders);
  bytes.byte(ID.CODERS_UNPACK_SIZE);
  for (const { unpackSizes } of folders) for (const size of unpackSizes) bytes.number(size);
  bytes.byte(ID.END);

  bytes.byte(ID.SUBSTREAMS_INFO);
  if (folders.some(({ substreams }) => substreams.length !== 1)) {
    bytes.byte(ID.NUM_UNPACK_STREAM);
    for (const { substreams } of folders) bytes.number(substreams.length);
    // The last one of each folder has what is left.
    if (folders.some(({ substreams }) => substreams.length > 1)) {
      bytes.byte(ID.SIZE);
      for (const { substreams } of folders) for (const { size } of substreams.slice(0, -1)) bytes.number(size);
    }
  }
  const sums = folders.flatMap(({ substreams }) => substreams.flatMap(({ crc32 }) => crc32 ?? []));
  if (sums.length > 0) {
    bytes.byte(ID.CRC);
    bytes.byte(1); // all of them have one
    for (const sum of sums) bytes.uint32(sum);
  }
  bytes.byte(ID.END);
  bytes.byte(ID.END);
}

/** Coders in a row: the first takes the packed bytes, each next one what the one before gives. */
export function chain(coders: readonly Coder[]): Pick<Folder, "coders" | "unpackSizes"> {
  const bytes = new ByteWriter();
  bytes.number(coders.length);
  for (const { method, properties } of coders) {
    bytes.byte(method.length | (properties.length > 0 ? 0x20 : 0));
    bytes.put(method);
    if (properties.length === 0) continue;
    bytes.number(properties.length);
    bytes.put(properties);
  }
  // What goes into coder i comes out of the one before; the first has the packed stream, since nothing else is left for it.
  for (let coder = 1; coder < coders.length; coder++) {
    bytes.number(coder);
    bytes.number(coder - 1);
  }
  return { coders: bytes.end(), unpackSizes: coders.map(({ unpackSize }) => unpackSize) };
}

function filesInfo(bytes: ByteWriter, files: readonly FileRecord[]): void {
  bytes.byte(ID.FILES_INFO);
  bytes.number(files.length);
  const empty = files.filter((file) => !file.hasStream);
  if (empty.length > 0) {
    property(bytes, ID.EMPTY_STREAM, bits(files.map((file) => !file.hasStream)));
    // Of the empty ones: a file, where it would otherwise be a folder.
    if (empty.some((file) => !file.isDirectory)) property(bytes, ID.EMPTY_FILE, bits(empty.map((file) => !file.isDirectory)));
  }
  const names = new ByteWriter();
  names.byte(0); // they follow here
  for (const { path } of files) names.put(Buffer.from(`${path}\0`, "utf16le"));
  property(bytes, ID.NAMES, names.end());

  const times = new ByteWriter();
  times.byte(1); // all have one
  times.byte(0);
  for (const { mtime } of files) times.uint64(mtime);
  property(bytes, ID.M_TIME, times.end());

  const attributes = new ByteWriter();
  attributes.byte(1);
  attributes.byte(0);
  for (const file of files) attributes.uint32(file.attributes);
  property(bytes, ID.WIN_ATTRIBUTES, attributes.end());
  bytes.byte(ID.END);
}

function property(bytes: ByteWriter, id: number, content: Uint8Array): void {
  bytes.byte(id);
  bytes.number(content.length);
  bytes.put(content);
}

/** A bit each, the highest bit of a byte first. */
function bits(flags: readonly boolean[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(flags.length / 8));
  flags.forEach((flag, i) => {
    if (flag) bytes[i >> 3]! |= 0x80 >> (i & 7);
  });
  return bytes;
}

/** Bytes that grow. */
class ByteWriter {
  #bytes = Buffer.alloc(4096);
  #used = 0;

  byte(value: number): void {
    this.#room(1)[0] = value;
  }

  uint32(value: number): void {
    this.#room(4).writeUInt32LE(value);
  }

  uint64(value: bigint): void {
    this.#room(8).writeBigUInt64LE(value);
  }

  /** NUMBER: as many leading ones in the first byte as bytes follow, little-endian; the rest of the first byte is the top of the value. */
  number(value: number): void {
    let more = 0;
    while (more < 8 && value >= 2 ** (7 * (more + 1))) more += 1;
    const room = this.#room(1 + more);
    room[0] = (0xff00 >> more) & 0xff;
    let rest = value;
    for (let i = 1; i <= more; i++) {
      room[i] = rest % 0x100;
      rest = Math.floor(rest / 0x100);
    }
    if (more < 8) room[0]! |= rest;
  }

  put(bytes: Uint8Array): void {
    this.#room(bytes.length).set(bytes);
  }

  end(): Uint8Array {
    return this.#bytes.subarray(0, this.#used);
  }

  #room(length: number): Buffer {
    if (this.#used + length > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(this.#bytes.length * 2, this.#used + length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#used += length;
    return this.#bytes.subarray(this.#used - length, this.#used);
  }
}
