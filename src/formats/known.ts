/** Formats that are recognised so that the error can name them. */
import type { KnownFormat } from "./contract.ts";

const MAGIC: readonly (readonly [name: string, extension: string, offset: number, magic: readonly number[]])[] = [
  ["rar 1.4", ".rar14", 0, [0x52, 0x45, 0x7e, 0x5e]],
  ["lrzip", ".lrz", 0, [0x4c, 0x52, 0x5a, 0x49]],
  ["ace", ".ace", 7, [0x2a, 0x2a, 0x41, 0x43, 0x45, 0x2a, 0x2a]],
  ["stuffit", ".sit", 0, [0x53, 0x49, 0x54, 0x21]],
  ["stuffit", ".sitx", 0, [0x53, 0x74, 0x75, 0x66, 0x66, 0x49, 0x74]],
  ["zoo", ".zoo", 20, [0xdc, 0xa7, 0xc4, 0xfd]],
  ["installshield", ".hdr", 0, [0x49, 0x53, 0x63, 0x28]],
];

export const KNOWN: readonly KnownFormat[] = MAGIC.map(([name, extension, offset, magic]) => ({
  kind: "known",
  name,
  extensions: [extension],
  about: name,
  bid: ({ head }) => (magic.every((byte, i) => head[offset + i] === byte) ? 8 * magic.length : 0),
}));
