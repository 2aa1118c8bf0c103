/** Small pieces of a file that lie close together: one read for many of them, where each would be a call to the system. */
import { readExactly, readUpTo } from "./read-file.ts";

/** Where the next piece is not in it, it was read in vain; and copying more takes longer than a call. */
const WINDOW = 64 * 1024;

export class FileWindow {
  readonly fd: number;
  #room = Buffer.alloc(0);
  /** What lies in the room: so many bytes from this place of the file. */
  #start = 0;
  #length = 0;

  constructor(fd: number) {
    this.fd = fd;
  }

  /** Valid until the next call. Throws TRUNCATED where the file holds less. */
  read(position: number, length: number): Buffer {
    if (position < this.#start || position + length > this.#start + this.#length) this.#move(position, length);
    return this.#room.subarray(position - this.#start, position - this.#start + length);
  }

  #move(position: number, length: number): void {
    if (this.#room.length < Math.max(length, WINDOW)) this.#room = Buffer.allocUnsafe(Math.max(length, WINDOW));
    this.#length = 0; // until it is read
    this.#start = position;
    const found = readUpTo(this.fd, this.#room, position);
    if (found < length) readExactly(this.fd, this.#room.subarray(0, length), position); // says what is missing
    this.#length = found;
  }
}
