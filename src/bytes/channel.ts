/** Bytes that one side puts in and the other takes out, in order; how much lies in between is bounded by a Room. */
import type { Room } from "./room.ts";

export class Channel implements AsyncIterable<Uint8Array> {
  readonly #room: Room;
  readonly #chunks: Uint8Array[] = [];
  #end: { readonly error?: unknown } | undefined;
  #wake = (): void => {};

  constructor(room: Room) {
    this.#room = room;
  }

  /** The bytes are the reader's from then on. */
  async put(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    await this.#room.take(bytes.length);
    this.#chunks.push(bytes);
    this.#wake();
  }

  /** Nothing more comes; with an error, the reader meets that behind all bytes. */
  end(failed?: { readonly error: unknown }): void {
    this.#end ??= failed ?? {};
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#room.give(chunk.length);
        yield chunk;
      } else if (this.#end !== undefined) {
        if ("error" in this.#end) throw this.#end.error;
        return;
      } else {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    }
  }
}
