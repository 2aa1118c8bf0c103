/** gzip (RFC 1952): any number of members, each with its CRC-32 and size verified. */
import { decodeUtf8 } from "../text/charset.ts";
import type { Filter } from "../formats/contract.ts";

const FLAG_EXTRA = 0x04;
const FLAG_NAME = 0x08;

export const gzip: Filter = {
  kind: "filter",
  name: "gzip",
  extensions: [".gz"],
  tarExtensions: [".tgz", ".taz"],
  about: "gzip, any number of members",
  // 24 bits of magic and method, 3 reserved flag bits that must be zero (2.3.1.2).
  bid: ({ head }) => (head[0] === 0x1f && head[1] === 0x8b && head[2] === 8 && (head[3] ?? 0xff) < 0x20 ? 27 : 0),
  async *decode(input, options) {
    yield* (await import("./gzip-decode.ts")).decodeGzip(input, options);
  },
  async *encode(input, options) {
    yield* (await import("./gzip-encode.ts")).encodeGzip(input, options);
  },
  innerName(head) {
    const flags = head[3] ?? 0;
    if ((flags & FLAG_NAME) === 0) return undefined;
    // 10 bytes of header, then 2 of length and the extra field itself, then the name up to a NUL, in ISO 8859-1 (2.3.1).
    const start = (flags & FLAG_EXTRA) === 0 ? 10 : 12 + (head[10] ?? 0) + 256 * (head[11] ?? 0);
    const end = head.indexOf(0, start);
    if (end <= start) return undefined;
    const raw = head.subarray(start, end);
    return decodeUtf8(raw) ?? Buffer.from(raw).toString("latin1");
  },
};
