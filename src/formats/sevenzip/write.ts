/** Puts a 7z together: packed streams one behind the other, the header behind them, and in front of all where that lies. */
import { crc32 } from "../../bytes/crc32.ts";
import { chain, encodeHeader, encodePackedHeader, METHOD, type Coder, type FileRecord, type Folder, type Substream } from "./encode-header.ts";
import { encryptor, type ArchiveKey, type Encryptor } from "./encrypt.ts";
import { LZMA2_END, type Lzma2 } from "./lzma2-of-xz.ts";
import { START_HEADER_BYTES, startHeader } from "./start-header.ts";

export interface SevenZipOutput {
  /** Bytes written so far. */
  readonly position: number;
  write(chunk: Uint8Array): Promise<void> | void;
  patch(offset: number, bytes: Uint8Array): void;
  rewind(offset: number): void;
}

export interface SevenZipOptions {
  /** Encrypts all contents. */
  readonly key?: ArchiveKey | undefined;
  /** Encrypts the header too: names, sizes and times. */
  readonly encryptNames?: boolean | undefined;
}

/** A header up to this size would hardly become smaller. */
const SMALL_HEADER = 256;

/** One packed stream on its way to the output. */
interface OpenFolder {
  readonly start: number;
  readonly encryptor: Encryptor | undefined;
  /** undefined: stored. */
  property: number | undefined;
  /** Before encryption. */
  packed: number;
}

export class SevenZipWriter {
  readonly #output: SevenZipOutput;
  readonly #options: SevenZipOptions;
  readonly #folders: Folder[] = [];
  readonly #files: FileRecord[] = [];
  #open: OpenFolder | undefined;

  constructor(output: SevenZipOutput, options: SevenZipOptions = {}) {
    this.#output = output;
    this.#options = options;
  }

  /** Leaves room for the start header. */
  async begin(): Promise<void> {
    await this.#output.write(Buffer.alloc(START_HEADER_BYTES));
  }

  beginFolder(): void {
    this.#open = this.#newFolder(this.#options.key);
  }

  /** More content, stored as it is. A folder is either stored or compressed. */
  async store(bytes: Uint8Array): Promise<void> {
    await this.#put(bytes);
  }

  /** More content, compressed. */
  async compressed({ property, chunks }: Lzma2): Promise<void> {
    const folder = this.#open!;
    folder.property = Math.max(folder.property ?? 0, property);
    for (const chunk of chunks) await this.#put(chunk);
  }

  /** `substreams` are the contents that went in, in their order. */
  async endFolder(substreams: readonly Substream[]): Promise<void> {
    this.#folders.push(await this.#close(substreams));
  }

  /** Gives up the folder that is open: nothing of it stays. */
  dropFolder(): void {
    this.#output.rewind(this.#open!.start);
    this.#open = undefined;
  }

  /** Files with a stream in the order of their streams. */
  add(file: FileRecord): void {
    this.#files.push(file);
  }

  /** Writes the headers. `compress` may be left out: then they are not compressed. */
  async end(compress?: (header: Uint8Array) => Promise<Lzma2>): Promise<void> {
    if (this.#files.length === 0) return this.#output.patch(0, startHeader(0, new Uint8Array(0))); // how 7-Zip writes an archive of nothing
    const { key, encryptNames = false } = this.#options;
    let header = encodeHeader(this.#folders, this.#files);
    if (encryptNames || (compress !== undefined && header.length > SMALL_HEADER)) {
      this.#open = this.#newFolder(encryptNames ? key : undefined);
      const { start } = this.#open;
      if (compress !== undefined) await this.compressed(await compress(header));
      else await this.store(header);
      const folder = await this.#close([{ size: header.length, crc32: crc32(header) }]);
      header = encodePackedHeader(start - START_HEADER_BYTES, folder);
    }
    const offset = this.#output.position - START_HEADER_BYTES;
    await this.#output.write(header);
    this.#output.patch(0, startHeader(offset, header));
  }

  #newFolder(key: ArchiveKey | undefined): OpenFolder {
    return { start: this.#output.position, encryptor: key === undefined ? undefined : encryptor(key), property: undefined, packed: 0 };
  }

  async #put(bytes: Uint8Array): Promise<void> {
    const folder = this.#open!;
    folder.packed += bytes.length;
    await this.#output.write(folder.encryptor === undefined ? bytes : folder.encryptor.update(bytes));
  }

  async #close(substreams: readonly Substream[]): Promise<Folder> {
    const folder = this.#open!;
    if (folder.property !== undefined) await this.#put(Uint8Array.of(LZMA2_END));
    if (folder.encryptor !== undefined) await this.#output.write(folder.encryptor.end());
    this.#open = undefined;
    const unpackSize = substreams.reduce((sum, { size }) => sum + size, 0);
    const coder: Coder = folder.property === undefined
      ? { method: METHOD.COPY, properties: new Uint8Array(0), unpackSize }
      : { method: METHOD.LZMA2, properties: Uint8Array.of(folder.property), unpackSize };
    const decryption: readonly Coder[] = folder.encryptor === undefined ? [] : [{ method: METHOD.AES, properties: folder.encryptor.properties, unpackSize: folder.packed }];
    return { packSizes: [this.#output.position - folder.start], ...chain([...decryption, coder]), substreams };
  }
}
