/** A stream cut into blocks, which are encoded on whatever threads there are and come out in order. */
import { inOrder, type Task } from "../bytes/in-order.ts";
import { sharedBytes } from "../bytes/shared-bytes.ts";
import type { Bytes } from "../formats/contract.ts";

export interface BlockEncoding {
  /** Bytes of a block, or the most that one may have. The cuts depend neither on how the input arrives nor on the number of threads. */
  readonly size: number;
  /** Whose blocks are no fixed number of bytes. */
  readonly fill?: Fill;
  /** Blocks under way at once. */
  readonly width: number;
  /** Bytes that encoding one block takes, beside the block. */
  readonly workspace: number;
  /** Bytes that all blocks under way may take together; one block is always. */
  readonly memory: number;
  /** Blocks go to other threads as they are, and so lie where those see them. */
  readonly isShared: boolean;
  /** Called in the order of the blocks. The block is not changed before the promise settles. */
  encode(block: Uint8Array): Promise<Uint8Array>;
}

/** Decides where blocks end, by the bytes that are in them. */
export interface Fill {
  /** A new block begins. */
  begin(): void;
  /** How many of these bytes there is room for in the block, behind those before them; if that is not all, it is full. */
  take(bytes: Uint8Array): number;
}

/** How many blocks there may be for so many threads: several rounds ahead, so that one slow block does not leave the other threads idle. */
export function underWay(threads: number, rounds: number): number {
  return threads === 1 ? 1 : threads * rounds;
}

/** Of empty input one empty block is encoded. */
export async function* encodeBlocks(input: Bytes, { size, fill, width, workspace, memory, isShared, encode }: BlockEncoding): AsyncGenerator<Uint8Array> {
  /** Blocks that were encoded: room for the next ones. */
  const free: Uint8Array[] = [];
  const task = (buffer: Uint8Array, used: number): Task<Uint8Array> => ({
    bytes: size + workspace,
    async start() {
      const packed = await encode(buffer.subarray(0, used));
      free.push(buffer);
      return packed;
    },
  });
  async function* tasks(): AsyncGenerator<Task<Uint8Array>> {
    let block: Uint8Array | undefined;
    let used = 0;
    let any = false;
    for await (const chunk of input) {
      for (let at = 0; at < chunk.length; ) {
        block ??= free.pop() ?? (isShared ? sharedBytes(size) : Buffer.allocUnsafeSlow(size));
        const part = chunk.subarray(at, at + size - used);
        const taken = fill === undefined ? part.length : fill.take(part);
        block.set(part.subarray(0, taken), used);
        used += taken;
        at += taken;
        if (used < size && taken === part.length) continue;
        yield task(block, used);
        fill?.begin();
        block = undefined;
        used = 0;
        any = true;
      }
    }
    if (used > 0 || !any) yield task(block ?? new Uint8Array(0), used);
  }
  yield* inOrder(tasks(), { tasks: width, bytes: memory });
}
