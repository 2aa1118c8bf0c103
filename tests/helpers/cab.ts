/** Cabinets with stored content (MS-CAB), byte by byte: no free program at hand writes them. */
import { DOS_DATE, DOS_TIME } from "./build.ts";

export interface CabItem {
  readonly name: string | Uint8Array;
  readonly content?: string | Uint8Array;
  /** 0x01 read-only … 0x80 the name is UTF-8. */
  readonly attributes?: number;
}

/** One folder of one data block. `checksum` stands in place of the right one. */
export function buildCab(items: readonly CabItem[], { checksum }: { readonly checksum?: number } = {}): Buffer {
  const contents = items.map((item) => Buffer.from(item.content ?? ""));
  const data = Buffer.concat(contents);
  let start = 0;
  const files = items.map(({ name, attributes = 0x20 }, i) => {
    const header = Buffer.alloc(16);
    header.writeUInt32LE(contents[i]!.length, 0);
    header.writeUInt32LE(start, 4);
    header.writeUInt16LE(DOS_DATE, 10);
    header.writeUInt16LE(DOS_TIME, 12);
    header.writeUInt16LE(attributes, 14);
    start += contents[i]!.length;
    return Buffer.concat([header, Buffer.from(name), Buffer.alloc(1)]);
  });
  const directory = Buffer.concat(files);
  const folder = Buffer.alloc(8); // type of compression: 0, none
  folder.writeUInt32LE(36 + 8 + directory.length, 0);
  folder.writeUInt16LE(1, 4);
  const block = Buffer.alloc(8);
  block.writeUInt16LE(data.length, 4);
  block.writeUInt16LE(data.length, 6);
  block.writeUInt32LE(checksum ?? sumOf(block.subarray(4), sumOf(data)), 0);
  const header = Buffer.alloc(36);
  header.write("MSCF", 0, "latin1");
  header.writeUInt32LE(36 + 8 + directory.length + 8 + data.length, 8);
  header.writeUInt32LE(36 + 8, 16);
  header.writeUInt16LE(0x0103, 24); // version 1.3
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(items.length, 28);
  return Buffer.concat([header, folder, directory, block, data]);
}

/** Little-endian words joined by exclusive or; of what is left over the first byte counts most. */
function sumOf(bytes: Uint8Array, seed = 0): number {
  let sum = seed;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) sum ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  let rest = 0;
  for (; at < bytes.length; at++) rest = (rest << 8) | bytes[at]!;
  return (sum ^ rest) >>> 0;
}
