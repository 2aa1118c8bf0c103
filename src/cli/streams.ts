/**
 * Standard output and standard error. Node's own streams take a tenth of a short run to load, so what fits is written to the
 * descriptor itself, and they come where something has to wait: a full pipe, contents for standard output, a console of Windows.
 */
import { fstatSync, writeSync } from "node:fs";
import { nodeTty } from "../bytes/node-modules.ts";

/** So much fits into any fresh pipe. Beyond, a write could wait for the reader, and no signal would be heard meanwhile. */
const FITS = 16 * 1024;

/** Majors of devices as Linux gives them out (its admin-guide/devices.txt): /dev/null and the like, and what terminal windows and ssh give a shell. */
const MEMORY = 1;
const PSEUDO_TERMINALS = [136, 143] as const;

export class Output {
  readonly #fd: 1 | 2;
  /** Bytes that may still go to the descriptor itself; undefined: not asked yet. */
  #room: number | undefined;
  #stream: NodeJS.WriteStream | undefined;
  #isTerminal: boolean | undefined;
  #hasFailed = false;
  /** What is done about what cannot be written; it is asked once. */
  onError: (error: NodeJS.ErrnoException) => void = () => {};

  constructor(fd: 1 | 2) {
    this.#fd = fd;
  }

  write(text: string): void {
    if (this.#hasFailed || text === "") return;
    const bytes = Buffer.from(text);
    this.#room ??= this.#kind().room;
    const written = this.#stream === undefined && bytes.length <= this.#room ? this.#writeNow(bytes) : 0;
    if (written < bytes.length && !this.#hasFailed) this.stream.write(bytes.subarray(written));
  }

  /** For whoever waits for a slow reader; from now on everything goes there, so that the order is kept. */
  get stream(): NodeJS.WriteStream {
    if (this.#stream === undefined) {
      this.#stream = this.#fd === 1 ? process.stdout : process.stderr;
      this.#stream.on("error", (error) => this.#fail(error));
    }
    return this.#stream;
  }

  get isTerminal(): boolean {
    return (this.#isTerminal ??= this.#kind().isTerminal ?? nodeTty().isatty(this.#fd));
  }

  /** Resolves when all was handed over. */
  async flushed(): Promise<void> {
    const stream = this.#stream;
    if (stream !== undefined && !this.#hasFailed) await new Promise((resolve) => void stream.write("", resolve));
  }

  /** The bytes that were taken. */
  #writeNow(bytes: Buffer): number {
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(this.#fd, bytes, written, bytes.length - written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") this.#fail(error as NodeJS.ErrnoException);
    }
    this.#room! -= written;
    return written;
  }

  #kind(): { readonly room: number; readonly isTerminal: boolean | undefined } {
    if (process.platform === "win32") return { room: 0, isTerminal: undefined };
    try {
      const stats = fstatSync(this.#fd);
      if (!stats.isCharacterDevice()) return { room: stats.isFile() ? Infinity : FITS, isTerminal: false };
      return { room: Infinity, isTerminal: isTerminal(stats.rdev) };
    } catch {
      return { room: 0, isTerminal: false }; // it is closed
    }
  }

  #fail(error: NodeJS.ErrnoException): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.onError(error);
  }
}

/** Whether the numbers of a character device tell that it is a terminal; undefined: they do not, and node:tty, which loads node:net, has to be asked. */
function isTerminal(rdev: number): boolean | undefined {
  if (process.platform !== "linux") return undefined;
  const major = (rdev >> 8) & 0xfff;
  if (major === MEMORY) return false;
  return major >= PSEUDO_TERMINALS[0] && major <= PSEUDO_TERMINALS[1] ? true : undefined;
}

export const stdout = new Output(1);
export const stderr = new Output(2);
