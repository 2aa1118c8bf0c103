/** One entry of an open archive, with its content. */
import { Readable } from "node:stream";
import type { ReadEntry } from "../core/read-entries.ts";
import { UnzipxError } from "../errors.ts";
import type { Entry } from "../formats/contract.ts";
import { known, type Run } from "./outcome.ts";

/** What the archive says of an entry, and its content. The path is exact, and as hostile as it was stored: never print it raw, and never write to it unchecked. */
export interface ArchiveEntry extends Omit<Entry, "refusal"> {
  /** Why extract() would not write it, as far as that is known from the entry itself and those before it: traversal, a device, two readings … Links are judged by extract() alone. */
  readonly refused: UnzipxError | undefined;
  /** The content as it comes; it ends normally only when all of it was verified, and otherwise with an UnzipxError. A slow reader slows the archive down. */
  stream(): Readable;
  /** All of the content, verified. For entries that fit into memory: see `limits`. */
  bytes(): Promise<Buffer>;
  /** All of the content, verified, read as UTF-8. */
  text(): Promise<string>;
}

/** Entries that may be read for now. */
export class Loan {
  readonly #reading = new Set<Readable>();
  #over: UnzipxError | undefined;

  /** A stream that ends with the loan; throws when that is over. */
  stream(bytes: AsyncIterable<Uint8Array>): Readable {
    if (this.#over !== undefined) throw this.#over;
    const stream = Readable.from(bytes, { objectMode: false });
    this.#reading.add(stream);
    stream.once("close", () => void this.#reading.delete(stream));
    return stream;
  }

  /** The archive goes on, or is closed: whoever is still reading is told. */
  async end(reason: UnzipxError): Promise<void> {
    this.#over = reason;
    for (const stream of this.#reading) {
      const closed = new Promise((resolve) => void stream.once("close", resolve));
      // One that nobody has begun to read has nobody to be told either.
      stream.destroy(stream.readableDidRead ? reason : undefined);
      await closed;
    }
  }
}

export function entryOf({ entry, refused, anyTime, content }: ReadEntry, loan: Loan, { signal }: Run): ArchiveEntry {
  let wasRead = false;
  async function* bytes(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of content()) {
        signal.throwIfAborted();
        if (chunk.length > 0) yield new Uint8Array(chunk); // a stream keeps it for longer than it is valid
      }
    } catch (error) {
      throw known(error, "read an entry", signal);
    }
  }
  const { refusal: _, ...told } = entry;
  return {
    ...told, refused,
    stream() {
      if (wasRead && !anyTime) throw new UnzipxError("USAGE", "Cannot read an entry once more: the archive is read in order", { entry: entry.path, hint: "keep what bytes() gave" });
      const stream = loan.stream(bytes());
      wasRead = true;
      return stream;
    },
    async bytes() {
      const chunks: Uint8Array[] = [];
      for await (const chunk of this.stream()) chunks.push(chunk as Uint8Array);
      return Buffer.concat(chunks);
    },
    async text() {
      return (await this.bytes()).toString("utf8");
    },
  };
}
