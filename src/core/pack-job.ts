/**
 * The compressing side of `create`, as jobs that any thread runs: a batch of small files, or one block of a large stream.
 *
 * Every job brings the buffer that its result goes into, and the buffer travels back with it: memory then goes round
 * in a circle. Left to the garbage collectors, each thread piles up tens of megabytes of dead buffers.
 */
import { closeSync } from "node:fs";
import { crc32 } from "../bytes/crc32.ts";
import { openInput, showPath, sizeChanged, type DiskPath } from "../bytes/input-file.ts";
import { readUpTo, readWhole } from "../bytes/read-file.ts";
import { deflate, MOST, WINDOW } from "../deflate/encoder.ts";
import { fromSystem, toPlain, type PlainError } from "../errors.ts";
import type { DeflatedBlock } from "../formats/contract.ts";
import { encryptWhole, type Encryption } from "../formats/zip/encrypt.ts";
import { DEFLATE, STORE, ZSTD } from "../formats/zip/methods.ts";
import { Moved } from "../parallel/serve.ts";

/** Files up to this size are read and packed in one go. */
export const SMALL_FILE = MOST;

/** A deflate stream is cut into blocks of this size, whatever the number of threads: so the bytes are always the same. */
export const BLOCK = MOST;

/** What `into` of a job should hold: a block with what lies before it, and so also one that deflate could not shrink. */
export const RESULT_BYTES = WINDOW + BLOCK;

export interface PackJob {
  readonly kind: "pack";
  readonly paths: readonly DiskPath[];
  /** Follow links in the last component of a path. */
  readonly follow: boolean;
  /** 0 (store) to 9. */
  readonly level: number;
  readonly method: "deflate" | "zstd";
  /** After compression. */
  readonly encryption: Encryption | undefined;
  readonly into: ArrayBuffer;
}

/** Numbers in columns, one row a path: an object per file would cost more to hand over than to make. */
export interface PackResult {
  /** The packed contents, one behind the other in the order of the paths; the rest is room. */
  readonly data: ArrayBuffer;
  readonly crc32: Uint32Array;
  readonly size: Uint32Array;
  readonly packedSize: Uint32Array;
  /** As zip numbers them: what does not shrink is stored as it is. */
  readonly method: Uint8Array;
  /** By row. */
  readonly errors: ReadonlyMap<number, PlainError>;
}

/** Content and level to what is packed, valid until the next call. */
type Compress = (content: Uint8Array, level: number) => Uint8Array;

export async function runPack(job: PackJob): Promise<Moved<PackResult>> {
  const compress = job.method === "zstd" ? await zstdOfEntry() : deflate;
  const rows = job.paths.length;
  const [crcs, sizes, packedSizes, methods] = [new Uint32Array(rows), new Uint32Array(rows), new Uint32Array(rows), new Uint8Array(rows)];
  const errors = new Map<number, PlainError>();
  let out = new Uint8Array(job.into);
  let used = 0;
  job.paths.forEach((path, row) => {
    try {
      const content = readSmall(path, job.follow);
      const packed = job.level === 0 ? content : compressIfSmaller(content, compress, job.level);
      const sum = crc32(content);
      const data = job.encryption === undefined ? packed : encryptWhole(packed, sum, job.encryption);
      out = withRoom(out, used, data.length); // files may have grown since they were counted
      out.set(data, used);
      used += data.length;
      crcs[row] = sum;
      sizes[row] = content.length;
      packedSizes[row] = data.length;
      methods[row] = packed === content ? STORE : job.method === "zstd" ? ZSTD : DEFLATE;
    } catch (error) {
      errors.set(row, toPlain(fromSystem(error, "read", `read "${showPath(path)}"`)));
    }
  });
  return new Moved({ data: out.buffer, crc32: crcs, size: sizes, packedSize: packedSizes, method: methods, errors }, [out.buffer]);
}

function withRoom(out: Uint8Array<ArrayBuffer>, used: number, more: number): Uint8Array<ArrayBuffer> {
  if (used + more <= out.length) return out;
  const larger = new Uint8Array(Math.max(2 * out.length, used + more));
  larger.set(out.subarray(0, used));
  return larger;
}

// One per thread, for a small file or a block and what lies before it. One byte more, so that one read tells
// whether the file ends where it should.
let threadBuffer: Buffer | undefined;

function readBuffer(length: number): Buffer {
  threadBuffer ??= Buffer.allocUnsafeSlow(Math.max(SMALL_FILE, RESULT_BYTES) + 1);
  return threadBuffer.subarray(0, length);
}

/** All of the file; the bytes are valid until the next call. */
function readSmall(path: DiskPath, follow: boolean): Uint8Array {
  const { fd, size } = openInput(path, follow);
  try {
    if (size > SMALL_FILE) throw sizeChanged(path);
    const buffer = readBuffer(size + 1);
    if (readWhole(fd, buffer, 0, size) !== size) throw sizeChanged(path);
    return buffer.subarray(0, size);
  } finally {
    closeSync(fd);
  }
}

/** Without a checksum: the zip has one. */
async function zstdOfEntry(): Promise<Compress> {
  const { encodeFrame } = await import("../zstd/encoder.ts");
  return (content, level) => encodeFrame(content, level, { sum: false });
}

/** The content itself when it does not shrink. */
function compressIfSmaller(content: Uint8Array, compress: Compress, level: number): Uint8Array {
  if (content.length === 0) return content;
  const packed = compress(content, level);
  return packed.length < content.length ? packed : content;
}

export interface DeflateJob {
  readonly kind: "deflate";
  readonly block: BlockBytes | BlockOfFile;
  /** 0 to 9; "store": no deflate stream, only the bytes and their sum. */
  readonly level: number | "store";
  readonly last: boolean;
  /** Not changed before `block` was read, so it may be the buffer that `block` lies in. */
  readonly into: ArrayBuffer;
}

export interface BlockBytes {
  readonly bytes: Uint8Array;
  /** The up to 32 KiB before, which matches may reach back into. */
  readonly dictionary: Uint8Array | undefined;
}

/** Read on the thread that packs it: descriptors belong to the process. */
export interface BlockOfFile {
  readonly fd: number;
  readonly path: DiskPath;
  readonly offset: number;
  readonly length: number;
}

export function runDeflate(job: DeflateJob): Moved<DeflatedBlock> {
  const { bytes, dictionary } = "fd" in job.block ? readBlock(job.block, job.last) : job.block;
  const sum = crc32(bytes);
  const packed = job.level === "store" ? bytes : deflate(bytes, job.level, { before: dictionary, isLast: job.last });
  const out = withRoom(new Uint8Array(job.into), 0, packed.length);
  out.set(packed);
  return new Moved({ data: out.subarray(0, packed.length), crc32: sum, size: bytes.length }, [out.buffer]);
}

/** The bytes are valid until the next job. */
function readBlock(block: BlockOfFile, last: boolean): BlockBytes {
  const before = Math.min(block.offset, WINDOW);
  const wanted = before + block.length;
  const buffer = readBuffer(wanted + (last ? 1 : 0)); // behind the last block the file has to end
  try {
    if (readUpTo(block.fd, buffer, block.offset - before) !== wanted) throw sizeChanged(block.path);
  } catch (error) {
    throw fromSystem(error, "read", `read "${showPath(block.path)}"`);
  }
  return { bytes: buffer.subarray(before, wanted), dictionary: buffer.subarray(0, before) };
}
