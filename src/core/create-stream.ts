/** Making what is one stream of bytes: a tar, compressed or not, and a single compressed file. */
import { closeSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { openInput, showPath } from "../bytes/input-file.ts";
import { readUpTo } from "../bytes/read-file.ts";
import { fromSystem, UnzipxError } from "../errors.ts";
import { encodeGzip } from "../filters/gzip-encode.ts";
import type { Bytes, Compressor } from "../formats/contract.ts";
import type { InputEntry } from "../formats/input.ts";
import { freshChunk, writeTar } from "../formats/tar/write.ts";
import { BLOCK } from "./pack-job.ts";
import { compressorOf, type Packing } from "./packing.ts";
import type { Output } from "../safe/output.ts";

export async function createTar(entries: Iterable<InputEntry>, output: Output, packing: Packing): Promise<void> {
  const chunk = freshChunk(); // written when the next one is asked for
  await writeTo(output, writeTar(entries, { ...packing, preciseTimes: false, takeChunk: () => chunk }), packing);
}

export async function createTarGz(entries: Iterable<InputEntry>, output: Output, packing: Packing): Promise<void> {
  const { compressor, takeChunk } = reusing(compressorOf(packing));
  const tar = writeTar(entries, { ...packing, preciseTimes: false, takeChunk });
  await writeTo(output, encodeGzip(tar, { level: packing.level, compressor }), packing);
}

/** A chunk of the tar is a block of the gzip, so what is compressed becomes the next chunk: nothing else holds it then. */
function reusing(compressor: Compressor): { compressor: Compressor; takeChunk(): Uint8Array } {
  const lent = new Set<Uint8Array>();
  const free: Uint8Array[] = [];
  return {
    takeChunk() {
      const chunk = free.pop() ?? freshChunk();
      lent.add(chunk);
      return chunk;
    },
    compressor: {
      ...compressor,
      async deflate(block, dictionary, level, last) {
        const result = await compressor.deflate(block, dictionary, level, last);
        if (lent.delete(block)) free.push(block);
        return result;
      },
    },
  };
}

/** `reproducible`: without the file's name and time in the header. */
export async function createGz(entries: Iterable<InputEntry>, output: Output, packing: Packing, { reproducible }: { readonly reproducible: boolean }): Promise<void> {
  const [entry, another] = entries;
  if (entry?.type !== "file" || another !== undefined) {
    const what = entry === undefined ? "nothing" : entry.type === "directory" ? "a folder" : "several files";
    throw new UnzipxError("USAGE", `Cannot make a .gz of ${what}: it holds one file`, { hint: "unzipx c OUT.tar.gz INPUT…" });
  }
  const header = reproducible ? {} : { name: entry.path.split("/").at(-1)!, mtime: entry.mtime / 1000 };
  const compressor = compressorOf(packing);
  await writeTo(output, encodeGzip(contentOf(entry, packing), { level: packing.level, compressor }, header), packing);
}

async function writeTo(output: Output, bytes: Bytes, packing: Packing): Promise<void> {
  for await (const chunk of bytes) {
    packing.check();
    await output.write(chunk);
  }
}

/** All there is until the file ends: a file that grows meanwhile is no trouble for gzip. */
async function* contentOf(entry: InputEntry, packing: Packing): Bytes {
  const { fd } = opened(entry);
  try {
    for (let position = 0; ; ) {
      const chunk = Buffer.allocUnsafeSlow(BLOCK);
      const read = readUpTo(fd, chunk, position);
      position += read;
      packing.progress(entry, read);
      if (read > 0) yield chunk.subarray(0, read);
      if (read < BLOCK) return packing.done(entry, position);
      await nextTurn();
    }
  } finally {
    closeSync(fd);
  }
}

function opened(entry: InputEntry): { fd: number } {
  try {
    return openInput(entry.source, true);
  } catch (error) {
    throw fromSystem(error, "read", `read "${showPath(entry.source)}"`);
  }
}
