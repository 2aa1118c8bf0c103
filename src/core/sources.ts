/** Where archives come from: a file, standard input, or bytes that are on their way already. */
import { readAhead } from "../bytes/read-ahead.ts";
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { isatty } from "node:tty";
import { fromSystem, UnzipxError } from "../errors.ts";
import type { Bytes, FileSource, Source } from "../formats/contract.ts";

/** A Source, and how much of it was read. */
export type Counted<S extends Source> = S & {
  readonly bytesRead: () => number;
  /** Another thread reads the file: how far it is. */
  readonly readElsewhere: (bytes: number) => void;
};

export function isFileSource(source: Source): source is FileSource {
  return "fd" in source;
}

/** Opens the archive once; everything later goes through the descriptor. "-" is standard input. */
export function openSource(name: string, signal?: AbortSignal): Counted<Source> | Counted<FileSource> {
  const isStdin = name === "-";
  let fd = 0;
  try {
    if (!isStdin) fd = openSync(name, constants.O_RDONLY);
    const stat = fstatSync(fd);
    if (stat.isDirectory()) {
      if (!isStdin) closeSync(fd);
      throw new UnzipxError("NO_INPUT", `Cannot read "${name}": it is a folder, not an archive`, { hint: `unzipx c ${name.replace(/\/+$/, "")}.zip ${name}` });
    }
    if (isStdin && isatty(fd)) {
      throw new UnzipxError("USAGE", "Cannot read an archive from standard input: it is a terminal", { hint: "curl -L URL | unzipx x -" });
    }
    const close = async (): Promise<void> => {
      if (!isStdin) closeSync(fd);
    };
    return stat.isFile() ? fileSource(name, fd, stat.size, close) : pipeSource(name, fd, close, signal);
  } catch (error) {
    throw fromSystem(error, "read", `open "${name}"`, { hint: hintFor(error, name) });
  }
}

function hintFor(error: unknown, name: string): string {
  return (error as NodeJS.ErrnoException).code === "ENOENT" ? `ls ${dirname(name)}` : `ls -l ${name}`;
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

function pipeSource(name: string, fd: number, close: () => Promise<void>, signal: AbortSignal | undefined): Counted<Source> {
  let read = 0;
  return {
    name, size: undefined,
    bytesRead: () => read,
    readElsewhere() {},
    async *stream() {
      for await (const chunk of readAhead(fd, undefined, signal)) {
        read += chunk.length;
        yield chunk;
      }
    },
    close,
  };
}

/** The first bytes of a stream, at least `length` of them unless it ends earlier, and the whole stream again. */
export async function peek(input: Bytes, length: number): Promise<{ head: Uint8Array; all: Bytes }> {
  const iterator = input[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let found = 0;
  while (found < length) {
    const { done, value } = await iterator.next();
    if (done === true) break;
    chunks.push(new Uint8Array(value)); // kept beyond the next chunk
    found += value.length;
  }
  const head = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  return {
    head,
    all: (async function* () {
      try {
        if (head.length > 0) yield head;
        for (;;) {
          const { done, value } = await iterator.next();
          if (done === true) return;
          yield value;
        }
      } finally {
        await iterator.return?.();
      }
    })(),
  };
}
