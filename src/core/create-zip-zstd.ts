/** A large file as one zstd stream of a zip entry. */
import { closeSync } from "node:fs";
import { crc32 } from "../bytes/crc32.ts";
import type { Task } from "../bytes/in-order.ts";
import { openInput, showPath, sizeChanged } from "../bytes/input-file.ts";
import { readUpTo } from "../bytes/read-file.ts";
import { fromSystem } from "../errors.ts";
import type { Bytes } from "../formats/contract.ts";
import type { InputEntry } from "../formats/input.ts";
import { STORE, ZSTD } from "../formats/zip/methods.ts";
import type { Making, PutDown } from "./create-zip.ts";
import { BLOCK } from "./pack-job.ts";
import { shrinks } from "./shrinks.ts";

/**
 * Read and compressed when its turn comes, on one thread: blocks that are packed apart would be frames of their own, and
 * there are readers that take the first frame's end for the entry's.
 */
export function* packLargeZstd(entry: InputEntry, making: Making): Generator<Task<PutDown>> {
  yield { bytes: BLOCK, start: async () => () => packOne(entry, making) };
}

async function packOne(entry: InputEntry, { zip, output, packing, encryption }: Making): Promise<void> {
  let opened: { fd: number; size: number };
  try {
    opened = openInput(entry.source, packing.dereference);
  } catch (error) {
    return packing.fail(entry, error);
  }
  const { fd, size } = opened;
  try {
    const sums = { crc32: 0, size: 0, packedSize: 0 };
    let failure: unknown;
    // What cannot be read ends the stream early, but in order: the entry is given up afterwards.
    const input = async function* (): Bytes {
      try {
        for await (const block of blocksOf(fd, size, entry)) {
          sums.crc32 = crc32(block, sums.crc32);
          sums.size += block.length;
          packing.progress(entry, block.length);
          yield block;
        }
      } catch (error) {
        failure = error;
      }
    };
    // Down a pipe nothing tells the end of stored data.
    const isStored = output.seekable && encryption?.method !== "zipcrypto" && !shrinks(fd, size);
    const large = await zip.large(entry, isStored ? STORE : ZSTD, size, encryption);
    const packed = isStored ? input() : framed(input(), size, packing.level);
    for await (const chunk of packed) {
      packing.check();
      sums.packedSize += chunk.length;
      await large.write(chunk);
    }
    if (failure === undefined) {
      await large.finish(sums);
      packing.done(entry, sums.size);
    } else {
      await large.abandon(sums);
      packing.fail(entry, failure);
    }
  } finally {
    closeSync(fd);
  }
}

/** All in one frame; of content that ends early, the frame has no end. */
async function* framed(input: Bytes, size: number, level: number): Bytes {
  const { FrameStream } = await import("../zstd/encoder.ts");
  const frame = new FrameStream(level);
  let left = size;
  try {
    for await (const block of input) yield frame.pack(block, (left -= block.length) === 0);
  } finally {
    frame.close();
  }
}

async function* blocksOf(fd: number, size: number, entry: InputEntry): Bytes {
  for (let offset = 0; offset < size; offset += BLOCK) {
    const length = Math.min(BLOCK, size - offset);
    const isLast = offset + length === size;
    const block = Buffer.allocUnsafe(length + (isLast ? 1 : 0)); // behind the last block the file has to end
    let found: number;
    try {
      found = readUpTo(fd, block, offset);
    } catch (error) {
      throw fromSystem(error, "read", `read "${showPath(entry.source)}"`);
    }
    if (found !== length) throw sizeChanged(entry.source);
    yield block.subarray(0, length);
  }
}
