/** From a name to entries: detect, peel the filters, spool what must seek, open the container. */
import { basename } from "node:path";
import { peek } from "../bytes/peek.ts";
import { readSegments } from "../bytes/segments.ts";
import { UnzipxError } from "../errors.ts";
import { FILTERS } from "../filters/index.ts";
import { detect, endsLikeZip, formatOfName, HEAD_BYTES, TAIL_BYTES } from "../formats/detect.ts";
import { CONTAINERS } from "../formats/index.ts";
import type { Blocks, Bytes, Container, Entry, FileSource, Filter, Index, IndexedContainer, KnownFormat, Probe, ReadOptions, Segment, SolidOptions, SolidSource, Source, StreamEntry, Warn } from "../formats/contract.ts";
import { decodeOnThread, type Decoding, type FilterThreadOptions } from "../parallel/filter-thread.ts";
import { setPatience } from "../engine/patience.ts";
import { createBudget, type Budget } from "../safe/budget.ts";
import { readLimits, USUAL_LEVELS, type Limits } from "../safe/policy.ts";
import { spool } from "../safe/spool.ts";
import type { Checked, Checksum } from "./checksum.ts";
import { explainedEntries, explainerOf } from "./set-errors.ts";
import { fileSource, isFileSource, openInput, solidSource, type Counted, type Input } from "./sources.ts";

export interface OpenOptions extends Omit<ReadOptions, "limits"> {
  readonly limits: Limits;
  /** The user's word against the detection: the name of a container or filter. */
  readonly format: string | undefined;
  /** More than one: filters may have a thread of their own. */
  readonly threads: number;
  /** Of the archive around this one; otherwise it gets one of its own. */
  readonly budget?: Budget | undefined;
  /** Ends the waiting for a pipe. */
  readonly signal?: AbortSignal | undefined;
  /** What the archive's bytes have to be. Files are verified before anything of them is decoded; see Opened.verify. */
  readonly checksum?: Checksum | undefined;
  /** What is decoded goes where it cannot be taken back. */
  readonly isFinal?: boolean | undefined;
}

interface Opened {
  readonly name: string;
  /** From the outside in: ["gzip", "tar"]. */
  readonly format: readonly string[];
  /** Undefined while it is unknown: a pipe. */
  readonly archiveBytes: number | undefined;
  readonly bytesRead: () => number;
  /** Of all that comes out of it. */
  readonly budget: Budget;
  /** The archive's own bytes; undefined: a pipe. */
  readonly file: SolidSource | undefined;
  /** The archive's own files, which are never a target. */
  readonly identities: readonly { readonly dev: number; readonly ino: number }[];
  /** Their names. */
  readonly files: readonly string[];
  /** To be called when all was read, and before anything becomes visible: throws when the archive is not the one that was asked for. */
  verify(): Promise<void>;
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
  /** Trouble with an entry's content is its own, the next one can be read; otherwise it ends the archive. */
  readonly entriesFailAlone: boolean;
  /** Absolute links lead to the root of what is unpacked: see rooted(). */
  readonly isPackage: boolean;
  /** As SolidContainer.byEngine. */
  readonly byEngine: boolean;
  /** What decodes the container's bytes on a thread of its own. */
  readonly decoding: Decoding | undefined;
  entries(request: EntriesRequest): AsyncIterable<StreamEntry>;
}

/** What a solid container wants to know beforehand, because decoding is all or nothing there; as in SolidOptions. */
type EntriesRequest = Pick<SolidOptions, "listing" | "wants">;

/** `archive` is a name, or an archive inside another one that is open already. */
export async function openArchive(archive: string | Input, options: OpenOptions): Promise<OpenedIndex | OpenedStream> {
  const [name, named] = typeof archive === "string" ? [archive, openInput(archive, options.signal)] : [archive.title, archive];
  const closing: (() => Promise<void> | void)[] = [() => named.close()];
  const close = async (): Promise<void> => {
    for (const one of closing.splice(0).reverse()) await one();
  };
  const explain = explainerOf(named);
  setPatience(options.limits.stall);
  try {
    const { input, verify } = options.checksum === undefined ? { input: named, verify: async () => {} } : await checked(named, options.checksum, options);
    const opened = await openLayers({ name, input, verify }, options, closing, close);
    if (explain === undefined || opened.kind === "index") return opened;
    return { ...opened, entries: (request) => explainedEntries(opened.entries(request), explain) };
  } catch (error) {
    await close().catch(() => {}); // the first error is the one to tell
    throw explain === undefined ? error : explain(error);
  }
}

async function checked(input: Input, checksum: Checksum, { isFinal = false, signal }: OpenOptions): Promise<Checked> {
  const { checkInput } = await import("./checksum.ts");
  return checkInput(input, { checksum, isFinal, signal });
}

async function openLayers(
  { name, input, verify }: Checked & { readonly name: string }, options: OpenOptions, closing: (() => Promise<void> | void)[], close: () => Promise<void>,
): Promise<OpenedIndex | OpenedStream> {
  const { source } = input;
  const reading: ReadOptions = { ...options, limits: readLimits(options.limits) };
  const filters: Filter[] = [];
  let solid = input.solid;
  let bytes: Bytes | undefined; // set as soon as the bytes are no longer the file's own
  let decoding: Decoding | undefined; // of the innermost filter, if it has a thread of its own
  let isThreaded = false; // one of the filters works on another thread
  let probe: Probe;
  if (solid !== undefined) {
    probe = probeSolid(solid);
  } else {
    const peeked = await peek(source.stream(), HEAD_BYTES);
    closing.push(peeked.close);
    bytes = peeked.all;
    probe = { head: peeked.head, tail: undefined };
  }
  const bytesRead = (): number => (bytes === undefined ? (solid?.size ?? 0) : source.bytesRead());
  const budget = options.budget ?? createBudget(options.limits, bytesRead);
  /** The threads end with the archive. */
  const blocks = async (): Promise<Blocks> => {
    const started = (await import("./blocks.ts")).blocksOn(options.threads);
    closing.push(() => started.close());
    return started;
  };
  const shared = { name, archiveBytes: solid?.size, file: solid, identities: input.identities, files: input.files, verify, close, bytesRead, budget };
  for (;;) {
    const format = choose(probe, input.title, options.format, filters);
    if (format?.kind === "filter") {
      if (filters.length === 0) noteName(input.title, format, options);
      const head = probe.head;
      if (filters.push(format) > MOST_FILTERS) throw new UnzipxError("LIMIT", `Stopped: "${name}" is compressed more than ${MOST_FILTERS} times over`, { found: filters.map((filter) => filter.name).join(" in "), hint: `--format ${filters[0]!.name}, for what is in the first of them` });
      const isMuch = source.size === undefined || source.size >= WORTH_A_THREAD;
      const hasBlocks = options.threads > 1 && (source.size === undefined || source.size >= WORTH_BLOCKS);
      const threaded: boolean = isMuch && options.threads > 1 && !isThreaded && format.ownThread !== true; // one beside this one is enough
      isThreaded ||= threaded;
      decoding = threaded ? decodeElsewhere(format, bytes, source, options) : undefined;
      const decoded = decoding?.bytes ?? format.decode(bytes ?? source.stream(), { ...decodeOptionsOf(options), threads: options.threads, blocks: hasBlocks ? blocks : undefined });
      const peeked = await peek(budget.metered(decoded), HEAD_BYTES);
      closing.push(peeked.close); // a thread of its own ends with it
      bytes = peeked.all;
      solid = undefined;
      probe = { head: peeked.head, tail: undefined };
      const inner = choose(probe, input.title, options.format, filters);
      const promised = options.format === undefined ? promiseOf(input.title, filters) : undefined;
      if (inner === undefined && promised !== undefined) throw broken(name, filters, promised, probe.head);
      if (inner === undefined || inner.kind === "known" || (filters.includes(inner as Filter) && promised === undefined) || isFileOfItsOwn(inner, options)) {
        return single({ ...shared, name: input.title }, filters, bytes, format.innerName?.(head), input.mtime);
      }
      continue;
    }
    if (format === undefined || format.kind === "known") throw unknown(name, format, probe.head);
    if (filters.length === 0) noteName(input.title, format, options);
    if (filters.length === 0) noteAsZipToo(input.title, format, probe, options);
    const format_ = [...filters.map((filter) => filter.name), format.name];
    if (format.needs === "stream") {
      const whole = bytes ?? source.stream();
      if (bytes === undefined) bytes = whole;
      const isPackage = filters.some((filter) => filter.isPackage === true);
      return { ...shared, kind: "stream", entriesFailAlone: false, isPackage, byEngine: false, decoding, format: format_, entries: ({ listing }) => (!listing && isPackage ? withRootedLinks(format.read(whole, reading), options.warn) : format.read(whole, reading)) };
    }
    if (solid === undefined || (format.needs === "seek" && !isFileSource(source))) {
      const spooled = await spool(bytes ?? source.stream(), createBudget({ ...options.limits, files: 0 }, bytesRead));
      closing.push(() => spooled.close());
      await verify();
      solid = solidSource(input.title, fileSource(input.title, spooled.fd, spooled.size, async () => {}));
    }
    const { size } = solid;
    const seekable = { ...shared, archiveBytes: shared.archiveBytes ?? size, bytesRead: () => size, format: format_ };
    if (format.needs === "file") {
      const whole = solid;
      return { ...seekable, kind: "stream", entriesFailAlone: true, isPackage: false, byEngine: format.byEngine === true, decoding: undefined, entries: (request) => format.read(whole, { ...reading, ...request, threads: options.threads }) };
    }
    const [segment] = solid.segments as [Extract<Segment, { fd: number }>];
    const file = fileSource(input.title, segment.fd, size, async () => {});
    return { ...seekable, kind: "index", container: format, source: file, index: await format.open(file, reading) };
  }
}

/** Absolute links as relative ones, from the root of what is unpacked: there they lead to what the package means, and nowhere else. */
async function* withRootedLinks(entries: AsyncIterable<StreamEntry>, warn: Warn): AsyncGenerator<StreamEntry> {
  let count = 0;
  for await (const entry of entries) {
    const inside = rooted(entry);
    if (inside !== entry) count += 1;
    yield inside;
  }
  if (count > 0) warn(new UnzipxError("ODDITY", `${count === 1 ? "An absolute link leads" : `${count} absolute links lead`} into the folder that the package is unpacked to, not to the system's root`));
}

/** An entry of a package, with its link as it is made; the entry itself where there is nothing to change. */
export function rooted<One extends Entry>(entry: One): One {
  if (entry.type !== "symlink" || entry.linkTarget?.startsWith("/") !== true) return entry;
  const depth = entry.path.split("/").filter((component) => component !== "" && component !== ".").length - 1;
  return { ...entry, linkTarget: "../".repeat(depth) + entry.linkTarget.replace(/^\/+/, "") };
}

/** As many layers as there are levels with -R: real archives have two. */
const MOST_FILTERS = USUAL_LEVELS;

/** The container that must be inside: a package is made of one, and of what is called a tar nobody wants anything else. */
function promiseOf(title: string, filters: readonly Filter[]): "tar" | "cpio" | undefined {
  const stem = stemOf(title, filters).toLowerCase();
  if (filters.some((filter) => filter.isPackage === true)) return filters.some((filter) => filter.name === "rpm") ? "cpio" : "tar";
  if (stem.endsWith(".tar") || filters.some((filter) => filter.tarExtensions.some((extension) => stem.endsWith(extension)))) return "tar";
  return stem.endsWith(".cpio") ? "cpio" : undefined;
}

/** What is inside is nothing that is known, and was to be an archive: a file with that in it would look like success. */
function broken(name: string, filters: readonly Filter[], promised: string, head: Uint8Array): UnzipxError {
  return new UnzipxError("BAD_HEADER", `Cannot read "${name}": there is no ${promised} inside, or its first header is damaged`, {
    expected: promised, found: head.length === 0 ? "nothing" : startOf(head), hint: `--format ${filters[0]!.name}`,
  });
}

/** Who compresses a rar, a docx or the image of a disk wants that back; a filter belongs to what is read in order. --format says otherwise. */
function isFileOfItsOwn(inner: Filter | Container, options: OpenOptions): boolean {
  return inner.kind === "container" && inner.needs !== "stream" && options.format === undefined;
}

/** Of this size a compressed file is worth a thread of its own, which takes about 30 ms to start. */
const WORTH_A_THREAD = 4 * 1024 * 1024;

/** Where blocks by themselves can be decoded on several threads, each byte takes ten times as long. */
const WORTH_BLOCKS = WORTH_A_THREAD / 8;

function decodeOptionsOf({ warn, limits, lenient }: OpenOptions): Pick<FilterThreadOptions, "warn" | "memory" | "lenient"> {
  return { warn, memory: limits.memory, lenient };
}

/** On a thread of its own, so that parsing and writing go on meanwhile. */
function decodeElsewhere(filter: Filter, bytes: Bytes | undefined, source: Counted<Source>, options: OpenOptions): Decoding {
  return decodeOnThread({
    ...decodeOptionsOf(options), filter: filter.name, read: source.readElsewhere,
    input: bytes === undefined && isFileSource(source) ? { fd: source.fd } : { bytes: bytes ?? source.stream() },
  });
}

function probeSolid({ segments, size }: SolidSource): Probe {
  const head = Buffer.alloc(Math.min(HEAD_BYTES, size));
  const tail = Buffer.alloc(Math.min(TAIL_BYTES, size));
  const found = readSegments(segments, head, 0);
  const foundTail = readSegments(segments, tail, size - tail.length);
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
  // A filter is in front of the container, unless these bytes are one already: a deb is an ar as well.
  if (wanted.length === 1 && wanted[0]!.kind === "container" && found?.kind === "filter" && wanted[0]!.bid(probe) === 0) return found;
  if (wanted.length === 1 && wanted[0]!.kind === "container") return wanted[0];
  return wanted[peeled.length] ?? (wanted.at(-1)?.kind === "filter" ? undefined : found);
}

function unknown(name: string, format: KnownFormat | undefined, head: Uint8Array): UnzipxError {
  if (format !== undefined) {
    return new UnzipxError("UNSUPPORTED_FORMAT", `Cannot read "${name}": it is ${format.name}, which this version does not read`, { hint: "unzipx formats" });
  }
  if (head.length === 0) return new UnzipxError("UNKNOWN_FORMAT", `Cannot read "${name}": it is empty`);
  return new UnzipxError("UNKNOWN_FORMAT", `Cannot read "${name}": no known archive format begins like this`, { found: startOf(head), hint: "unzipx formats" });
}

function startOf(head: Uint8Array): string {
  return Buffer.from(head.subarray(0, 8)).toString("hex").replace(/(..)(?=.)/g, "$1 ");
}

function noteName(name: string, format: Filter | Container, options: OpenOptions): void {
  const named = formatOfName(basename(name));
  if (named === undefined || named === format || options.format !== undefined || format.name.startsWith(named.name)) return; // a split zip is one
  options.warn(new UnzipxError("ODDITY", `"${name}" is named like ${named.name} and is ${format.name}: it is read as ${format.name}`));
}

/** A zip is found by its end, everything else by its beginning: a file can be both, and hold one thing for us and another for others. */
function noteAsZipToo(name: string, format: Container, { tail }: Probe, options: OpenOptions): void {
  if (format.needs !== "stream" || tail === undefined || options.format !== undefined || !endsLikeZip(tail)) return;
  options.warn(new UnzipxError("ODDITY", `"${name}" is ${format.name} and a zip at the same time: it is read as ${format.name}`, { hint: "--format zip" }));
}

/** A filter around one file: an archive of one entry. */
function single(shared: Opened | Omit<Opened, "format">, filters: readonly Filter[], bytes: Bytes, innerName: string | undefined, mtime: number | undefined): OpenedStream {
  return {
    ...shared,
    kind: "stream",
    entriesFailAlone: false,
    isPackage: false,
    byEngine: false,
    decoding: undefined, // one file
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
  const stem = stemOf(name, filters);
  if (stem !== "" && stem !== basename(name)) return stem;
  const inner = innerName === undefined ? "" : basename(innerName.replaceAll("\\", "/"));
  if (inner !== "" && inner !== "." && inner !== "..") return inner;
  return stem === "" ? "data" : `${stem}.out`;
}

/** The name without the filters' extensions; "" for standard input. */
function stemOf(name: string, filters: readonly Filter[]): string {
  let stem = name === "-" ? "" : basename(name);
  for (const filter of filters) {
    const extension = filter.extensions.find((one) => stem.toLowerCase().endsWith(one.toLowerCase()) && stem.length > one.length);
    if (extension !== undefined) stem = stem.slice(0, -extension.length);
  }
  return stem;
}
