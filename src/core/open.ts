/** From a name to entries: detect, peel the filters, spool what must seek, open the container. */
import { basename } from "node:path";
import { fstatSync } from "node:fs";
import { readUpTo } from "../bytes/read-file.ts";
import { UnzipxError } from "../errors.ts";
import { FILTERS } from "../filters/index.ts";
import { detect, formatOfName, HEAD_BYTES, TAIL_BYTES } from "../formats/detect.ts";
import { CONTAINERS } from "../formats/index.ts";
import type { Bytes, Container, FileSource, Filter, Index, IndexedContainer, KnownFormat, Probe, ReadOptions, Source, StreamEntry } from "../formats/contract.ts";
import { decodeOnThread } from "../parallel/filter-thread.ts";
import { spool } from "../safe/spool.ts";
import { fileSource, isFileSource, openSource, peek, type Counted } from "./sources.ts";

export interface OpenOptions extends ReadOptions {
  /** The user's word against the detection: the name of a container or filter. */
  readonly format: string | undefined;
  /** More than one: filters may have a thread of their own. */
  readonly threads: number;
  /** Ends the waiting for a pipe. */
  readonly signal?: AbortSignal | undefined;
}

interface Opened {
  readonly name: string;
  /** From the outside in: ["gzip", "tar"]. */
  readonly format: readonly string[];
  /** Undefined while it is unknown: a pipe. */
  readonly archiveBytes: number | undefined;
  readonly bytesRead: () => number;
  /** The archive's own file, which is never a target. */
  readonly identity: { readonly dev: number; readonly ino: number } | undefined;
  close(): Promise<void>;
}
export interface OpenedIndex extends Opened {
  readonly kind: "index";
  readonly container: IndexedContainer;
  readonly source: FileSource;
  readonly index: Index;
}
export interface OpenedStream extends Opened {
  readonly kind: "stream";
  entries(): AsyncIterable<StreamEntry>;
}

export async function openArchive(name: string, options: OpenOptions): Promise<OpenedIndex | OpenedStream> {
  const source = openSource(name, options.signal);
  const closing: (() => Promise<void> | void)[] = [() => source.close()];
  const close = async (): Promise<void> => {
    for (const one of closing.splice(0).reverse()) await one();
  };
  try {
    return await openLayers(name, source, options, closing, close);
  } catch (error) {
    await close().catch(() => {}); // the first error is the one to tell
    throw error;
  }
}

async function openLayers(
  name: string, source: Counted<Source> | Counted<FileSource>, options: OpenOptions, closing: (() => Promise<void> | void)[], close: () => Promise<void>,
): Promise<OpenedIndex | OpenedStream> {
  const filters: Filter[] = [];
  let file: FileSource | undefined = isFileSource(source) ? source : undefined;
  let bytes: Bytes | undefined; // set as soon as the bytes are no longer the file's own
  let probe: Probe;
  if (file !== undefined) {
    probe = probeFile(file);
  } else {
    const peeked = await peek(source.stream(), HEAD_BYTES);
    bytes = peeked.all;
    probe = { head: peeked.head, tail: undefined };
  }
  const identity = file === undefined ? undefined : fstatSync(file.fd);
  const shared = {
    name, archiveBytes: file?.size, identity: identity && { dev: identity.dev, ino: identity.ino }, close,
    bytesRead: () => (bytes === undefined ? (file?.size ?? 0) : source.bytesRead()),
  };
  for (;;) {
    const format = choose(probe, name, options.format, filters);
    if (format?.kind === "filter") {
      if (filters.length === 0) noteName(name, format, options);
      const head = probe.head;
      filters.push(format);
      const peeked = await peek(decode(format, bytes, source, options), HEAD_BYTES);
      bytes = peeked.all;
      file = undefined;
      probe = { head: peeked.head, tail: undefined };
      const inner = choose(probe, name, options.format, filters);
      if (inner === undefined || inner.kind === "known" || filters.includes(inner as Filter)) {
        return single(shared, filters, bytes, format.innerName?.(head), identity?.mtimeMs);
      }
      continue;
    }
    if (format === undefined || format.kind === "known") throw unknown(name, format, probe.head);
    if (filters.length === 0) noteName(name, format, options);
    const format_ = [...filters.map((filter) => filter.name), format.name];
    if (format.needs === "stream") {
      const input = bytes ?? source.stream();
      if (bytes === undefined) bytes = input;
      return { ...shared, kind: "stream", format: format_, entries: () => format.read(input, options) };
    }
    if (file === undefined) {
      const spooled = await spool(bytes!);
      closing.push(() => spooled.close());
      file = fileSource(name, spooled.fd, spooled.size, async () => {});
    }
    const index = await format.open(file, options);
    const size = file.size;
    return { ...shared, archiveBytes: shared.archiveBytes ?? size, bytesRead: () => size, kind: "index", format: format_, container: format, source: file, index };
  }
}

/** Of this size a compressed file is worth a thread of its own, which takes about 30 ms to start. */
const WORTH_A_THREAD = 4 * 1024 * 1024;

/** The filter's bytes: from a thread of its own when there is much to do, so that parsing and writing go on meanwhile. */
function decode(filter: Filter, bytes: Bytes | undefined, source: Counted<Source>, options: OpenOptions): Bytes {
  const isMuch = source.size === undefined || source.size >= WORTH_A_THREAD;
  if (options.threads < 2 || !isMuch || bytes !== undefined && source.size !== undefined) return filter.decode(bytes ?? source.stream(), { warn: options.warn, memory: options.limits.memory });
  return decodeOnThread({
    entry: new URL("./filter-worker.js", import.meta.url), filter: filter.name, warn: options.warn, memory: options.limits.memory, read: source.readElsewhere,
    input: bytes === undefined && isFileSource(source) ? { fd: source.fd } : { bytes: bytes ?? source.stream() },
  });
}

function probeFile(file: FileSource): Probe {
  const head = Buffer.alloc(Math.min(HEAD_BYTES, file.size));
  const tail = Buffer.alloc(Math.min(TAIL_BYTES, file.size));
  const found = readUpTo(file.fd, head, 0);
  const foundTail = readUpTo(file.fd, tail, file.size - tail.length);
  return { head: head.subarray(0, found), tail: tail.subarray(0, foundTail) };
}

/** The detection, unless the user named the format: then filters that are seen are peeled until it is reached. */
function choose(probe: Probe, name: string, forced: string | undefined, peeled: readonly Filter[]): Filter | Container | KnownFormat | undefined {
  const found = detect(probe, basename(name));
  if (forced === undefined) return found;
  const words = forced.split(/[.+]/).reverse(); // "tar.gz" is gzip, then tar
  const all = [...FILTERS, ...CONTAINERS];
  const wanted = words.map((word) => {
    const format = all.find((one) => one.name === word || one.extensions.includes(`.${word}`));
    if (format === undefined) throw new UnzipxError("USAGE", `Cannot read "${name}" as "${forced}": no such format`, { hint: "unzipx formats" });
    return format;
  });
  if (wanted.length === 1 && wanted[0]!.kind === "container" && found?.kind === "filter") return found;
  if (wanted.length === 1 && wanted[0]!.kind === "container") return wanted[0];
  return wanted[peeled.length] ?? (wanted.at(-1)?.kind === "filter" ? undefined : found);
}

function unknown(name: string, format: KnownFormat | undefined, head: Uint8Array): UnzipxError {
  if (format !== undefined) {
    return new UnzipxError("UNSUPPORTED_FORMAT", `Cannot read "${name}": it is ${format.name}, which this version does not read`, { hint: "unzipx formats" });
  }
  if (head.length === 0) return new UnzipxError("UNKNOWN_FORMAT", `Cannot read "${name}": it is empty`);
  const start = Buffer.from(head.subarray(0, 8)).toString("hex").replace(/(..)(?=.)/g, "$1 ");
  return new UnzipxError("UNKNOWN_FORMAT", `Cannot read "${name}": no known archive format begins like this`, { found: start, hint: "unzipx formats" });
}

function noteName(name: string, format: Filter | Container, options: OpenOptions): void {
  const named = formatOfName(basename(name));
  if (named === undefined || named === format || options.format !== undefined) return;
  options.warn(new UnzipxError("ODDITY", `"${name}" is named like ${named.name} and is ${format.name}: it is read as ${format.name}`));
}

/** A filter around one file: an archive of one entry. */
function single(shared: Opened | Omit<Opened, "format">, filters: readonly Filter[], bytes: Bytes, innerName: string | undefined, mtime: number | undefined): OpenedStream {
  return {
    ...shared,
    kind: "stream",
    format: filters.map((filter) => filter.name),
    async *entries() {
      yield {
        path: nameInside(shared.name, filters, innerName),
        type: "file", size: undefined, packedSize: shared.archiveBytes, mtime, mode: undefined, linkTarget: undefined,
        method: filters.map((filter) => filter.name).join("+"), crc32: undefined, encrypted: false, comment: undefined, refusal: undefined,
        whole: undefined,
        content: () => bytes,
      } satisfies StreamEntry;
    },
  };
}

/** "notes.txt.gz" holds "notes.txt"; what is not named like that is asked for its own opinion, of which only the last component counts. */
function nameInside(name: string, filters: readonly Filter[], innerName: string | undefined): string {
  let stem = name === "-" ? "" : basename(name);
  for (const filter of filters) {
    const extension = filter.extensions.find((one) => stem.toLowerCase().endsWith(one.toLowerCase()) && stem.length > one.length);
    if (extension !== undefined) stem = stem.slice(0, -extension.length);
  }
  if (stem !== "" && stem !== basename(name)) return stem;
  const inner = innerName === undefined ? "" : basename(innerName.replaceAll("\\", "/"));
  if (inner !== "" && inner !== "." && inner !== "..") return inner;
  return stem === "" ? "data" : `${stem}.out`;
}
