/** As bareEntry(), for listings that keep a million of them: what is told of a tar's files takes 72 bytes and the path, where an object of all fields takes 136. */
import { wholeSeconds } from "../bytes/whole-seconds.ts";
import type { Entry } from "../formats/contract.ts";

/** What few entries of a stream have. */
type Rare = Pick<Entry, "packedSize" | "mtime" | "owner" | "linkTarget" | "method" | "crc32" | "encrypted" | "cipher" | "comment" | "escaped" | "refusal">;

class KeptEntry implements Entry {
  readonly path: string;
  readonly type: Entry["type"];
  readonly size: number | undefined;
  readonly mode: number | undefined;
  /** Of the time, where it has no more. */
  readonly #seconds: number | undefined;
  readonly #rare: Rare | undefined;

  constructor({ path, type, size, packedSize, mtime, mode, owner, linkTarget, method, crc32, encrypted, cipher, comment, escaped, refusal }: Entry) {
    this.path = path;
    this.type = type;
    this.size = size;
    this.mode = mode;
    this.#seconds = wholeSeconds(mtime);
    const isUsual = packedSize === undefined && owner === undefined && linkTarget === undefined && method === "" && crc32 === undefined && !encrypted
      && cipher === undefined && comment === undefined && escaped !== true && refusal === undefined && (mtime === undefined || this.#seconds !== undefined);
    this.#rare = isUsual ? undefined : { packedSize, mtime, owner, linkTarget, method, crc32, encrypted, cipher, comment, escaped, refusal };
  }

  get mtime(): number | undefined {
    return this.#seconds === undefined ? this.#rare?.mtime : this.#seconds * 1000;
  }

  get packedSize(): number | undefined {
    return this.#rare?.packedSize;
  }

  get owner(): Entry["owner"] {
    return this.#rare?.owner;
  }

  get linkTarget(): string | undefined {
    return this.#rare?.linkTarget;
  }

  get method(): string {
    return this.#rare?.method ?? "";
  }

  get crc32(): number | undefined {
    return this.#rare?.crc32;
  }

  get encrypted(): boolean {
    return this.#rare?.encrypted === true;
  }

  get cipher(): string | undefined {
    return this.#rare?.cipher;
  }

  get comment(): string | undefined {
    return this.#rare?.comment;
  }

  get escaped(): boolean | undefined {
    return this.#rare?.escaped;
  }

  get refusal(): Entry["refusal"] {
    return this.#rare?.refusal;
  }
}

/** What it tells by accessors, `...` leaves out: see changed(). */
export function keptEntry(entry: Entry): Entry {
  return new KeptEntry(entry);
}
