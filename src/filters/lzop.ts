/** lzop: any number of members, each a file that was compressed by itself. */
import { decodeUtf8 } from "../text/charset.ts";
import type { Filter } from "../formats/contract.ts";

export const LZOP_MAGIC: readonly number[] = [0x89, 0x4c, 0x5a, 0x4f, 0x00, 0x0d, 0x0a, 0x1a, 0x0a];
/** From magic to name: magic 9, three versions 6, method and level 2, flags 4, mode 4, times 8. A filter, of 4, stands behind the flags. */
const NAME_AT = 33;
/** As a member's header stores it: before that there was no level, and one time of 4 bytes. */
const WITH_LEVEL = 0x0940;
const FLAG_FILTER = 0x800;

export const lzop: Filter = {
  kind: "filter",
  name: "lzop",
  extensions: [".lzo"],
  tarExtensions: [".tzo"],
  about: "lzop (LZO1X), any number of members, all checksums verified",
  // 9 bytes of magic.
  bid: ({ head }) => (LZOP_MAGIC.every((byte, at) => head[at] === byte) ? 72 : 0),
  async *decode(input, options) {
    yield* (await import("./lzop-decode.ts")).decodeLzop(input, options);
  },
  innerName(head) {
    if (head.length < NAME_AT) return undefined;
    const view = new DataView(head.buffer, head.byteOffset, head.length);
    if (view.getUint16(9) < WITH_LEVEL || (view.getUint32(17) & FLAG_FILTER) !== 0) return undefined;
    const raw = head.subarray(NAME_AT + 1, NAME_AT + 1 + head[NAME_AT]!);
    if (raw.length === 0 || raw.length < head[NAME_AT]!) return undefined;
    return decodeUtf8(raw) ?? Buffer.from(raw).toString("latin1");
  },
};
