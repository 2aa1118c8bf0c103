/** What lies in which block of a 7z, and which blocks one engine decodes in one run. */
import { addAll } from "../../bytes/add-all.ts";
import type { Block } from "./decode-header.ts";
import type { Described } from "./describe.ts";
import { LZMA, LZMA2 } from "./list-header.ts";

/** A run takes a millisecond or two to begin: of small blocks one run decodes so many bytes. */
const RUN_BYTES = 8 * 1024 * 1024;
/** LZMA takes about as long for a byte that goes in as for so many that come out. */
const PACKED_WEIGHT = 12;

/** The method of a block that the decoder of our own reads: one of LZMA's, with nothing before or behind it. */
export function lzmaOf({ methods: [method, ...others], packSizes }: Block): { readonly method: "lzma" | "lzma2"; readonly properties: Uint8Array } | undefined {
  if (method === undefined || others.length > 0 || packSizes.length !== 1 || (method.id !== LZMA && method.id !== LZMA2)) return undefined;
  return { method: method.id === LZMA ? "lzma" : "lzma2", properties: new Uint8Array(method.properties) }; // a copy: to another thread the whole header would go with a part of it
}

export interface Content {
  readonly entry: Described;
  readonly size: number;
  readonly isWanted: boolean;
}

export interface PlannedBlock {
  readonly block: Block;
  /** In the order in which they come out of it. */
  readonly contents: readonly Content[];
}

export interface Plan {
  /** The blocks of each run, all of which are ours, or none; those that take longest first, so that several engines end together. */
  readonly runs: readonly (readonly PlannedBlock[])[];
  /** Files without content. */
  readonly empty: readonly Described[];
  /** What cannot be told from the blocks. */
  readonly left: readonly Described[];
}

/** `all` in the order of the archive. A block is only taken if what is listed fills it to the last byte, and all that is wanted of it has a checksum. */
export function planBlocks(blocks: readonly Block[], all: readonly Described[], wanted: ReadonlySet<Described>): Plan {
  const empty: Described[] = [];
  const left: Described[] = [];
  const contents = new Map<string, Content[]>();
  for (const entry of all) {
    const content: Content = { entry, size: entry.contentSize ?? NaN, isWanted: wanted.has(entry) };
    const same = contents.get(entry.block);
    if (entry.block === "") {
      if (content.isWanted) (entry.type === "file" && content.size === 0 ? empty : left).push(entry);
    } else if (same === undefined) contents.set(entry.block, [content]);
    else same.push(content);
  }
  const planned: PlannedBlock[] = [];
  for (const [number, inside] of contents) {
    const chosen = inside.filter(({ isWanted }) => isWanted).map(({ entry }) => entry);
    if (chosen.length === 0) continue;
    const block = blocks[Number(number)];
    const fits = block !== undefined && block.sizes.length === inside.length && inside.reduce((sum, { size }) => sum + size, 0) === block.size;
    if (fits && chosen.every(({ crc32 }) => crc32 !== undefined)) planned.push({ block, contents: inside });
    else addAll(left, chosen);
  }
  return { runs: runsOf(planned), empty, left };
}

function runsOf(planned: readonly PlannedBlock[]): PlannedBlock[][] {
  const runs: PlannedBlock[][] = [];
  for (const isOurs of [true, false]) {
    let size = Infinity;
    for (const one of planned.filter(({ block }) => (lzmaOf(block) !== undefined) === isOurs)) {
      if (size >= RUN_BYTES) {
        runs.push([]);
        size = 0;
      }
      runs.at(-1)!.push(one);
      size += one.block.size;
    }
  }
  return runs.map((run) => ({ run, cost: costOf(run) })).sort((a, b) => b.cost - a.cost).map(({ run }) => run);
}

function costOf(run: readonly PlannedBlock[]): number {
  return run.reduce((sum, { block }) => sum + block.size + PACKED_WEIGHT * block.packSizes.reduce((bytes, size) => bytes + size, 0), 0);
}
