/** Making a zip: any thread reads and compresses, this one puts the results down in the order of the entries. */
import { closeSync } from "node:fs";
import { nextTurn } from "../bytes/clock.ts";
import { crc32Combine } from "../bytes/crc32.ts";
import { inOrder, type Task } from "../bytes/in-order.ts";
import { openInput } from "../bytes/input-file.ts";
import { ERRORS, fromPlain, UnzipxError } from "../errors.ts";
import type { DeflatedBlock } from "../formats/contract.ts";
import type { InputEntry } from "../formats/input.ts";
import type { Encryption } from "../formats/zip/encrypt.ts";
import { DEFLATE, STORE } from "../formats/zip/methods.ts";
import type { ZipMethodNumber } from "../formats/zip/headers.ts";
import { NOTHING, packedLink, ZipWriter, type LargeEntry, type Packed, type Sums, type ZipOutput } from "../formats/zip/write.ts";
import { packLargeZstd } from "./create-zip-zstd.ts";
import { BLOCK, RESULT_BYTES, SMALL_FILE, type DeflateJob, type PackResult } from "./pack-job.ts";
import type { Packing } from "./packing.ts";
import { shrinks } from "./shrinks.ts";

/** Files of one job: enough to make a message worth its while, few enough to share them out evenly. */
const BATCH_BYTES = 1 << 20;
const BATCH_FILES = 256;

const IN_FLIGHT = 64 << 20;
/** Jobs given out per thread: a large block must not leave the other threads idle until its turn has come. */
const ROUNDS = 4;

/** Writes down what a finished job found. */
export type PutDown = () => Promise<void>;

export interface ZipOptions {
  readonly reproducible: boolean;
  readonly zstd?: boolean | undefined;
  readonly encryption?: Encryption | undefined;
}

export async function createZip(entries: Iterable<InputEntry>, output: ZipOutput, packing: Packing, { reproducible, zstd = false, encryption }: ZipOptions): Promise<void> {
  const zip = new ZipWriter(output, { utc: reproducible });
  const openFiles = new Set<number>();
  const buffers: ArrayBuffer[] = [];
  const alone = packing.threads === 1;
  try {
    const window = { tasks: alone ? 1 : packing.threads * ROUNDS, bytes: IN_FLIGHT };
    for await (const putDown of inOrder(tasks(entries, { zip, output, packing, openFiles, buffers, zstd, encryption }), window)) {
      packing.check();
      await putDown();
      if (alone) await nextTurn(); // without workers nothing else lets a signal in
    }
    await zip.end();
  } finally {
    for (const fd of openFiles) closeSync(fd);
  }
}

export interface Making {
  readonly zip: ZipWriter;
  readonly output: ZipOutput;
  readonly packing: Packing;
  /** Large files whose blocks are being read. */
  readonly openFiles: Set<number>;
  /** Results that were put down: room for the next ones. */
  readonly buffers: ArrayBuffer[];
  /** Instead of deflate. */
  readonly zstd: boolean;
  readonly encryption: Encryption | undefined;
}

function* tasks(entries: Iterable<InputEntry>, making: Making): Generator<Task<PutDown>> {
  let batch: InputEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const large = entry.size > SMALL_FILE;
    if (batch.length > 0 && (large || batch.length === BATCH_FILES || bytes + entry.size > BATCH_BYTES)) {
      yield packBatch(batch, making);
      batch = [];
      bytes = 0;
    }
    if (large) {
      yield* making.zstd && making.packing.level > 0 ? packLargeZstd(entry, making) : packLarge(entry, making);
    } else {
      batch.push(entry);
      bytes += entry.size;
    }
  }
  if (batch.length > 0) yield packBatch(batch, making);
}

function packBatch(batch: readonly InputEntry[], { zip, packing, buffers, zstd, encryption }: Making): Task<PutDown> {
  const paths = batch.filter((entry) => entry.type === "file").map((entry) => entry.source);
  const packFiles = (): Promise<PackResult> => {
    const into = buffers.pop() ?? new ArrayBuffer(RESULT_BYTES);
    return packing.run({ kind: "pack", paths, follow: packing.dereference, level: packing.level, method: zstd ? "zstd" : "deflate", encryption, into }, [into]);
  };
  return {
    bytes: RESULT_BYTES,
    async start() {
      const result = paths.length === 0 ? undefined : await packFiles();
      return async () => {
        const items = [...contents(batch, result, packing, encryption)];
        await zip.put(items);
        if (result !== undefined) buffers.push(result.data);
        for (const { entry, content } of items) {
          packing.progress(entry, entry.size);
          packing.done(entry, entry.type === "file" ? content.size : 0);
        }
      };
    },
  };
}

function* contents(batch: readonly InputEntry[], result: PackResult | undefined, packing: Packing, encryption: Encryption | undefined): Generator<{ entry: InputEntry; content: Packed }> {
  let row = -1;
  let at = 0;
  for (const entry of batch) {
    if (entry.type !== "file") {
      yield { entry, content: entry.type === "symlink" ? packedLink(entry, encryption) : NOTHING };
      continue;
    }
    row += 1;
    const error = result!.errors.get(row);
    if (error !== undefined) {
      packing.fail(entry, fromPlain(error));
      continue;
    }
    const packedSize = result!.packedSize[row]!;
    const data = new Uint8Array(result!.data, at, packedSize);
    at += packedSize;
    const method = result!.method[row]! as ZipMethodNumber;
    yield { entry, content: { method, crc32: result!.crc32[row]!, size: result!.size[row]!, data, encryption: encryption?.method } };
  }
}

/** A large file as one task a block, and one that closes it. */
function* packLarge(entry: InputEntry, { zip, output, packing, openFiles, buffers, encryption }: Making): Generator<Task<PutDown>> {
  let fd: number;
  let size: number;
  let store: boolean;
  try {
    ({ fd, size } = openInput(entry.source, packing.dereference));
    openFiles.add(fd);
    store = packing.level === 0 || !shrinks(fd, size);
  } catch (error) {
    packing.fail(entry, error);
    return;
  }
  // Where a descriptor comes behind it, as down a pipe, nothing tells the end of stored data; deflate's stored blocks
  // do, so that is what a reader of the stream gets.
  const method = store && output.seekable && encryption?.method !== "zipcrypto" ? STORE : DEFLATE;
  const level: DeflateJob["level"] = method === STORE ? "store" : store ? 0 : packing.level;

  let large: LargeEntry | undefined;
  let failure: unknown;
  const sums = { crc32: 0, size: 0, packedSize: 0 };
  const put = async (block: DeflatedBlock): Promise<void> => {
    large ??= await zip.large(entry, method, size, encryption);
    await large.write(block.data);
    sums.crc32 = crc32Combine(sums.crc32, block.crc32, block.size);
    sums.size += block.size;
    sums.packedSize += block.data.length;
    packing.progress(entry, block.size);
  };

  for (let offset = 0; offset === 0 || (offset < size && failure === undefined); offset += BLOCK) {
    const length = Math.min(BLOCK, size - offset);
    const job: Omit<DeflateJob, "into"> = { kind: "deflate", block: { fd, path: entry.source, offset, length }, level, last: offset + length === size };
    yield {
      bytes: RESULT_BYTES,
      async start() {
        try {
          const into = buffers.pop() ?? new ArrayBuffer(RESULT_BYTES);
          const block = await packing.run<DeflatedBlock>({ ...job, into }, [into]);
          return async () => {
            if (failure === undefined) await put(block);
            buffers.push(block.data.buffer as ArrayBuffer);
          };
        } catch (error) {
          if (!(error instanceof UnzipxError) || ERRORS[error.code].ends === "run") throw error;
          return async () => {
            failure ??= error;
          };
        }
      },
    };
  }
  const close: PutDown = async () => {
    openFiles.delete(fd);
    closeSync(fd);
    if (failure === undefined) {
      await large!.finish(sums);
      packing.done(entry, sums.size);
    } else {
      if (large !== undefined) await abandon(large, sums);
      packing.fail(entry, failure);
    }
  };
  yield { bytes: 0, start: async () => close };
}

/** Ends the deflate stream with a last, empty block (RFC 1951, 3.2.6: fixed codes, end of block). */
async function abandon(large: LargeEntry, sums: Sums): Promise<void> {
  const last = Buffer.from([0x03, 0x00]);
  await large.write(last);
  await large.abandon({ ...sums, packedSize: sums.packedSize + 2 });
}
