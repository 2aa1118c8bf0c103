/** Small pieces of a file that lie close together: one read for many of them, where each would be a call to the system. */
import { readExactly, readUpTo } from "./read-file.ts";

/** Where the next piece is not in it, it was read in vain; and copying more takes longer than a call. */
const WINDOW = 64 * 1024;

export class FileWindow {
  readonly fd: number;
  /** Behind what was read last there may be older bytes. */
  bytes: Buffer<ArrayBuffer>;
  /** What was read last: so many bytes from this place of the file. */
  #start = 0;
  #length = 0;

  /** `room`: that of a window that nobody looks through any more. */
  constructor(fd: number, room = Buffer.alloc(0)) {
    this.fd = fd;
    this.bytes = room;
  }

  /** Valid until the next call. Throws TRUNCATED where the file holds less. */
  read(position: number, length: number): Buffer {
    const at = this.reach(position, length);
    return this.bytes.subarray(at, at + length);
  }

  /** As read(), for whoever makes no piece of it: where it lies in `bytes`. */
  reach(position: number, length: number): number {
    if (position < this.#start || position + length > this.#start + this.#length) this.#move(position, length);
    return position - this.#start;
  }

  #move(position: number, length: number): void {
    if (this.bytes.length < Math.max(length, WINDOW)) this.bytes = Buffer.allocUnsafe(Math.max(length, WINDOW));
    this.#length = 0; // until it is read
    this.#start = position;
    const found = readUpTo(this.fd, this.bytes, position, length); // what cannot be read behind it is nothing that was asked for
    if (found < length) readExactly(this.fd, this.bytes.subarray(0, length), position); // says what is missing
    this.#length = found;
  }
}
