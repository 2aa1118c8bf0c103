/** Lists an archive with the engine and hands out its entries, each with its content as it comes out. */
import { isUtf8 } from "node:buffer";
import { addAll } from "../../bytes/add-all.ts";
import { merge } from "../../bytes/merge.ts";
import { readSegments, sizeOf } from "../../bytes/segments.ts";
import { Engine } from "../../engine/client.ts";
import { assertMemory } from "../../engine/memory.ts";
import type { SourceFile } from "../../engine/protocol.ts";
import { unexplained } from "../../engine/trouble.ts";
import { ERRORS, UnzipxError } from "../../errors.ts";
import { decodeUtf8Escaping } from "../../text/charset.ts";
import type { Bytes, Segment, SolidOptions, SolidSource, StreamEntry } from "../contract.ts";
import { Complaints, isOfAnother, missingVolume, noPassword, WHAT, wrongPassword } from "./complaints.ts";
import { describe, type Described } from "./describe.ts";
import { decodeHere, isSmall, SMALL_BYTES } from "./decode-here.ts";
import { checkSize, contentless, withContent, withTrueName, withWhole } from "./entry.ts";
import type { Kind } from "./kinds.ts";
import { Events } from "./events.ts";
import { parseListing, type Found } from "./listing.ts";
import { planBlocks } from "./plan-blocks.ts";
import { Queue } from "./queue.ts";
import { listHeader } from "./list-header.ts";
import { readBlocks, type Host } from "./read-blocks.ts";
import { readHeader, type ArchiveHeader } from "./read-header.ts";
import { selectionOf } from "./selection.ts";
import { sharesOf } from "./shares.ts";

/** Content up to this size is handed on in one piece. */
const WHOLE_LIMIT = 256 * 1024;
/** The listing of a million entries has about 400 MB: so much has to fit, and not more. */
const LISTING_BYTES = 512 * 1024 * 1024;
/** The header of a million entries, decoded. */
const HEADER_BYTES = 256 * 1024 * 1024;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/;
/** The longest path that systems take. */
const TARGET_BYTES = 4096;
/** As much as a bid sees. */
const HEAD_BYTES = 64 * 1024;
/** -aoa: an entry that comes twice is no question; -snld: links with ".." are ours to judge; -snh-: copies instead of hard links where it can. */
const QUIETLY = ["-y", "-aoa", "-snld", "-snh-", "-bso0", "-bsp0", "-bd"];

export async function* readSolid(kind: Kind, given: SolidSource, options: SolidOptions): AsyncGenerator<StreamEntry> {
  const source = (await kind.prepare?.(given)) ?? given;
  const reading = new Reading(kind, source, options);
  const listed = await reading.list();
  const all = (await kind.refine?.(listed, source, { ...reading.found, warn: options.warn })) ?? listed;
  const entries = all.filter((entry) => entry.hidden !== true);
  if (options.listing) {
    for (const entry of entries) yield contentless(entry);
    reading.assertWholeIndex();
    return;
  }
  yield* reading.extract(entries.filter((entry) => options.wants(entry.path)), all);
}

class Reading {
  readonly #kind: Kind;
  readonly #source: SolidSource;
  readonly #type: string | undefined;
  #files: readonly SourceFile[];
  readonly #options: SolidOptions;
  readonly #complaints: Complaints;
  #password: string | undefined;
  #asked = false;
  /** Of a 7z, where it can be read here. */
  #header: ArchiveHeader | undefined;
  /** The index could be read in part. */
  #indexTrouble: UnzipxError | undefined;
  #failed = false;
  /** Once list() is through. */
  found: Found = { type: "", offset: 0 };

  constructor(kind: Kind, source: SolidSource, options: SolidOptions) {
    this.#kind = kind;
    this.#source = source;
    this.#type = typeof kind.type === "function" ? kind.type(headOf(source)) : kind.type;
    this.#options = options;
    this.#complaints = new Complaints(options.warn);
    this.#files = [{ name: source.name, segments: source.segments }, ...source.volumes];
  }

  async list(): Promise<Described[]> {
    const isLocked = (await this.#kind.isIndexLocked?.(this.#source)) === true;
    if (isLocked && !(await this.#ask())) throw noPassword();
    this.#header = await this.#ownHeader();
    const own = this.#header?.isSound === true ? listHeader(this.#header.blocks, this.#header.files) : undefined;
    if (own !== undefined) {
      this.found = { type: "7z", offset: 0 };
      return describe(own.items, this.#options, own.solid);
    }
    let listed = await this.#list().catch((error: unknown) => {
      throw isLocked && error instanceof UnzipxError && error.code === "BAD_DATA" ? wrongPassword() : error;
    });
    if (listed.trouble?.code === "PASSWORD" && (await this.#ask())) listed = await this.#list();
    const { items, tail, type, offset, solid } = parseListing(listed.text, this.#nameless());
    this.found = { type, offset };
    // A damaged archive may be listed in part; what is there is tried one by one, but nothing at all is an error.
    if (listed.trouble !== undefined && (items.length === 0 || ERRORS[listed.trouble.code].ends !== "entry")) throw listed.trouble;
    this.#indexTrouble = listed.trouble;
    if (tail > (this.#kind.uncounted ?? 0)) this.#options.warn(new UnzipxError("TRAILING_DATA", `The archive is followed by ${tail} bytes that belong to nothing`));
    const { limits } = this.#options;
    if (limits.entries > 0 && items.length > limits.entries) {
      throw new UnzipxError("LIMIT", `Stopped: the archive holds ${items.length} entries, the limit is ${limits.entries}`, { hint: `--max-files ${items.length}` });
    }
    return describe(items, this.#options, solid);
  }

  /** Undefined where there is none that is read here. Whatever is in the way, 7-Zip says it better when it sees the archive as it is. */
  async #ownHeader(): Promise<ArchiveHeader | undefined> {
    if (this.#kind.hasBlocks !== true || this.#files.length > 1) return undefined;
    if (!this.#options.listing && sizeOf(this.#files[0]!.segments) > SMALL_BYTES) Engine.prepare();
    const entries = this.#options.limits.entries;
    return readHeader(this.#files[0]!.segments, { bytes: HEADER_BYTES, entries: entries > 0 ? entries : Infinity }, (archive) => this.#unpack(archive)).catch(() => undefined);
  }

  /** An archive that was put together here. */
  #unpack(segments: readonly Segment[]): Events {
    return this.#run(["x", ...QUIETLY], { files: [{ name: "blocks.7z", segments }] });
  }

  /** The wanted entries, folders first, then as they come out, links and what failed at last. */
  async *extract(wanted: readonly Described[], all: readonly Described[]): AsyncGenerator<StreamEntry> {
    for (const entry of wanted) assertMemory(entry.memory, this.#options.limits.memory, `"${entry.path}"`);
    for (const entry of wanted) if (entry.type === "directory") yield contentless(entry);
    if (wanted.some((entry) => entry.encrypted) && (await this.#ask()) && this.#kind.unlock !== undefined) {
      const { segments } = await this.#kind.unlock(this.#source, this.#password!);
      this.#files = [{ ...this.#files[0]!, segments }, ...this.#files.slice(1)];
    }
    const contents = wanted.filter((entry) => entry.type === "file" || entry.type === "symlink");
    const left: Described[] = [];
    if (this.#header === undefined || this.#indexTrouble !== undefined) addAll(left, contents);
    else for await (const batch of this.#byBlock(this.#header, contents, all, left)) for (const entry of batch) yield entry;
    yield* this.#byEntry(left, all);
    for (const entry of wanted) if (entry.type === "hardlink" || entry.type === "special") yield contentless(entry);
    this.assertWholeIndex();
  }

  /** What comes out for entries, as readBlocks() gives it. `left`: is given the others. */
  async *#byBlock({ blocks, files }: ArchiveHeader, contents: readonly Described[], all: readonly Described[], left: Described[]): AsyncGenerator<readonly StreamEntry[]> {
    if (files.some(({ path }) => CONTROL.test(path))) return void addAll(left, contents); // only with its file does 7-Zip tell the true name
    const host: Host = {
      run: (archive) => this.#unpack(archive),
      decode: (blocks, isAlone) => (isSmall(blocks) ? new Events(decodeHere(blocks)) : Events.of({ request: { kind: "blocks", blocks, isAlone }, what: WHAT })),
      explain: (lines) => this.#complaints.first(lines),
      failed: (entry, trouble) => ((this.#failed = true), this.#complaints.ofEntry(entry, trouble)),
      conclude: (code, lines, events) => this.#complaints.conclude(code, lines, events),
    };
    const plan = planBlocks(blocks, all, new Set(contents));
    addAll(left, plan.left);
    yield* readBlocks(plan, this.#files[0]!.segments, this.#options.threads, host, left);
  }

  /** What comes out for entries, as 7-Zip makes files of them. */
  async *#byEntry(contents: readonly Described[], all: readonly Described[]): AsyncGenerator<StreamEntry> {
    const isWanted = new Set(contents);
    const shares = sharesOf(contents, this.#options.threads);
    // Of several engines each has to know which entries are its own, and of some names it cannot be told.
    if (shares.length > 1 && shares.every((share) => selectionOf(share, all) !== undefined)) {
      yield* merge(shares.map((share) => this.#share(share, all, isWanted)));
    } else if (contents.length > 0) {
      yield* this.#share(contents, all, isWanted);
    }
  }

  /** Throws what is wrong with the index, unless an entry has told already. */
  assertWholeIndex(): void {
    if (this.#indexTrouble !== undefined && !this.#failed) throw this.#indexTrouble;
  }

  /** Some of the wanted entries, by one engine. */
  async *#share(entries: readonly Described[], all: readonly Described[], isWanted: ReadonlySet<Described>): AsyncGenerator<StreamEntry> {
    const list = entries.length === all.filter((entry) => entry.type !== "directory").length ? undefined : selectionOf(entries, all);
    // Folders whose names are no UTF-8 are not found again by the engine; files alone can have any name there.
    const verb = all.every((entry) => isUtf8(Buffer.from(entry.rawPath, "latin1"))) ? "x" : "e";
    const events = this.#run([verb, ...QUIETLY], { list });
    try {
      yield* this.#follow(events, new Queue(list === undefined ? all : entries), isWanted, new Set(entries));
    } finally {
      await events.close();
    }
  }

  async *#follow(events: Events, queue: Queue, isWanted: ReadonlySet<Described>, open: Set<Described>): AsyncGenerator<StreamEntry> {
    const lines: string[] = [];
    const names = new Set([...open].map((entry) => entry.rawPath));
    let link: Described | undefined;
    let failed = false;
    for (;;) {
      const event = await events.next();
      if (event.kind === "exit") {
        addAll(lines, events.heard());
        for (const entry of open) {
          this.#failed = failed = true;
          yield contentless(entry, { refusal: entry.refusal ?? this.#complaints.ofEntry(entry, this.#complaints.explain(lines, entry, events)) });
        }
        if (event.code !== 0 && !failed) this.#complaints.conclude(event.code, lines, events);
        return;
      }
      let target: string | undefined;
      let entry: Described | undefined;
      if (event.kind === "symlink") {
        entry = link ?? queue.take(event.path);
        link = undefined;
        target = event.target;
      } else if (event.kind === "open") {
        entry = queue.take(event.path);
        if (entry === undefined || entry.type !== "file" || !isWanted.has(entry)) {
          // A link's target comes as content or, where 7-Zip makes the link itself, in an event of its own.
          const text = await shortText(events);
          link = entry?.type === "symlink" ? entry : undefined;
          if (link === undefined || text === "") continue;
          target = text;
        }
      } else {
        continue;
      }
      if (entry === undefined || !isWanted.has(entry)) continue;
      open.delete(entry);
      if (target !== undefined) {
        await events.peek(); // its verdict
        const said = events.heard();
        addAll(lines, said);
        const trouble = this.#complaints.first(said);
        if (trouble !== undefined) this.#failed = failed = true;
        yield contentless(entry, { type: "symlink", linkTarget: entry.linkTarget ?? target, refusal: trouble && this.#complaints.ofEntry(entry, trouble) });
      } else {
        addAll(lines, events.heard());
        yield* this.#content(events, withTrueName(entry, event.path), { lines, names, failed: () => void (this.#failed = failed = true) });
      }
      if (open.size === 0 && !queue.isDone) return; // the rest is not wanted
    }
  }

  /** The entry that was just opened. */
  async *#content(events: Events, entry: Described, { lines, names, failed }: Following): AsyncGenerator<StreamEntry> {
    const start: Uint8Array[] = [];
    let size = 0;
    let closed = false;
    while (!closed && size <= WHOLE_LIMIT) {
      const event = await events.next();
      if (event.kind === "close") closed = true;
      else if (event.kind === "data") {
        start.push(new Uint8Array(event.bytes));
        size += event.bytes.length;
      }
    }
    const verdict = async (): Promise<void> => {
      await events.peek(); // what 7-Zip has to say of an entry, it says before the next one
      const own = events.heard().filter((line) => {
        const isOwn = this.#complaints.entryTrouble(line) !== undefined && !isOfAnother(line, entry, names);
        if (!isOwn) lines.push(line);
        return isOwn;
      });
      const trouble = this.#complaints.first(own);
      if (trouble === undefined) return checkSize(entry, size);
      failed();
      throw this.#complaints.ofEntry(entry, trouble);
    };
    const rest = async function* (): Bytes {
      yield* start;
      for (;;) {
        const event = await events.next();
        if (event.kind === "close") break;
        if (event.kind !== "data") continue;
        size += event.bytes.length;
        yield event.bytes;
      }
      closed = true;
      await verdict();
    };
    if (!closed) {
      yield withContent(entry, undefined, rest);
      while (!closed) closed = (await events.next()).kind === "close"; // nobody took it
      return;
    }
    let trouble: unknown;
    await verdict().catch((error: unknown) => (trouble = error));
    // eslint-disable-next-line require-yield
    const failing = async function* (): Bytes {
      throw trouble;
    };
    yield trouble === undefined ? withWhole(entry, start.length === 1 ? start[0]! : Buffer.concat(start)) : withContent(entry, undefined, failing);
  }

  async #list(): Promise<{ text: string; trouble: UnzipxError | undefined }> {
    const events = this.#run(["l", "-slt"]);
    const pieces: Buffer[] = [];
    let size = 0;
    try {
      for (;;) {
        const event = await events.next();
        if (event.kind === "data") {
          size += event.bytes.length;
          if (size > LISTING_BYTES) throw new UnzipxError("LIMIT", "Stopped: the archive's index is larger than any use of it");
          pieces.push(Buffer.from(new Uint8Array(event.bytes)));
        } else if (event.kind === "exit") {
          const text = Buffer.concat(pieces).toString("latin1");
          if (event.code === 0) return { text, trouble: undefined };
          const lines = events.heard();
          const missing = missingVolume(events);
          return { text, trouble: missing ?? this.#complaints.first(lines) ?? unexplained(event.code, lines.join("\n"), WHAT) };
        }
      }
    } finally {
      await events.close();
    }
  }

  /** Over the archive, or another one in its place; `list`: of the entries that are wanted. */
  #run(words: readonly string[], { list, files = this.#files }: { readonly list?: SourceFile | undefined; readonly files?: readonly SourceFile[] } = {}): Events {
    return Events.of({
      // -p: without it 7-Zip would ask on standard input. -sccUTF-8: names on its output.
      request: {
        kind: "7zip",
        words: [...words, `-p${this.#password ?? ""}`, ...(this.#type === undefined ? [] : [`-t${this.#type}`]), `/in/${files[0]!.name}`, ...(list === undefined ? [] : ["-spd", "-scsUTF-8", `@/in/${list.name}`])],
        files: list === undefined ? files : [...files, list],
      },
      what: WHAT,
    });
  }

  /** Asks for the password, once. */
  async #ask(): Promise<boolean> {
    if (!this.#asked) this.#password = await this.#options.password?.();
    this.#asked = true;
    this.#complaints.hasPassword = this.#password !== undefined;
    return this.#password !== undefined;
  }

  /** What a disk is called that is an image of another kind: as the engine prints names. */
  #nameless(): string | undefined {
    const { inner } = this.#kind;
    return inner === undefined ? undefined : Buffer.from(`${this.#source.name.replace(/\.[^.]*$/, "")}${inner}`).toString("latin1");
  }

}

function headOf({ segments }: SolidSource): Uint8Array {
  const head = new Uint8Array(HEAD_BYTES);
  return head.subarray(0, readSegments(segments, head, 0));
}

/** What the entries of one run have in common. */
interface Following {
  /** What was said of entries that have not come out. */
  readonly lines: string[];
  /** As 7-Zip prints them. */
  readonly names: ReadonlySet<string>;
  failed(): void;
}

/** The content of the entry that was just opened, when it can be the target of a link. */
async function shortText(events: Events): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const event = await events.next();
    if (event.kind === "close") break;
    if (event.kind !== "data") continue;
    size += event.bytes.length;
    if (size <= TARGET_BYTES) pieces.push(new Uint8Array(event.bytes));
  }
  return size <= TARGET_BYTES ? decodeUtf8Escaping(Buffer.concat(pieces)) : "";
}
