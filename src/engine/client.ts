/** The engine as seen by the rest: a thread that runs 7-Zip, or our own decoder of LZMA, one run at a time, and is ended when it hangs or crashes. */
import type { Worker } from "node:worker_threads";
import { startThread } from "../bytes/thread.ts";
import { fromPlain, UnzipxError } from "../errors.ts";
import type { Bytes } from "../formats/contract.ts";
import { PATIENCE, stalled, usualPatience } from "./patience.ts";
import {
  CONTROL, controlOf, INPUT_END, INPUT_SLOT_BYTES, inputSlot, outputSlot, SHARED_BYTES,
  type EngineEvent, type EngineRequest, type EngineStart, type FromEngine,
} from "./protocol.ts";

/** An event with its bytes, which are valid until the next event is asked for. */
export type Happening = Exclude<EngineEvent, { kind: "data" | "unreadable" }> | { readonly kind: "data"; readonly bytes: Uint8Array };

export interface RunOptions {
  readonly request: EngineRequest;
  /** What the engine reads from standard input. */
  readonly input?: Bytes;
  /** What is being read, for the messages. */
  readonly what: string;
  /** Milliseconds without a sign of life that are borne; if not said otherwise, what setPatience() says. */
  readonly patience?: number;
}

const LOOKS = 15; // in the time that is borne
/** On a busy machine time passes and nothing is computed: so much longer is borne until the process has had the time itself. */
const IDLE = 4;

/** What all threads have computed, in milliseconds. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Engines that have nothing to do: to start a thread takes some 30 ms, and 7-Zip on it 40 more. They do not keep the process alive. */
const idle: Engine[] = [];

export class Engine {
  readonly #shared = new SharedArrayBuffer(SHARED_BYTES);
  readonly #control = controlOf(this.#shared);
  readonly #worker: Worker;
  #dead = false;
  #busy = false;

  private constructor() {
    const start: EngineStart = { shared: this.#shared };
    this.#worker = startThread({ role: "engine", start });
    this.#worker.unref();
    // Between two runs nobody listens, and an error without a listener would end the process.
    this.#worker.on("error", () => (this.#dead = true)).on("exit", () => (this.#dead = true));
  }

  /** An engine of one's own, until release(). */
  static take(): Engine {
    for (let engine = idle.pop(); engine !== undefined; engine = idle.pop()) if (!engine.#dead) return engine;
    return new Engine();
  }

  /** Has one ready for take(): what it is to do is found out while it starts. */
  static prepare(): void {
    if (!idle.some((engine) => !engine.#dead)) idle.push(new Engine());
  }

  /** For the next who needs one; a run that is still under way ends it instead. */
  async release(): Promise<void> {
    if (this.#busy) await this.end();
    else if (!this.#dead) idle.push(this);
  }

  /**
   * Does what is asked for, and tells what happens. Throws BAD_DATA when the decoder crashes or
   * hangs, and what the system says when it cannot read the archive; what 7-Zip itself reports, or our decoder in its words, are "error" events and the code of "exit". Whoever stops early ends the thread.
   */
  async *run({ request, input, what, patience = usualPatience() }: RunOptions): AsyncGenerator<Happening> {
    const inbox = new Mailbox<FromEngine | undefined>();
    const onMessage = (message: FromEngine): void => inbox.put(message);
    const onExit = (): void => inbox.put(undefined);
    // Without input it is at its end: a question that 7-Zip asks there has no answer, and must not be waited for.
    const feeder = new Feeder(input ?? nothing(), this.#shared, (error) => inbox.fail(error));
    let progress = -1;
    let since = performance.now();
    let spent = processorTime();
    let listening = false; // for what the engine says: while the consumer is at work, the silence is none of its own
    const watchdog = setInterval(() => {
      const now = Atomics.load(this.#control, CONTROL.PROGRESS);
      const waiting = Atomics.load(this.#control, CONTROL.WAITING) === 1;
      if (now !== progress || waiting || !listening) [progress, since, spent] = [now, performance.now(), processorTime()];
      else if (performance.now() - since > (processorTime() - spent > patience ? 1 : IDLE) * patience) inbox.fail(stalled(what, patience));
    }, Math.min(patience, PATIENCE) / LOOKS);
    this.#busy = true;
    this.#worker.ref();
    this.#worker.on("message", onMessage).on("error", onExit).on("exit", onExit);
    try {
      this.#worker.postMessage(request);
      for (;;) {
        listening = true;
        const message = this.#dead ? undefined : await inbox.take();
        listening = false;
        if (message === undefined) throw crashed(what, "its thread ended");
        if (message.kind === "crash") throw crashed(what, message.why);
        if (message.kind === "need") {
          feeder.fill(message.slot);
          continue;
        }
        const slot = message.slot === undefined ? undefined : outputSlot(this.#shared, message.slot);
        for (const event of message.events) {
          if (event.kind === "data") {
            yield { kind: "data", bytes: slot!.subarray(event.start, event.start + event.length) };
          } else if (event.kind === "unreadable") {
            throw fromPlain(event.error);
          } else if (event.kind === "exit") {
            if (slot !== undefined) this.#free();
            this.#busy = false;
            yield event;
            return;
          } else {
            yield event;
          }
        }
        if (slot !== undefined) this.#free();
      }
    } finally {
      clearInterval(watchdog);
      this.#worker.off("message", onMessage).off("error", onExit).off("exit", onExit);
      await feeder.close();
      if (this.#busy) await this.end();
      else this.#worker.unref();
    }
  }

  #free(): void {
    Atomics.add(this.#control, CONTROL.FREE, 1);
    Atomics.notify(this.#control, CONTROL.FREE);
  }

  /** Ends the thread, whatever it does; a run that is under way throws. */
  async end(): Promise<void> {
    this.#dead = true;
    this.#busy = false;
    await this.#worker.terminate();
  }
}

async function* nothing(): Bytes {}

function crashed(what: string, why: string): UnzipxError {
  return new UnzipxError("BAD_DATA", `Cannot read ${what}: its decoder gave up (${why})`);
}

/** Messages that wait for someone to take them, one at a time. */
class Mailbox<Message> {
  readonly #messages: Message[] = [];
  #failure: { readonly error: unknown } | undefined;
  #wake = (): void => {};

  put(message: Message): void {
    this.#messages.push(message);
    this.#wake();
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake();
  }

  async take(): Promise<Message> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#messages.length > 0) return this.#messages.shift()!;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/** Fills the engine's input slots, in the order in which it asks. */
class Feeder {
  readonly #input: AsyncIterator<Uint8Array>;
  readonly #shared: SharedArrayBuffer;
  readonly #fail: (error: unknown) => void;
  #rest: Uint8Array = new Uint8Array(0);
  #filling: Promise<void> = Promise.resolve();

  constructor(input: Bytes, shared: SharedArrayBuffer, fail: (error: unknown) => void) {
    this.#input = input[Symbol.asyncIterator]();
    this.#shared = shared;
    this.#fail = fail;
  }

  fill(slot: number): void {
    this.#filling = this.#filling.then(() => this.#fill(slot)).catch(this.#fail);
  }

  async close(): Promise<void> {
    await this.#filling;
    await this.#input.return?.();
  }

  async #fill(slot: number): Promise<void> {
    const room = inputSlot(this.#shared, slot);
    let used = 0;
    while (used < INPUT_SLOT_BYTES) {
      if (this.#rest.length === 0) {
        const { done, value } = await this.#input.next();
        if (done === true) break;
        this.#rest = value;
        continue;
      }
      const part = this.#rest.subarray(0, INPUT_SLOT_BYTES - used);
      room.set(part, used);
      used += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    const control = controlOf(this.#shared);
    Atomics.store(control, CONTROL.INPUT + slot, used === 0 ? INPUT_END : used);
    Atomics.notify(control, CONTROL.INPUT + slot);
  }
}
