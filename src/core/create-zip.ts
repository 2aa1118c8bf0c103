/** Making a zip: any thread reads and compresses, this one puts the results down in the order of the entries. */
import { closeSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { deflateRawSync } from "node:zlib";
import { crc32Combine } from "../bytes/crc32.ts";
import { inOrder, type Task } from "../bytes/in-order.ts";
import { openInput } from "../bytes/input-file.ts";
import { readUpTo } from "../bytes/read-file.ts";
import { ERRORS, fromPlain, UnzipxError } from "../errors.ts";
import type { DeflatedBlock } from "../formats/contract.ts";
import type { InputEntry } from "../formats/input.ts";
import { DEFLATE, STORE } from "../formats/zip/headers.ts";
import { NOTHING, packedLink, ZipWriter, type LargeEntry, type Packed, type ZipOutput } from "../formats/zip/write.ts";
import { BLOCK, RESULT_BYTES, SMALL_FILE, type DeflateJob, type PackResult } from "./pack-job.ts";
import type { Packing } from "./packing.ts";

/** Files of one job: enough to make a message worth its while, few enough to share them out evenly. */
const BATCH_BYTES = 1 << 20;
const BATCH_FILES = 256;

const IN_FLIGHT = 64 << 20;
/** Jobs given out per thread: a large block must not leave the other threads idle until its turn has come. */
const ROUNDS = 4;

/** Writes down what a finished job found. */
type PutDown = () => Promise<void>;

export async function createZip(entries: Iterable<InputEntry>, output: ZipOutput, packing: Packing, { reproducible }: { readonly reproducible: boolean }): Promise<void> {
  const zip = new ZipWriter(output, { utc: reproducible });
  const openFiles = new Set<number>();
  const buffers: ArrayBuffer[] = [];
  const alone = packing.threads === 1;
  try {
    const window = { tasks: alone ? 1 : packing.threads * ROUNDS, bytes: IN_FLIGHT };
    for await (const putDown of inOrder(tasks(entries, { zip, output, packing, openFiles, buffers }), window)) {
      packing.check();
      await putDown();
      if (alone) await nextTurn(); // without workers nothing else lets a signal in
    }
    await zip.end();
  } finally {
    for (const fd of openFiles) closeSync(fd);
  }
}

interface Making {
  readonly zip: ZipWriter;
  readonly output: ZipOutput;
  readonly packing: Packing;
  /** Large files whose blocks are being read. */
  readonly openFiles: Set<number>;
  /** Results that were put down: room for the next ones. */
  readonly buffers: ArrayBuffer[];
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
      yield* packLarge(entry, making);
    } else {
      batch.push(entry);
      bytes += entry.size;
    }
  }
  if (batch.length > 0) yield packBatch(batch, making);
}

function packBatch(batch: readonly InputEntry[], { zip, packing, buffers }: Making): Task<PutDown> {
  const paths = batch.filter((entry) => entry.type === "file").map((entry) => entry.source);
  const packFiles = (): Promise<PackResult> => {
    const into = buffers.pop() ?? new ArrayBuffer(RESULT_BYTES);
    return packing.run({ kind: "pack", paths, follow: packing.dereference, level: packing.level, into }, [into]);
  };
  return {
    bytes: RESULT_BYTES,
    async start() {
      const result = paths.length === 0 ? undefined : await packFiles();
      return async () => {
        const items = [...contents(batch, result, packing)];
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

function* contents(batch: readonly InputEntry[], result: PackResult | undefined, packing: Packing): Generator<{ entry: InputEntry; content: Packed }> {
  let row = -1;
  let at = 0;
  for (const entry of batch) {
    if (entry.type !== "file") {
      yield { entry, content: entry.type === "symlink" ? packedLink(entry) : NOTHING };
      continue;
    }
    row += 1;
    const error = result!.errors.get(row);
    if (error !== undefined) {
      packing.fail(entry, fromPlain(error));
      continue;
    }
    const size = result!.size[row]!;
    const packedSize = result!.packedSize[row]!;
    const data = new Uint8Array(result!.data, at, packedSize);
    at += packedSize;
    yield { entry, content: { method: packedSize < size ? DEFLATE : STORE, crc32: result!.crc32[row]!, size, data } };
  }
}

/** A large file as one task a block, and one that closes it. */
function* packLarge(entry: InputEntry, { zip, output, packing, openFiles, buffers }: Making): Generator<Task<PutDown>> {
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
  // Down a pipe the size of stored data is not known before its end, and nothing in the data tells; deflate's
  // stored blocks do, so that is what a reader of the stream gets.
  const method = store && output.seekable ? STORE : DEFLATE;
  const level: DeflateJob["level"] = method === STORE ? "store" : store ? 0 : packing.level;

  let large: LargeEntry | undefined;
  let failure: unknown;
  const sums = { crc32: 0, size: 0, packedSize: 0 };
  const put = async (block: DeflatedBlock): Promise<void> => {
    large ??= await zip.large(entry, method, size);
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
      await large?.abandon(sums);
      packing.fail(entry, failure);
    }
  };
  yield { bytes: 0, start: async () => close };
}

const SAMPLE = 16 << 10;
/** A sample that shrinks by less than this part is not worth the time of two programs. */
const WORTH_IT = 0.03;

/** Whether deflate shrinks any of some samples, spread over the file: one a MiB, from 4 to 64. */
function shrinks(fd: number, size: number): boolean {
  const samples = Math.min(64, Math.max(4, Math.ceil(size / BLOCK)));
  const sample = Buffer.allocUnsafe(SAMPLE);
  for (let i = 0; i < samples; i++) {
    const read = readUpTo(fd, sample, Math.floor((i * Math.max(0, size - SAMPLE)) / (samples - 1)));
    const packed = deflateRawSync(sample.subarray(0, read), { level: 1, chunkSize: SAMPLE + 64 });
    if (packed.length < read * (1 - WORTH_IT)) return true;
  }
  return false;
}
