/** One run of a decoder, event by event: what it says of errors is set aside until someone wants to know. */
import { Engine, type Happening, type RunOptions } from "../../engine/client.ts";

export type Event = Exclude<Happening, { kind: "error" | "missing" }>;

export class Events {
  readonly #events: AsyncGenerator<Happening>;
  readonly #release: () => Promise<void>;
  #peeked: Event | undefined;
  #said = "";
  /** Whoever asks on is told again: what was thrown at one entry's reader ends all the others as well. */
  #failure: { readonly error: unknown } | undefined;
  /** Files that were looked for: the volumes that are missing. */
  readonly missing = new Set<string>();

  /** `release` is called in the end. */
  constructor(events: AsyncGenerator<Happening>, release = async (): Promise<void> => {}) {
    this.#events = events;
    this.#release = release;
  }

  /** Of an engine. */
  static of(options: RunOptions): Events {
    const engine = Engine.take();
    return new Events(engine.run(options), () => engine.release());
  }

  /** A "data" event's bytes are valid until the next call. The last event is "exit". */
  async next(): Promise<Event> {
    const event = await this.peek();
    this.#peeked = undefined;
    return event;
  }

  /** The next event, left where it is. What was said before it has been heard then. */
  async peek(): Promise<Event> {
    while (this.#peeked === undefined) {
      if (this.#failure !== undefined) throw this.#failure.error;
      const { value } = (await this.#events.next().catch((error: unknown) => {
        this.#failure = { error };
        throw error;
      })) as { value: Happening };
      if (value.kind === "error") this.#said += value.text;
      else if (value.kind === "missing") this.missing.add(value.name);
      else this.#peeked = value;
    }
    return this.#peeked;
  }

  /** The lines of the error stream since the last call. */
  heard(): string[] {
    const lines = this.#said.split("\n").map((line) => line.trim()).filter((line) => line !== "");
    this.#said = "";
    return lines;
  }

  async close(): Promise<void> {
    await this.#events.return(undefined);
    await this.#release();
  }
}
