/** What lies behind the last member, frame or stream of compressed data, and is no further one. */
import { UnzipxError } from "../errors.ts";
import type { Bytes, DecodeOptions } from "../formats/contract.ts";

export interface BehindOptions {
  /** The format's own program bears a remark behind the data. */
  readonly bearsRemarks?: boolean;
}

export interface Behind {
  /** Of the format. */
  readonly name: string;
  /** Where it begins, in bytes from the start of the data; undefined where nobody knows. */
  readonly offset: number | undefined;
  readonly size: number | undefined;
  /** Its first bytes, at least MOST_SHOWN if there are so many. */
  readonly start: Uint8Array;
  readonly isText: boolean;
}

export const MOST_SHOWN = 16;
/** The longest beginning of a member that is text is bzip2's, of 10 bytes: what is longer, and text to its end, is no member. */
const SHORTEST_REMARK = 16;

/**
 * A further member whose first bytes are damaged looks like anything. So whatever is not zeros (the caller has looked) throws BAD_DATA,
 * but for a remark in plain text behind formats where that is borne; --lenient keeps what came before, with a word.
 */
export function judgeBehind({ name, offset, size, start, isText }: Behind, { warn, lenient, bearsRemarks }: DecodeOptions & BehindOptions): void {
  const what = size === undefined ? "the bytes" : size === 1 ? "1 byte" : `${size} bytes`;
  if (lenient === true || (bearsRemarks === true && isText && size !== undefined && size >= SHORTEST_REMARK)) {
    return warn(new UnzipxError("TRAILING_DATA", `${what[0]!.toUpperCase()}${what.slice(1)} behind the ${name} data are no ${name} and were ignored`));
  }
  throw new UnzipxError("BAD_DATA", `Cannot read the ${name} data to its end: what follows is no ${name}, or a damaged part of it`, {
    expected: "the end, zeros, or a further part",
    found: `${what}${offset === undefined ? "" : ` at ${offset}`}${start.length === 0 ? "" : `: ${Buffer.from(start.subarray(0, MOST_SHOWN)).toString("hex")}`}`,
    hint: "--lenient",
  });
}

/** Printable ASCII, with tabs and line ends. */
export function isText(bytes: Uint8Array): boolean {
  return bytes.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09);
}

const TAIL_BYTES = 64 * 1024;

/** Remembers the end of what passes: for decoders that tell that something lies behind the data, and not where. */
export class Tail {
  /** The last bytes up to the last one that is not zero. */
  bytes: Buffer = Buffer.alloc(0);
  #zeros = 0;
  #passed = 0;

  async *watch(input: Bytes): AsyncGenerator<Uint8Array> {
    for await (const chunk of input) {
      this.#add(chunk);
      yield chunk;
    }
  }

  /** Where `bytes` begins in all that passed. */
  get offset(): number {
    return this.#passed - this.#zeros - this.bytes.length;
  }

  #add(chunk: Uint8Array): void {
    this.#passed += chunk.length;
    let end = chunk.length;
    while (end > 0 && chunk[end - 1] === 0) end--;
    if (end > 0) {
      const zeros = Buffer.alloc(Math.min(this.#zeros, TAIL_BYTES));
      this.bytes = Buffer.concat([this.bytes, zeros, chunk.subarray(Math.max(0, end - TAIL_BYTES), end)]).subarray(-TAIL_BYTES);
      this.#zeros = 0;
    }
    this.#zeros += chunk.length - end;
  }

  /** What begins at `at` of `bytes`, as far as it is not zeros; undefined: that is nowhere to be seen. */
  behind(name: string, at: number | undefined): Behind | undefined {
    if (at === undefined) return { name, offset: undefined, size: undefined, start: new Uint8Array(0), isText: false };
    const rest = this.bytes.subarray(at);
    return rest.length === 0 ? undefined : { name, offset: this.offset + at, size: rest.length, start: rest, isText: isText(rest) };
  }
}
