/**
 * The contract of the formats: read this file first.
 *
 * Bytes come from a Source, Filters unwrap them, a Container turns them into Entries.
 * Nothing in here knows a destination path, and nothing in here prints.
 */
import type { FileWindow } from "../bytes/file-window.ts";
import type { List } from "../bytes/list.ts";
import type { UnzipxError } from "../errors.ts";

/** Bytes in order. A consumer that stops early runs the producer's `finally` blocks. */
export type Bytes = AsyncIterable<Uint8Array>;

/** Bytes in, readable once and in order: a pipe, a decoded filter. */
export interface Source {
  /** What the user called it; "-" for standard input. */
  readonly name: string;
  /** In bytes; undefined where only reading to the end would tell. */
  readonly size: number | undefined;
  stream(): Bytes;
  close(): Promise<void>;
}

/** A range of an open file, or bytes that were made up. */
export type Segment = { readonly fd: number; readonly offset: number; readonly length: number } | { readonly bytes: Uint8Array };

/** What can be read at any place: one file, or the parts of a split one joined. */
export interface SolidSource {
  readonly name: string;
  readonly size: number;
  readonly segments: readonly Segment[];
  /** The other files of the set, where the format itself knows of its volumes. */
  readonly volumes: readonly { readonly name: string; readonly segments: readonly Segment[] }[];
}

/** A Source in a file. Descriptors belong to the process: any thread may read any part through `fd`. */
export interface FileSource extends Source {
  readonly fd: number;
  readonly size: number;
}

/** Tells something that is worth a word and stops nothing. */
export type Warn = (note: UnzipxError) => void;

/** What a bidder may look at: the first 64 KiB, and the last 66 KiB when the input can seek. */
export interface Probe {
  readonly head: Uint8Array;
  readonly tail: Uint8Array | undefined;
}

interface FormatInfo {
  /** Also the value of --format. */
  readonly name: string;
  /** With the dot; the first one is used when a name has to be made. */
  readonly extensions: readonly string[];
  /** What `unzipx formats` says of it. */
  readonly about: string;
  /** Absent = neither is there encryption in the format, or we know none of it. */
  readonly encryption?: "read" | "read+write";
  /** Bits of evidence that these bytes are ours; 0 = no. Pure: no I/O, no throwing. */
  bid(probe: Probe): number;
}

export interface Filter extends FormatInfo {
  readonly kind: "filter";
  /** Extensions that stand for a tar inside this filter, such as ".tgz". */
  readonly tarExtensions: readonly string[];
  /** Ends normally only when the data was complete and its checksums matched. */
  decode(input: Bytes, options: DecodeOptions): Bytes;
  /** decode() works on a thread of its own as it is, or is not worth one. */
  readonly ownThread?: boolean;
  /** Absent = read-only. The output is the same for any number of threads, and whole and valid of empty input too. */
  encode?(input: Bytes, options: EncodeOptions): Bytes;
  /** The level where none is asked for; absent = 6. */
  readonly usualLevel?: number;
  /** What is inside belongs at the root of a system: absolute links in it lead to that root, wherever it is unpacked. */
  readonly isPackage?: boolean;
  /** A name for the single file inside, when the header carries one: exact, untrusted. */
  innerName?(head: Uint8Array): string | undefined;
}

export interface DecodeOptions {
  readonly warn: Warn;
  /** Bytes that the decoder's dictionary or window may take; 0 = no limit. More is a MEMORY error that names the need. */
  readonly memory: number;
  /** What follows the data and is neither padding nor a further part is ignored with a word, not refused. */
  readonly lenient?: boolean;
  /** Decoders at once, where the data has parts that know nothing of each other; absent: one. The bytes and errors are the same. */
  readonly threads?: number;
  /** Other threads for bzip2's blocks; absent: they are decoded where they are read. */
  readonly blocks?: (() => Promise<Blocks>) | undefined;
}

/** bzip2's blocks decoded on whatever threads there are; a filter receives it and imports no threads. */
export interface Blocks {
  /** Blocks that may usefully be under way at once. */
  readonly width: number;
  /** The block whose mark ends at bit `at` of `data`, which is of no more use when this returns. Throws what is wrong with it. */
  decode(data: Uint8Array, at: number): Promise<Block>;
  /** The content of a block is not needed any more: room for a next one. */
  free(content: Uint8Array): void;
}

/** A block of bzip2 that was decoded and verified. */
export interface Block {
  /** Behind its last bit. */
  readonly end: number;
  /** The CRC of its content. */
  readonly sum: number;
  /** Bytes in front of its runs, which the stream's level limits. */
  readonly count: number;
  readonly content: Uint8Array;
  /** The runs of `content` are still to be made: all of it together would be too long. */
  readonly hasRuns: boolean;
}

/** A container whose entries come in order, as the bytes arrive. */
export interface StreamContainer extends FormatInfo {
  readonly kind: "container";
  readonly needs: "stream";
  read(input: Bytes, options: ReadOptions): AsyncIterable<StreamEntry>;
}

/** A container with an index, whose entries can be read in any order and by any thread. */
export interface IndexedContainer extends FormatInfo {
  readonly kind: "container";
  readonly needs: "seek";
  open(source: FileSource, options: ReadOptions): Promise<Index>;
  /** Loads the code that turns a locator into bytes. */
  decoder(): Promise<Decode>;
}

/** The bytes of one entry, on any thread; `fd` is the descriptor of the source. */
export type Decode = (fd: number, locator: Locator, options?: EntryOptions) => Decoded;

export interface EntryOptions {
  /** Where two parts of the archive disagree about the entry, one is taken, and told; otherwise the entry is refused. */
  readonly lenient?: boolean | undefined;
  /** Told what is odd about the entry, and what was taken. */
  readonly warn?: Warn | undefined;
  readonly password?: string | undefined;
  /** Everything is checked but the content, which is not decoded: what comes is empty. The window lies over the source, and serves one entry after the other. */
  readonly headersOnly?: FileWindow | undefined;
  /** For small entries, where many are read that lie one behind the other. */
  readonly window?: FileWindow | undefined;
}

/**
 * A container that has to seek, and yet gives its entries in its own order: nobody can enter a solid block in the middle.
 * Trouble with one entry's content is that entry's own; the next one can be read all the same.
 */
export interface SolidContainer extends FormatInfo {
  readonly kind: "container";
  readonly needs: "file";
  /** The engine decodes it: in another order than that of the listing, and it refuses some links itself (see DryRun). */
  readonly byEngine?: boolean;
  read(source: SolidSource, options: SolidOptions): AsyncIterable<StreamEntry>;
}

export interface SolidOptions extends ReadOptions {
  /** Decoders at once, where parts of the archive are independent. */
  readonly threads: number;
  /** The entries only, in the order of the index: what they hold is not decoded. */
  readonly listing: boolean;
  /** Entries that are not wanted need not be decoded or given. */
  wants(path: string): boolean;
}

export type Container = StreamContainer | IndexedContainer | SolidContainer;

/** A format that is recognised for the sake of the error message only. */
export interface KnownFormat extends FormatInfo {
  readonly kind: "known";
}

export type EntryType = "file" | "directory" | "symlink" | "hardlink" | "special";

/** One thing in an archive. `path` is decoded but NOT checked: print it through printable(), write it through SafeWriter. */
export interface Entry {
  readonly path: string;
  readonly type: EntryType;
  /** Bytes of content; undefined where only decoding would tell. */
  readonly size: number | undefined;
  readonly packedSize: number | undefined;
  /** Milliseconds since 1970, UTC. */
  readonly mtime: number | undefined;
  /** Permission bits as stored, unmasked. */
  readonly mode: number | undefined;
  /** Only where it was asked for, and the format keeps it: tar and cpio. */
  readonly owner?: Owner | undefined;
  /** Of a symlink or hard link, where the headers carry it; a zip keeps it in the content. */
  readonly linkTarget: string | undefined;
  readonly method: string;
  readonly crc32: number | undefined;
  readonly encrypted: boolean;
  /** How it is encrypted, where that is known: "ZipCrypto", "AES-256". */
  readonly cipher?: string | undefined;
  readonly comment: string | undefined;
  /** Bytes of the name that are no text were written as %XX: another entry may be called just so. */
  readonly escaped?: boolean | undefined;
  /** Why this entry must not be extracted, found while parsing. */
  readonly refusal: UnzipxError | undefined;
}

/** Whose a file was where it was packed: numbers, and names where the archive has them. Nothing of it is checked. */
export interface Owner {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly user?: string | undefined;
  readonly group?: string | undefined;
}

/** An entry of an index, and where its bytes lie. */
export interface IndexedEntry extends Entry {
  readonly size: number;
  readonly packedSize: number;
  readonly locator: Locator;
}

/**
 * Plain data from which any thread that has the file open can produce an entry's bytes.
 * Only the container that made it looks inside; the fields here are what a scheduler needs.
 */
export interface Locator {
  readonly offset: number;
  readonly packedSize: number;
  readonly size: number;
}

export interface Index {
  /** Made when they are asked for: the same entry need not be the same object again. */
  readonly entries: List<IndexedEntry>;
  readonly comment: string | undefined;
  /** Oddities worth a warning: the archive is readable all the same. */
  readonly notes: readonly UnzipxError[];
  /**
   * The first entry from `number` on whose other headers may say something else than the index, or something odd: those in front of it were looked at, and do not.
   * Absent: each has to be looked at by itself (EntryOptions.headersOnly).
   */
  agreeing?(number: number): number;
}

/**
 * An entry's verified bytes: small ones whole, large ones in chunks, of which each is valid until the next but one is asked for.
 * Reaching the end of `chunks` means that size and checksum matched; otherwise it throws an UnzipxError.
 */
export type Decoded =
  | { readonly whole: Uint8Array; readonly chunks?: undefined }
  | { readonly whole?: undefined; readonly chunks: Bytes };

/** An entry of a stream. Its content must be taken before the next entry is asked for; what is not taken is skipped. */
export interface StreamEntry extends Entry {
  /** Set when all of it has arrived already; valid until the next entry. */
  readonly whole: Uint8Array | undefined;
  content(): Bytes;
}

export interface ReadOptions {
  readonly limits: ReadLimits;
  /** Where two readings of the same bytes disagree, take one and note which (default: refuse). */
  readonly lenient: boolean;
  readonly warn: Warn;
  /** Entry.owner is wanted. */
  readonly owners?: boolean | undefined;
  /** The character set of names that carry no mark of theirs, as --encoding gives it; undefined: it is detected. */
  readonly encoding?: string | undefined;
  /** Asks for the password, once, when something encrypted is met; undefined: nobody knows one. */
  readonly password?: (() => Promise<string | undefined>) | undefined;
  /** Filled in with what a listing tells of the archive as a whole; without it nobody wants to know. */
  readonly facts?: Facts | undefined;
}

export interface Facts {
  /** The set that names without a mark of theirs were read in; undefined: there are none but UTF-8 and ASCII. */
  charset?: string | undefined;
  /** To have one entry, others in front of it must be decoded; undefined: the reader cannot tell. */
  solid?: boolean | undefined;
}

/** What a reader may spend on metadata. */
export interface ReadLimits {
  readonly entries: number;
  /** Bytes of one header (pax, long name, zip record). */
  readonly headerBytes: number;
  /** Bytes that one decoder's dictionary or window may take; 0 = no limit. */
  readonly memory: number;
}

export interface EncodeOptions {
  /** 0 (least work) to 9 (smallest), on the filter's own scale. */
  readonly level: number;
  readonly compressor: Compressor;
  /** What a header may say of the file inside. */
  readonly inner?: InnerFile;
  /** Ends what is under way on other threads; the output then throws. */
  readonly signal?: AbortSignal | undefined;
}

export interface InnerFile {
  readonly name?: string;
  /** Seconds since 1970. */
  readonly mtime?: number;
}

/** Compression on whatever threads there are; a filter receives it and imports no threads. */
export interface Compressor {
  /** Blocks that may usefully be under way at once. */
  readonly width: number;
  /**
   * One block of a raw deflate stream (RFC 1951), ended by a sync flush, or by the final block if `last`.
   * `dictionary` is the up to 32 KiB before the block. Neither buffer may be changed until the promise settles.
   */
  deflate(block: Uint8Array, dictionary: Uint8Array | undefined, level: number, last: boolean): Promise<DeflatedBlock>;
  /** One block by itself, which must not be changed until the promise settles. */
  encode(codec: BlockCodec, block: Uint8Array, level: number): Promise<Uint8Array>;
}

/** "lz4": a block of its frame format, with its size in front; "zstd": a frame; "bzip2": a stream. */
export type BlockCodec = "lz4" | "zstd" | "bzip2";

export interface DeflatedBlock {
  readonly data: Uint8Array;
  readonly crc32: number;
  /** Bytes before compression. */
  readonly size: number;
}
