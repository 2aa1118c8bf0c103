/** One run of the engine, event by event: what it says of errors is set aside until someone wants to know. */
import type { Engine, Happening, RunOptions } from "../../engine/client.ts";

export type Event = Exclude<Happening, { kind: "error" | "missing" }>;

export class Events {
  readonly #events: AsyncGenerator<Happening>;
  #peeked: Event | undefined;
  #said = "";
  /** Files that were looked for: the volumes that are missing. */
  readonly missing = new Set<string>();

  constructor(engine: Engine, options: RunOptions) {
    this.#events = engine.run(options);
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
      const { value } = (await this.#events.next()) as { value: Happening };
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
  }
}
