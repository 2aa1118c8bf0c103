/** What can be read as an archive. */
import { fileURLToPath } from "node:url";
import type { Readable } from "node:stream";
import { UnzipxError } from "../errors.ts";
import type { GivenStream } from "../core/given-input.ts";
import type { Input } from "../core/sources.ts";

/**
 * A path (of a split set any part), a `file:` URL, bytes in memory, or a stream of bytes: of Node, of the web, or anything that
 * can be iterated over. Bytes in memory must not change until the promise settles, or the archive is closed.
 */
export type ArchiveSource = string | URL | Uint8Array | ArrayBuffer | Readable | WebStream | AsyncIterable<Uint8Array>;

/** A ReadableStream of bytes, such as the body of a Response, as far as it is used here. */
export interface WebStream {
  getReader(): WebReader;
}

interface WebReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

/** What an archive is called that is no file. */
const NAMELESS = "archive";

/** A source that a verb has taken over. */
export interface HeldSource {
  /** For the core. */
  open(signal: AbortSignal): Promise<string | Input>;
  /** A stream that was not read to its end is destroyed: whoever makes it need not go on. */
  release(): void;
}

/** To be called at once: a stream that fails before it is read has to find a listener. */
export function sourceOf(source: ArchiveSource, name = NAMELESS): HeldSource {
  if (typeof source === "string") return named(pathOf(source));
  if (source instanceof URL) {
    if (source.protocol !== "file:") throw new UnzipxError("USAGE", `Cannot read "${source.href}": only file: URLs are read`, { hint: "extract((await fetch(url)).body, directory)" });
    return named(fileURLToPath(source));
  }
  if (source instanceof ArrayBuffer) return sourceOf(new Uint8Array(source), name);
  if (source instanceof Uint8Array) return { open: async () => (await import("../core/given-input.ts")).memoryInput(name, source), release() {} };
  const given = givenStream(source);
  return { open: async (signal) => (await import("../core/given-input.ts")).streamedInput(name, given, signal), release: given.abandon };
}

function named(path: string): HeldSource {
  return { open: async () => path, release() {} };
}

/** "-" is standard input to the core, and a file here. */
export function pathOf(path: string): string {
  return path === "-" ? "./-" : path;
}

/** Whatever gives bytes in order. */
export function givenStream(source: Exclude<ArchiveSource, string | URL | Uint8Array | ArrayBuffer>): GivenStream {
  if (isNodeStream(source)) {
    source.on("error", () => {}); // whoever reads it is told; before and afterwards nobody would be, and the process would end
    return { chunks: source, abandon: () => void source.destroy() };
  }
  if (isWebStream(source)) return webStream(source.getReader());
  if (typeof (source as Partial<AsyncIterable<unknown>> | null | undefined)?.[Symbol.asyncIterator] !== "function") {
    throw new UnzipxError("USAGE", "Cannot read the archive: what was given is no source of bytes", { expected: "a path, a file: URL, bytes or a stream of bytes", found: source === null ? "null" : typeof source });
  }
  const iterator: AsyncIterator<unknown> = source[Symbol.asyncIterator]();
  return { chunks: { [Symbol.asyncIterator]: () => iterator }, abandon: () => void iterator.return?.().catch(() => {}) };
}

function webStream(reader: WebReader): GivenStream {
  async function* chunks(): AsyncGenerator<unknown> {
    for (let step = await reader.read(); !step.done; step = await reader.read()) yield step.value;
  }
  return { chunks: chunks(), abandon: () => void reader.cancel().catch(() => {}) };
}

function isNodeStream(source: unknown): source is Readable {
  const { on, destroy } = (source ?? {}) as Partial<Readable>;
  return typeof on === "function" && typeof destroy === "function";
}

function isWebStream(source: unknown): source is WebStream {
  return typeof (source as Partial<WebStream> | null)?.getReader === "function";
}
