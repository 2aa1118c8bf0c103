/** The engine's side: decodes when asked to, and hands on what comes out. */
import { parentPort } from "node:worker_threads";
import { alongside } from "../bytes/alongside.ts";
import { UnzipxError } from "../errors.ts";
import { Damage } from "../lzma/damage.ts";
import { canDecodeLzma } from "../lzma/decoder.ts";
import { decodeXz } from "../lzma/xz.ts";
import { instantiate, type Instance } from "./module.ts";
import {
  CONTROL, controlOf, FEW_SLOTS, INPUT_END, INPUT_SLOTS, inputSlot, OUTPUT_SLOT_BYTES, OUTPUT_SLOTS, outputSlot,
  type EngineEvent, type EngineRequest, type EngineStart, type FromEngine,
} from "./protocol.ts";
import { decodeBlocks, type Telling } from "./serve-blocks.ts";

/** So many events go at once; of small files there are many in one slot. */
const EVENTS = 1024;
/** Longest time that something waits to be told, in milliseconds. */
const DELAY = 100;
/** Shorter pieces are text, of which a listing has hundreds of thousands, and nobody waits for a part of that: to look at the clock for each takes longer than to copy it. */
const TEXT = 256;
/** What 7-Zip's exit code is for that. */
const FAILED = 2;

export function serveEngine({ shared }: EngineStart): void {
  const port = parentPort;
  if (port === null) throw new UnzipxError("INTERNAL", "Cannot serve the engine: this is not a worker thread");
  const say = (message: FromEngine): void => port.postMessage(message);
  port.on("message", async (request: EngineRequest) => {
    const outbox = new Outbox(shared, say, request.kind === "blocks" && request.isAlone ? OUTPUT_SLOTS : FEW_SLOTS);
    try {
      outbox.event({ kind: "exit", code: await serve(request, new Inbox(shared, say), outbox) });
      outbox.flush();
    } catch (error) {
      outbox.flush();
      say({ kind: "crash", why: typeof error === "number" ? "an exception inside 7-Zip" : String((error as Error).message ?? error) });
    }
  });
}

/** 7-Zip: it takes 40 ms to be there, so it comes when it is needed. */
let sevenZip: Promise<Instance> | undefined;

/** Returns 7-Zip's exit code, or what that would be. */
async function serve(request: EngineRequest, inbox: Inbox, outbox: Outbox): Promise<number> {
  if (request.kind === "blocks") return decodeBlocks(request.blocks, outbox) ? 0 : FAILED;
  if (request.kind === "xz" && canDecodeLzma()) {
    try {
      decodeXz(inbox, (bytes) => outbox.data(bytes));
      return 0;
    } catch (error) {
      outbox.event({ kind: "error", text: `${Damage.of(error).line}\n` });
      return FAILED;
    }
  }
  return (await (sevenZip ??= instantiate())).run(request.words, request.files, {
    read: (into) => inbox.read(into),
    write: (bytes) => outbox.data(bytes),
    writeError: (bytes) => outbox.event({ kind: "error", text: Buffer.from(bytes).toString("latin1") }),
  }, {
    open: (path) => outbox.event({ kind: "open", path }),
    write: (bytes) => outbox.data(bytes),
    close: () => outbox.event({ kind: "close" }),
    symlink: (path, target) => outbox.event({ kind: "symlink", path, target }),
  }, {
    missing: (name) => outbox.event({ kind: "missing", name }),
    unreadable: (error) => outbox.event({ kind: "unreadable", error }),
  });
}

/** Waits for the other side to change `index` from `value`. */
function wait(control: Int32Array, index: number, value: number): void {
  Atomics.store(control, CONTROL.WAITING, 1);
  while (Atomics.load(control, index) === value) Atomics.wait(control, index, value);
  Atomics.store(control, CONTROL.WAITING, 0);
}

class Outbox implements Telling {
  readonly #shared: SharedArrayBuffer;
  readonly #control: Int32Array;
  readonly #say: (message: FromEngine) => void;
  readonly #slots: number;
  #events: EngineEvent[] = [];
  #slot = -1;
  /** The slot that is being filled; undefined: none is held. */
  #room: Uint8Array | undefined;
  #used = 0;
  #flushed = performance.now();

  constructor(shared: SharedArrayBuffer, say: (message: FromEngine) => void, slots: number) {
    this.#shared = shared;
    this.#control = controlOf(shared);
    this.#say = say;
    this.#slots = slots;
    // Slots are given back before a run ends, so each run starts with the first one.
    Atomics.store(this.#control, CONTROL.FREE, slots);
  }

  event(event: EngineEvent): void {
    Atomics.add(this.#control, CONTROL.PROGRESS, 1);
    this.#events.push(event);
    if (this.#events.length >= EVENTS) this.flush();
  }

  data(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const room = this.#take();
      const rest = at === 0 ? bytes : bytes.subarray(at);
      const start = bytes.length > TEXT ? Math.min(alongside(this.#used, rest), OUTPUT_SLOT_BYTES) : this.#used;
      const length = Math.min(rest.length, OUTPUT_SLOT_BYTES - start);
      room.set(length === rest.length ? rest : rest.subarray(0, length), start);
      at += length;
      // A listing comes in pieces of a few bytes: what follows on is one event.
      const last = this.#events.at(-1);
      const follows = last?.kind === "data" && start === this.#used;
      this.#used = start + length;
      if (follows) last.length += length;
      else if (length > 0) this.event({ kind: "data", start, length });
      if (this.#used === OUTPUT_SLOT_BYTES || (length > TEXT && performance.now() - this.#flushed > DELAY)) this.flush();
    }
  }

  flush(): void {
    if (this.#events.length === 0) return;
    this.#say({ kind: "batch", slot: this.#room === undefined ? undefined : this.#slot, events: this.#events });
    this.#events = [];
    this.#room = undefined;
    this.#used = 0;
    this.#flushed = performance.now();
  }

  #take(): Uint8Array {
    if (this.#room !== undefined) return this.#room;
    wait(this.#control, CONTROL.FREE, 0);
    Atomics.sub(this.#control, CONTROL.FREE, 1);
    this.#slot = (this.#slot + 1) % this.#slots;
    return (this.#room = outputSlot(this.#shared, this.#slot));
  }
}

class Inbox {
  readonly #shared: SharedArrayBuffer;
  readonly #control: Int32Array;
  readonly #say: (message: FromEngine) => void;
  #slot = 0;
  #at = 0;
  #asked = false;

  constructor(shared: SharedArrayBuffer, say: (message: FromEngine) => void) {
    this.#shared = shared;
    this.#control = controlOf(shared);
    this.#say = say;
  }

  read(into: Uint8Array): number {
    if (!this.#asked) {
      this.#asked = true;
      for (let slot = 0; slot < INPUT_SLOTS; slot++) this.#ask(slot);
    }
    const index = CONTROL.INPUT + this.#slot;
    wait(this.#control, index, 0);
    Atomics.add(this.#control, CONTROL.PROGRESS, 1);
    const filled = Atomics.load(this.#control, index);
    if (filled === INPUT_END) return 0;
    const length = Math.min(into.length, filled - this.#at);
    into.set(inputSlot(this.#shared, this.#slot).subarray(this.#at, this.#at + length));
    this.#at += length;
    if (this.#at === filled) {
      this.#ask(this.#slot);
      this.#slot = (this.#slot + 1) % INPUT_SLOTS;
      this.#at = 0;
    }
    return length;
  }

  #ask(slot: number): void {
    Atomics.store(this.#control, CONTROL.INPUT + slot, 0);
    this.#say({ kind: "need", slot });
  }
}
