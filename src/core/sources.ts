/** Where archives come from: a file, standard input, or bytes that are on their way already. */
import { isWaiting, readAhead, waits } from "../bytes/read-ahead.ts";
import { nodeTty } from "../bytes/node-modules.ts";
import { readSegments, sizeOf } from "../bytes/segments.ts";
import { closeSync, constants, existsSync, fstatSync, open, openSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { fromSystem, UnzipxError } from "../errors.ts";
import type { FileSource, Segment, SolidSource, Source } from "../formats/contract.ts";
import { wakePipe } from "../safe/wake-pipe.ts";
import { volumesOf } from "./volumes.ts";

/** A Source, and how much of it was read. */
export type Counted<S extends Source> = S & {
  readonly bytesRead: () => number;
  /** Another thread reads the file: how far it is. */
  readonly readElsewhere: (bytes: number) => void;
};

export function isFileSource<S extends Source>(source: S): source is S & FileSource {
  return "fd" in source;
}

/** Opens the archive once; everything later goes through the descriptor. "-" is standard input. */
function openSource(name: string, signal?: AbortSignal): Counted<Source> | Counted<FileSource> {
  const isStdin = name === "-";
  let fd = 0;
  let isOpen = false;
  try {
    // Without a writer a FIFO would hold everything up, signals too; so would one that takes the file's place right now, but for O_NONBLOCK, which Windows does not have.
    if (!isStdin && statSync(name).isFIFO()) return fifoSource(name, signal);
    if (!isStdin) fd = openSync(name, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    isOpen = !isStdin;
    const stat = fstatSync(fd);
    if (stat.isDirectory()) {
      throw new UnzipxError("NO_INPUT", `Cannot read "${name}": it is a folder, not an archive`, { hint: `unzipx c ${name.replace(/\/+$/, "")}.zip ${name}` });
    }
    if (isStdin && nodeTty().isatty(fd)) {
      throw new UnzipxError("USAGE", "Cannot read an archive from standard input: it is a terminal", { hint: "curl -L URL | unzipx x -" });
    }
    const close = async (): Promise<void> => {
      if (!isStdin) closeSync(fd);
    };
    if (stat.isFile()) return fileSource(name, fd, stat.size, close);
    return pipeSource(name, { open: async () => fd, close }, signal);
  } catch (error) {
    if (isOpen) closeSync(fd);
    throw fromSystem(error, "read", `open "${name}"`, hintFor(error, name));
  }
}

function hintFor(error: unknown, name: string): { hint?: string } {
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOENT":
      return { hint: `ls ${dirname(name)}` };
    case "EACCES":
    case "EPERM":
      return { hint: `ls -l ${name}` };
    default:
      return {};
  }
}

export function fileSource(name: string, fd: number, size: number, close: () => Promise<void>): Counted<FileSource> {
  const opened = fstatSync(fd);
  let read = 0;
  return {
    name, fd, size,
    bytesRead: () => read,
    readElsewhere: (bytes) => void (read = bytes),
    async *stream() {
      for await (const chunk of readAhead(fd, 0)) {
        read += chunk.length;
        yield chunk;
      }
    },
    async close() {
      const now = fstatSync(fd);
      await close();
      // Two halves of two versions would be verified one by one and be wrong together.
      if (now.size !== opened.size || now.mtimeMs !== opened.mtimeMs) {
        throw new UnzipxError("READ_FAILED", `Cannot trust what was read from "${name}": it changed meanwhile`);
      }
    },
  };
}

/** Opened in the thread pool, where it may wait for a writer. */
function fifoSource(name: string, signal: AbortSignal | undefined): Counted<Source> {
  let opened: number | undefined;
  return pipeSource(name, {
    open: () => new Promise((resolve, reject) => {
      const returned = waits();
      signal?.addEventListener("abort", () => {
        if (opened === undefined) wakeOpening(name);
        reject(signal.reason as Error);
      }, { once: true });
      open(name, constants.O_RDONLY, (error, fd) => {
        returned();
        if (error === null) resolve((opened = fd));
        else reject(fromSystem(error, "read", `open "${name}"`));
      });
    }),
    async close() {
      if (opened !== undefined) closeSync(opened);
    },
  }, signal);
}

/** Whoever waits for a FIFO's writer gets one: Node does not exit before the call comes back. */
function wakeOpening(name: string): void {
  try {
    closeSync(openSync(name, constants.O_WRONLY | constants.O_NONBLOCK));
  } catch {
    // somebody else has opened it meanwhile, or it is gone
  }
}

function pipeSource(name: string, pipe: { open(): Promise<number>; close(): Promise<void> }, signal: AbortSignal | undefined): Counted<Source> {
  let read = 0;
  return {
    name, size: undefined,
    bytesRead: () => read,
    readElsewhere() {},
    async *stream() {
      const fd = await pipe.open();
      signal?.addEventListener("abort", () => {
        if (isWaiting()) wakePipe(fd);
      }, { once: true });
      for await (const chunk of readAhead(fd, undefined, signal)) {
        read += chunk.length;
        yield chunk;
      }
    },
    close: () => pipe.close(),
  };
}

/** The archive as it was named: a file, the parts of a set, a pipe. */
export interface Input {
  /** Without the number of a part: what the whole is called. */
  readonly title: string;
  readonly source: Counted<Source>;
  /** Undefined for a pipe. */
  readonly solid: SolidSource | undefined;
  /** Of parts that are joined, the one that would come next: whether there is any, only the content tells. */
  readonly nextPart?: string | undefined;
  /** All that was opened for it: the file, the parts of the set. */
  readonly parts: readonly Counted<Source>[];
  readonly identities: readonly { readonly dev: number; readonly ino: number }[];
  /** The files by their names; none for a pipe, and for what lies in another archive. */
  readonly files: readonly string[];
  /** Of the file, in milliseconds since 1970. */
  readonly mtime: number | undefined;
  /** All of it, where it lies in memory. */
  readonly memory?: Uint8Array;
  close(): Promise<void>;
}

/** What an archive is called, in messages and in what comes back. */
export function titleOf(archive: string | Input): string {
  return typeof archive === "string" ? archive : archive.title;
}

/** Opens the archive, and the other parts of its set if it is one of several. */
export function openInput(name: string, signal?: AbortSignal): Input {
  const set = name === "-" || !existsSync(name) ? undefined : volumesOf(name);
  const opened: Counted<Source>[] = [];
  const close = async (): Promise<void> => {
    for (const one of opened) await one.close();
  };
  try {
    for (const part of set?.parts ?? [name]) opened.push(openSource(part, signal));
    const files = opened.filter(isFileSource);
    const paths = files.map((file) => file.name);
    const stats = files.map((file) => fstatSync(file.fd));
    const identities = stats.map(({ dev, ino }) => ({ dev, ino }));
    const main = opened[Math.max(0, set?.parts.indexOf(set.main) ?? 0)]!;
    const mtime = stats[0]?.mtimeMs;
    if (!isFileSource(main) || files.length < opened.length) return { title: name, source: main, solid: undefined, identities, files: paths, parts: opened, mtime, close };
    if (set?.joined !== undefined) {
      const segments = files.map((file) => segmentOf(file));
      const size = sizeOf(segments);
      return { title: set.joined, source: joinedSource(set.joined, segments), solid: { name: alias(set.joined, set.joined), size, segments, volumes: [] }, nextPart: set.next, identities, files: paths, parts: opened, mtime, close };
    }
    const others = files.filter((file) => file !== main);
    return { title: set?.main ?? name, source: main, solid: solidSource(main.name, main, others), identities, files: paths, parts: opened, mtime, close };
  } catch (error) {
    for (const one of opened) void one.close().catch(() => {});
    throw error;
  }
}

/** An archive that was found in another one, in a file that is open: closing that is the caller's. `mtime` as in Input. */
export function openedInput(title: string, fd: number, mtime: number | undefined): Input {
  const source = fileSource(title, fd, fstatSync(fd).size, async () => {});
  return { title, source, solid: solidSource(title, source), identities: [], files: [], parts: [source], mtime, close: () => source.close() };
}

export function solidSource(name: string, file: FileSource, others: readonly FileSource[] = []): SolidSource {
  const volumes = others.map((other) => ({ name: alias(other.name, name), segments: [segmentOf(other)] }));
  return { name: alias(name, name), size: file.size, segments: [segmentOf(file)], volumes };
}

function segmentOf(file: FileSource): Segment {
  return { fd: file.fd, offset: 0, length: file.size };
}

/** A name as a decoder may see it: entries without a name are called after it, and volumes find each other by it. */
function alias(name: string, main: string): string {
  const [own, first] = [basename(name), basename(main)];
  if (isPlain(own) && isPlain(first)) return own;
  // All parts of a set keep a common stem.
  const rest = own.slice(first.replace(/(\.part\d+)?\.[^.]*$/i, "").length);
  return `archive${isPlain(`a${rest}`) ? rest : ""}`;
}

/** Without a character that 7-Zip takes for more than itself. */
function isPlain(name: string): boolean {
  return /^\w[\w .+-]*$/.test(name) && name.length < 200;
}

function joinedSource(name: string, segments: readonly Segment[]): Counted<Source> {
  let read = 0;
  const size = sizeOf(segments);
  return {
    name, size,
    bytesRead: () => read,
    readElsewhere() {},
    async *stream() {
      const chunk = Buffer.allocUnsafeSlow(512 * 1024);
      while (read < size) {
        const length = readSegments(segments, chunk, read);
        if (length === 0) return;
        read += length;
        yield chunk.subarray(0, length);
      }
    },
    async close() {},
  };
}
