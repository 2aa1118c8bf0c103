/** Stored rar archives, byte by byte: no free program writes the format. */
import { crc32 } from "node:zlib";
import { DOS_DATE, DOS_TIME } from "./build.ts";

export interface RarItem {
  readonly name: string;
  readonly content?: string | Uint8Array;
  readonly directory?: boolean;
  /** With the file's type, as Unix has it. */
  readonly mode?: number;
  /** rar 5: what the entry is instead of a file, and of what. */
  readonly redirection?: readonly [type: 1 | 2 | 3 | 4 | 5, target: string];
  /** What the header says instead of the truth. */
  readonly crc?: number;
  readonly size?: number;
  /** Behind these many bytes the first volume ends, and the rest is in the second one. */
  readonly splitAt?: number;
}

function fields(...parts: readonly (readonly [size: 1 | 2 | 4, value: number])[]): Buffer {
  return Buffer.concat(parts.map(([size, value]) => {
    const field = Buffer.alloc(size);
    field.writeUIntLE(value, 0, size);
    return field;
  }));
}

// ------------------------------------------------------------------------------------------------------------- rar 5

const RAR5_MARKER = Buffer.from("Rar!\x1a\x07\x01\0", "latin1");

/** Seven bits a byte, the lowest first. */
function vint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value & 0x7f) | 0x80);
  return Buffer.from([...bytes, value]);
}

function block5(type: number, flags: number, body: Buffer, extra = Buffer.alloc(0), data?: Uint8Array): Buffer {
  const all = flags | (extra.length > 0 ? 1 : 0) | (data === undefined ? 0 : 2);
  const rest = Buffer.concat([vint(type), vint(all), ...(extra.length > 0 ? [vint(extra.length)] : []), ...(data === undefined ? [] : [vint(data.length)]), body, extra]);
  const summed = Buffer.concat([vint(rest.length), rest]);
  return Buffer.concat([fields([4, crc32(summed)]), summed, data ?? Buffer.alloc(0)]);
}

function file5(item: RarItem, data: Uint8Array, flags: number, crc: number): Buffer {
  const { name, directory = false, mode = directory ? 0o040755 : 0o100644, redirection } = item;
  const whole = Buffer.from(item.content ?? "");
  const label = Buffer.from(name);
  const body = Buffer.concat([
    vint(directory ? 1 : 4), vint(item.size ?? whole.length), vint(mode), // file flags: 1 - folder, 4 - has a CRC-32
    ...(directory ? [] : [fields([4, item.crc ?? crc])]),
    vint(0), vint(1), vint(label.length), label, // stored; from Unix
  ]);
  const target = Buffer.from(redirection?.[1] ?? "");
  const record = redirection === undefined ? Buffer.alloc(0) : Buffer.concat([vint(5), vint(redirection[0]), vint(0), vint(target.length), target]);
  return block5(2, flags, body, record.length === 0 ? record : Buffer.concat([vint(record.length), record]), data);
}

export function buildRar5(items: readonly RarItem[]): Buffer {
  const files = items.map((item) => file5(item, Buffer.from(item.content ?? ""), 0, crc32(Buffer.from(item.content ?? ""))));
  return Buffer.concat([RAR5_MARKER, block5(1, 0, vint(0)), ...files, block5(5, 0, vint(0))]);
}

/** The same in two volumes; one item says where it is cut. */
export function buildRar5Volumes(items: readonly RarItem[]): [Buffer, Buffer] {
  return inTwo(items, file5, { next: 0x10, previous: 0x08 }, (parts, volume) => Buffer.concat([
    RAR5_MARKER, block5(1, 0, volume === 0 ? vint(1) : Buffer.concat([vint(3), vint(1)])), ...parts, block5(5, 0, vint(volume === 0 ? 1 : 0)),
  ]));
}

// ------------------------------------------------------------------------------------------------------------- rar 4

const RAR4_MARKER = Buffer.from("Rar!\x1a\x07\0", "latin1");

function block4(type: number, flags: number, body: Uint8Array, data: Uint8Array = Buffer.alloc(0)): Buffer {
  const summed = Buffer.concat([fields([1, type], [2, flags], [2, 7 + body.length]), body]);
  return Buffer.concat([fields([2, crc32(summed) & 0xffff]), summed, data]);
}

function file4(item: RarItem, data: Uint8Array, flags: number, crc: number): Buffer {
  const { name, directory = false, mode = directory ? 0o040755 : 0o100644 } = item;
  const whole = Buffer.from(item.content ?? "");
  const label = Buffer.from(name.replaceAll("/", "\\"), "latin1");
  const body = Buffer.concat([
    fields([4, data.length], [4, item.size ?? whole.length], [1, 3], [4, item.crc ?? crc], [2, DOS_TIME], [2, DOS_DATE], [1, 29], [1, 0x30], [2, label.length], [4, mode]), label, // from Unix; stored
  ]);
  return block4(0x74, 0x8000 | (directory ? 0xe0 : 0) | flags, body, data);
}

export function buildRar4(items: readonly RarItem[]): Buffer {
  const files = items.map((item) => file4(item, Buffer.from(item.content ?? ""), 0, crc32(Buffer.from(item.content ?? ""))));
  return Buffer.concat([RAR4_MARKER, block4(0x73, 0, Buffer.alloc(6)), ...files, block4(0x7b, 0x4000, Buffer.alloc(0))]);
}

export function buildRar4Volumes(items: readonly RarItem[], newNames = true): [Buffer, Buffer] {
  return inTwo(items, file4, { next: 0x02, previous: 0x01 }, (parts, volume) => Buffer.concat([
    RAR4_MARKER, block4(0x73, 0x01 | (newNames ? 0x10 : 0) | (volume === 0 ? 0x100 : 0), Buffer.alloc(6)), ...parts, block4(0x7b, volume === 0 ? 0x4001 : 0x4000, Buffer.alloc(0)),
  ]));
}

/** Each part of a cut file carries the checksum of its own bytes, the last one that of the whole. */
function inTwo(
  items: readonly RarItem[], file: typeof file4, flags: { readonly next: number; readonly previous: number }, volume: (parts: readonly Buffer[], number: number) => Buffer,
): [Buffer, Buffer] {
  const volumes: [Buffer[], Buffer[]] = [[], []];
  let at = 0;
  for (const item of items) {
    const content = Buffer.from(item.content ?? "");
    const cut = item.splitAt;
    if (cut === undefined) {
      volumes[at]!.push(file(item, content, 0, crc32(content)));
      continue;
    }
    volumes[0].push(file(item, content.subarray(0, cut), flags.next, crc32(content.subarray(0, cut))));
    volumes[1].push(file(item, content.subarray(cut), flags.previous, crc32(content)));
    at = 1;
  }
  return [volume(volumes[0], 0), volume(volumes[1], 1)];
}
