/** Making what is one stream of bytes: a tar or a single file, compressed by a filter or not. */
import { closeSync } from "node:fs";
import { nextTurn } from "../bytes/clock.ts";
import { openInput, showPath } from "../bytes/input-file.ts";
import { sharedBytes } from "../bytes/shared-bytes.ts";
import { readUpTo } from "../bytes/read-file.ts";
import { fromSystem, UnzipxError } from "../errors.ts";
import type { Bytes, Compressor, EncodeOptions, Filter } from "../formats/contract.ts";
import type { InputEntry } from "../formats/input.ts";
import { freshChunk, TAR_CHUNK, writeTar } from "../formats/tar/write.ts";
import type { Output } from "../safe/output.ts";
import { FORMATS, type WritableFormat } from "./create-formats.ts";
import { compressorOf, type Packing } from "./packing.ts";

export interface StreamOptions {
  readonly format: WritableFormat;
  /** A header that could name the file inside, or its time, does not. */
  readonly reproducible: boolean;
}

export async function createStream(entries: Iterable<InputEntry>, output: Output, packing: Packing, { format, reproducible }: StreamOptions): Promise<void> {
  const { container, filter } = FORMATS[format];
  const { compressor, takeChunk } = reusing(compressorOf(packing), filter);
  if (container === "tar") return writeTo(output, encoded(writeTar(entries, { ...packing, preciseTimes: false, takeChunk }), {}), packing);
  const entry = onlyFile(entries, format);
  await writeTo(output, encoded(contentOf(entry, packing, takeChunk), reproducible ? {} : { name: entry.path.split("/").at(-1)!, mtime: entry.mtime / 1000 }), packing);

  function encoded(bytes: Bytes, inner: EncodeOptions["inner"] & object): Bytes {
    if (filter === undefined) return bytes;
    return filter.encode!(bytes, { level: packing.level, compressor, inner, signal: packing.signal });
  }
}

/**
 * Whose chunks go round. Filters copy what they keep, so there is one chunk, but for gzip: its blocks are the chunks
 * themselves, so what is compressed becomes the next chunk.
 */
function reusing(compressor: Compressor, filter: Filter | undefined): { compressor: Compressor; takeChunk(): Uint8Array } {
  if (filter?.name !== "gzip") {
    const chunk = freshChunk();
    return { compressor, takeChunk: () => chunk };
  }
  const lent = new Set<Uint8Array>();
  const free: Uint8Array[] = [];
  return {
    takeChunk() {
      const chunk = free.pop() ?? (compressor.width > 1 ? sharedBytes(TAR_CHUNK) : freshChunk());
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

/** Throws when it is more than a filter alone can hold. */
export function onlyFile(entries: Iterable<InputEntry>, format: WritableFormat): InputEntry {
  const [entry, another] = entries;
  if (entry?.type === "file" && another === undefined) return entry;
  const what = entry === undefined ? "nothing" : entry.type === "directory" ? "a folder" : "several files";
  throw new UnzipxError("USAGE", `Cannot make a .${format} of ${what}: it holds one file`, { hint: `unzipx c OUT.tar.${format} INPUT…` });
}

async function writeTo(output: Output, bytes: Bytes, packing: Packing): Promise<void> {
  try {
    for await (const chunk of bytes) {
      packing.check();
      await output.write(chunk);
    }
  } catch (error) {
    packing.check(); // whatever the filter made of it
    throw error;
  }
}

/** All there is until the file ends: one that grows meanwhile is no trouble here. */
async function* contentOf(entry: InputEntry, packing: Packing, takeChunk: () => Uint8Array): Bytes {
  const { fd } = opened(entry);
  try {
    for (let position = 0; ; ) {
      const chunk = takeChunk();
      const read = readUpTo(fd, chunk, position);
      position += read;
      packing.progress(entry, read);
      if (read > 0) yield read === chunk.length ? chunk : chunk.subarray(0, read);
      if (read < TAR_CHUNK) return packing.done(entry, position);
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
