/**
 * The contents of a 7z, block by block: an engine decodes some blocks, each of which is one file to it, and what comes out is cut and verified here by what
 * is listed. LZMA is decoded by ourselves, and 7-Zip is shown an archive of those blocks. So 7-Zip makes no file for each entry, which takes longer than to decode what is in it. Only what is certain is given: a block that cannot
 * be decoded to its end, or a checksum that does not match, is left to 7-Zip as a whole, which then says what is wrong.
 */
import { addAll } from "../../bytes/add-all.ts";
import { crc32 } from "../../bytes/crc32.ts";
import { merge } from "../../bytes/merge.ts";
import { UnzipxError } from "../../errors.ts";
import { decodeUtf8Escaping } from "../../text/charset.ts";
import type { LzmaBlock } from "../../engine/protocol.ts";
import type { Bytes, Segment, StreamEntry } from "../contract.ts";
import { blockArchive, packedOf } from "./block-archive.ts";
import { BlockOutput } from "./block-output.ts";
import type { Block } from "./decode-header.ts";
import type { Described } from "./describe.ts";
import { contentless, withContent, withWhole } from "./entry.ts";
import type { Events } from "./events.ts";
import { leadsOut } from "./leads-out.ts";
import { lzmaOf, type Content, type Plan, type PlannedBlock } from "./plan-blocks.ts";
import { enginesFor } from "./shares.ts";

/** Content up to this size is handed on in one piece. */
const WHOLE_LIMIT = 256 * 1024;
/** Entries given together at most. */
const BATCH = 1024;
/** What may follow what is wanted before the engine is rather ended: to start another one takes 30 to 70 ms. */
const WORTH_ENDING = 4 * 1024 * 1024;
/** Of links: what needs no thought. */
const PLAIN_TARGET = /^[!-$&-[\]-~]+$/;
const LONGEST_TARGET = 1024;
/** As 7-Zip puts it. */
const CRC_FAILED = "ERROR: CRC Failed";

/** What there is of the archive beside its blocks. */
export interface Host {
  /** Unpacks an archive. */
  run(archive: readonly Segment[]): Events;
  /** Decodes blocks, and tells of them as of the files 0, 1, 2 … of an archive. `isAlone`: nothing else is decoded meanwhile. */
  decode(blocks: readonly LzmaBlock[], isAlone: boolean): Events;
  /** What the lines say of an entry. */
  explain(lines: readonly string[]): UnzipxError | undefined;
  /** `trouble` as that of an entry, which has failed then. */
  failed(entry: Described, trouble: UnzipxError): UnzipxError;
  /** Throws what a run complained of that harmed no entry. */
  conclude(code: number, lines: readonly string[], events: Events): void;
}

/** Gives what is certain: entries whose bytes came together are given together, because to pass through a generator takes a microsecond. `left`: is given the other entries. */
export async function* readBlocks({ runs, empty }: Plan, source: readonly Segment[], threads: number, host: Host, left: Described[]): AsyncGenerator<readonly StreamEntry[]> {
  for (const entry of empty) yield [withWhole(entry, new Uint8Array(0))];
  const waiting = [...runs];
  const total = runs.flat().reduce((sum, { block }) => sum + block.size, 0);
  const count = Math.min(enginesFor(total, threads), runs.length);
  const engine = async function* (): AsyncGenerator<readonly StreamEntry[]> {
    for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) yield* new BlockRun(run, { host, left, isAlone: count < 2 }).read(source);
  };
  yield* count > 1 ? merge(Array.from({ length: count }, engine)) : engine();
}

class BlockRun {
  readonly #blocks: readonly PlannedBlock[];
  readonly #host: Host;
  readonly #left: Described[];
  readonly #isAlone: boolean;
  #isComplete = true;

  constructor(blocks: readonly PlannedBlock[], { host, left, isAlone }: { readonly host: Host; readonly left: Described[]; readonly isAlone: boolean }) {
    this.#blocks = blocks;
    this.#host = host;
    this.#left = left;
    this.#isAlone = isAlone;
  }

  async *read(source: readonly Segment[]): AsyncGenerator<readonly StreamEntry[]> {
    const waiting = new Set(this.#blocks);
    const blocks = this.#blocks.map(({ block }) => block);
    const ours = blocks.map((block) => lzmaBlock(block, source)).filter((block) => block !== undefined);
    const events = ours.length === blocks.length ? this.#host.decode(ours, this.#isAlone) : this.#host.run(blockArchive(blocks, source));
    try {
      for (;;) {
        const event = await events.next();
        if (event.kind === "exit") {
          for (const { contents } of waiting) this.#leave(contents);
          if (event.code !== 0 && this.#isComplete) this.#host.conclude(event.code, events.heard(), events);
          return;
        }
        const planned = event.kind === "open" ? this.#blocks[Number(event.path)] : undefined;
        if (planned === undefined) continue;
        waiting.delete(planned);
        const output = new BlockOutput(events);
        const behind = yield* this.#block(planned.contents, output, events);
        if (waiting.size === 0 && behind > WORTH_ENDING) return; // nothing of the rest is wanted
        await output.end();
      }
    } finally {
      await events.close();
    }
  }

  /** Returns how many bytes follow what is wanted. */
  async *#block(contents: readonly Content[], output: BlockOutput, events: Events): AsyncGenerator<readonly StreamEntry[], number> {
    const end = contents.findLastIndex(({ isWanted }) => isWanted) + 1;
    let batch: StreamEntry[] = [];
    for (let i = 0; i < end; i++) {
      const { entry, size, isWanted } = contents[i]!;
      const isLarge = entry.type === "file" && size > WHOLE_LIMIT;
      if (batch.length > 0 && (isLarge || !output.holds(size) || batch.length === BATCH)) {
        yield batch; // before its bytes are lost
        batch = [];
      }
      if (!isWanted || (entry.type === "symlink" && size > LONGEST_TARGET)) {
        await output.skip(size);
        this.#leave([contents[i]!]);
      } else if (isLarge && (await output.hasMore())) {
        yield* this.#large(entry, size, output, events);
      } else {
        const whole = output.holds(size) ? output.next(size) : await output.whole(size);
        if (whole === undefined) {
          this.#leave(contents.slice(i, end));
          return 0;
        }
        const certain = crc32(whole) === entry.crc32 ? given(entry, whole) : undefined;
        if (certain === undefined) this.#leave([contents[i]!]);
        else batch.push(certain);
      }
    }
    if (batch.length > 0) yield batch;
    return contents.slice(end).reduce((sum, { size }) => sum + size, 0);
  }

  /** Given as it comes, and found to be right or wrong at its end. */
  async *#large(entry: Described, size: number, output: BlockOutput, events: Events): AsyncGenerator<readonly StreamEntry[]> {
    let rest = size;
    const fail = (lines: readonly string[]): UnzipxError => {
      this.#isComplete = false;
      return this.#host.failed(entry, this.#host.explain(lines) ?? new UnzipxError("BAD_DATA", "Cannot read an entry: the decoder left it out"));
    };
    const content = async function* (): Bytes {
      let sum = 0;
      while (rest > 0) {
        const piece = await output.some(rest);
        if (piece === undefined) {
          await events.peek(); // what 7-Zip has to say of a file, it says before the next one
          throw fail(events.heard());
        }
        rest -= piece.length;
        sum = crc32(piece, sum);
        yield piece;
      }
      if (sum !== entry.crc32) throw fail([CRC_FAILED]);
    };
    yield [withContent(entry, undefined, content)];
    await output.skip(rest); // nobody took it
  }

  #leave(contents: readonly Content[]): void {
    const wanted = contents.filter(({ isWanted }) => isWanted).map(({ entry }) => entry);
    if (wanted.length > 0) this.#isComplete = false;
    addAll(this.#left, wanted);
  }
}

/** For the decoder of our own; undefined: it is for 7-Zip. */
function lzmaBlock(block: Block, source: readonly Segment[]): LzmaBlock | undefined {
  const method = lzmaOf(block);
  if (method === undefined) return undefined;
  // To another thread all memory goes that a part lies in.
  const packed = packedOf([block], source).map((segment) => ("bytes" in segment ? { bytes: new Uint8Array(segment.bytes) } : segment));
  return { ...method, packed, size: block.size };
}

/** A small content with its entry; undefined for a link that 7-Zip may not make. */
function given(entry: Described, whole: Uint8Array): StreamEntry | undefined {
  if (entry.type === "file") return withWhole(entry, whole);
  const target = decodeUtf8Escaping(new Uint8Array(whole));
  return PLAIN_TARGET.test(target) && !leadsOut(entry.path, target) ? contentless(entry, { linkTarget: entry.linkTarget ?? target }) : undefined;
}
