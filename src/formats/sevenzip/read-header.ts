/** The header of a 7z, read beside 7-Zip: where its blocks lie, and what is in them. */
import { crc32 } from "../../bytes/crc32.ts";
import { sizeOf } from "../../bytes/segments.ts";
import { decodeBlocks } from "../../engine/serve-blocks.ts";
import { UnzipxError } from "../../errors.ts";
import type { Segment } from "../contract.ts";
import { blockArchive, packedOf } from "./block-archive.ts";
import type { FileInfo } from "./decode-files.ts";
import { decodeHeader, type Block } from "./decode-header.ts";
import type { Events } from "./events.ts";
import { lzmaOf } from "./plan-blocks.ts";
import { START_HEADER_BYTES, storedHeader } from "./start-header.ts";

/** A header may be packed, and what comes out as well; nobody does that more than once. */
const MOST_LAYERS = 4;

export interface ArchiveHeader {
  readonly blocks: readonly Block[];
  readonly files: readonly FileInfo[];
  /** All checksums of the header match, the blocks lie in front of it, and nothing behind: so 7-Zip has nothing to say of it. */
  readonly isSound: boolean;
}

export interface HeaderLimits {
  /** Of the header, decoded. */
  readonly bytes: number;
  readonly entries: number;
}

/** `run` unpacks an archive. Throws BAD_HEADER for what is damaged, out of the ordinary, or larger than the limits. */
export async function readHeader(source: readonly Segment[], limits: HeaderLimits, run: (archive: readonly Segment[]) => Events): Promise<ArchiveHeader> {
  const stored = storedHeader(source, limits.bytes);
  let bytes = stored?.bytes;
  let isSound = stored?.isSound === true;
  for (let layer = 0; stored !== undefined && bytes !== undefined && layer < MOST_LAYERS; layer++) {
    const header = decodeHeader(bytes, limits.entries);
    if (header.kind === "plain") {
      const { blocks, files } = header;
      return { blocks, files, isSound: isSound && START_HEADER_BYTES + stored.offset + stored.bytes.length === sizeOf(source) && blocks.every((block) => endOf(block) <= stored.offset) };
    }
    const { block } = header;
    if (block.size > limits.bytes || block.sizes.length !== 1) break;
    bytes = decodeHere(block, source) ?? (await decoded(run(blockArchive([block], source))));
    isSound &&= endOf(block) <= stored.offset && bytes.length === block.size && crc32(bytes) === block.sums[0];
  }
  throw new UnzipxError("BAD_HEADER", "Cannot tell the blocks of the archive apart");
}

function endOf({ position, packSizes }: Block): number {
  return packSizes.reduce((sum, size) => sum + size, position);
}

/** Beyond that the engine has made up for its start. */
const HERE_BYTES = 4 * 1024 * 1024;

/** What LZMA alone has packed, as 7-Zip packs headers; undefined for all else. */
function decodeHere(block: Block, source: readonly Segment[]): Uint8Array | undefined {
  const { packSizes: [packedSize], size } = block;
  const lzma = lzmaOf(block);
  if (lzma?.method !== "lzma" || size > HERE_BYTES || packedSize! > HERE_BYTES) return undefined;
  const content = new Uint8Array(size);
  let written = 0;
  const isWhole = decodeBlocks([{ ...lzma, packed: packedOf([block], source), size }], {
    event() {},
    data(bytes) {
      content.set(bytes, written);
      written += bytes.length;
    },
  });
  if (!isWhole) throw new UnzipxError("BAD_HEADER", "Cannot read the header of the archive: its compressed data is damaged");
  return content;
}

/** Of a run over one file. */
async function decoded(events: Events): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  try {
    for (;;) {
      const event = await events.next();
      if (event.kind === "data") pieces.push(new Uint8Array(event.bytes));
      else if (event.kind === "exit") return Buffer.concat(pieces);
    }
  } finally {
    await events.close();
  }
}
