/** Some blocks of a 7z as a 7z of its own, in which each is one file: so an engine decodes them and nothing else, and makes no files of what is in them. */
import { sizeOf, sliceSegments } from "../../bytes/segments.ts";
import type { Segment } from "../contract.ts";
import type { Block } from "./decode-header.ts";
import { encodeHeader } from "./encode-header.ts";
import { START_HEADER_BYTES, startHeader } from "./start-header.ts";

/** The packed bytes are those of `source`. The files are called 0, 1, 2 …; they have no checksums, which are known of what is in them only. */
export function blockArchive(blocks: readonly Block[], source: readonly Segment[]): Segment[] {
  const header = encodeHeader(
    blocks.map((block) => ({ ...block, substreams: [{ size: block.size }] })),
    blocks.map((_, i) => ({ path: String(i), isDirectory: false, hasStream: true, mtime: 0n, attributes: 0 })),
  );
  const packed = packedOf(blocks, source);
  return [{ bytes: startHeader(sizeOf(packed), header) }, ...packed, { bytes: header }];
}

/** The packed bytes of `blocks`, one behind the other. */
export function packedOf(blocks: readonly Block[], source: readonly Segment[]): Segment[] {
  return rangesOf(blocks).flatMap(({ start, end }) => sliceSegments(source, START_HEADER_BYTES + start, START_HEADER_BYTES + end));
}

/** Where the packed bytes lie; blocks that are neighbours share a range. */
function rangesOf(blocks: readonly Block[]): { start: number; end: number }[] {
  const ranges: { start: number; end: number }[] = [];
  for (const { position, packSizes } of blocks) {
    const end = packSizes.reduce((sum, size) => sum + size, position);
    const last = ranges.at(-1);
    if (last?.end === position) last.end = end;
    else ranges.push({ start: position, end });
  }
  return ranges;
}
