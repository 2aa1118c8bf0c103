/**
 * The methods of zip that Node does not decode: the engine does. It is shown a zip of one entry whose headers are made here,
 * from what was verified already, around the entry's data where they lie; what else is in the archive it never sees.
 */
import { Engine } from "../../engine/client.ts";
import { UnzipxError } from "../../errors.ts";
import { troubleOf, unexplained } from "../../engine/trouble.ts";
import type { Bytes } from "../contract.ts";
import { AES_EXTRA_BYTES, AES_EXTRA_ID, AES_METHOD, aesExtra } from "./crypto-aes.ts";
import type { ZipLocator } from "./decode.ts";
import { endOfCentralDirectory, MAX32 } from "./headers.ts";

const NAME = Buffer.from("entry");
const WHAT = "an entry";
/** Encrypted; and two bits whose meaning depends on the method (APPNOTE 4.4.4); sizes behind the data, which ZipCrypto's check byte depends on. */
const KEPT_FLAGS = 0b1111;
const LZMA = 14;
/** Of LZMA: its data end with a marker (4.4.4). */
const FLAG_END_MARKER = 0x2;

/**
 * The content of one entry, decrypted and unpacked; its checksum and sizes are the caller's to verify. `dataStart`: where
 * the entry's data begins, with whatever the encryption puts in front of it.
 */
export async function* decodeForeign(fd: number, locator: ZipLocator, dataStart: number, password: string | undefined): Bytes {
  try {
    yield* decode(fd, locator, dataStart, password);
  } catch (error) {
    if (locator.method !== LZMA || (locator.flags & FLAG_END_MARKER) !== 0 || !(error instanceof UnzipxError) || error.code !== "BAD_HEADER") throw error;
    // PKZIP ends LZMA's data with a marker and says nothing of it (5.8.9). All of the content has come: whether the marker is all that was too much is to be seen.
    for await (const _ of decode(fd, { ...locator, flags: locator.flags | FLAG_END_MARKER }, dataStart, password)) continue;
  }
}

async function* decode(fd: number, locator: ZipLocator, dataStart: number, password: string | undefined): Bytes {
  const local = localHeader(locator);
  const central = centralHeader(locator);
  const segments = [{ bytes: local }, { fd, offset: dataStart, length: locator.packedSize }, { bytes: Buffer.concat([central, endOf(central.length, local.length + locator.packedSize)]) }];
  const engine = Engine.take();
  let said = "";
  try {
    for await (const event of engine.run({ request: { kind: "7zip", words: ["x", "-so", "-y", "-bd", "-tzip", `-p${password ?? ""}`, "/in/entry.zip"], files: [{ name: "entry.zip", segments }] }, what: WHAT })) {
      if (event.kind === "data") yield new Uint8Array(event.bytes); // it may be written while the engine goes on
      else if (event.kind === "error") said += event.text;
      else if (event.kind === "exit" && event.code !== 0) throw troubleIn(said, password !== undefined) ?? unexplained(event.code, said, WHAT);
    }
  } finally {
    await engine.release();
  }
}

/** Bytes behind an archive are a matter of a word; within the range of an entry they are not its data. */
function troubleIn(said: string, password: boolean): UnzipxError | undefined {
  const trouble = said.split("\n").map((line) => troubleOf(line, WHAT, password)).find((one) => one !== undefined);
  return trouble?.code === "TRAILING_DATA" ? new UnzipxError("BAD_SIZE", "Cannot read an entry: its compressed data ends before its range does") : trouble;
}

/** What both headers have from "version needed" to "extra field length" (4.3.7, 4.3.12). */
function common(locator: ZipLocator, extra: number): Buffer {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(63, 0); //                                                     0 version needed
  fields.writeUInt16LE(locator.flags & KEPT_FLAGS, 2); //                             2 flags
  fields.writeUInt16LE(locator.aes === undefined ? locator.method : AES_METHOD, 4); // 4 method
  fields.writeUInt16LE(locator.dosTime, 6); //                                        6 time
  fields.writeUInt16LE(0x21, 8); //                                                   8 date: 1980-01-01
  fields.writeUInt32LE(locator.crc32, 10); //                                        10 CRC-32
  fields.writeUInt32LE(Math.min(locator.packedSize, MAX32), 14); //                  14 compressed size
  fields.writeUInt32LE(Math.min(locator.size, MAX32), 18); //                        18 uncompressed size
  fields.writeUInt16LE(NAME.length, 22); //                                          22 name length
  fields.writeUInt16LE(extra, 24); //                                                24 extra field length
  return fields;
}

/** Zip64 sizes where they are needed (4.5.3: only what is all ones in the header), and how it is encrypted. */
function extraFields(locator: ZipLocator): Buffer {
  const sizes = [locator.size, locator.packedSize].filter((size) => size >= MAX32).map((size) => {
    const number = Buffer.alloc(8);
    number.writeBigUInt64LE(BigInt(size));
    return number;
  });
  const zip64 = sizes.length === 0 ? [] : [fieldHeader(0x0001, 8 * sizes.length), ...sizes];
  const aes = locator.aes === undefined ? [] : [fieldHeader(AES_EXTRA_ID, AES_EXTRA_BYTES), aesExtra(locator.aes)];
  return Buffer.concat([...zip64, ...aes]);
}

function fieldHeader(id: number, length: number): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt16LE(id, 0);
  header.writeUInt16LE(length, 2);
  return header;
}

function localHeader(locator: ZipLocator): Buffer {
  // In a local header both sizes are in the zip64 field or none (4.5.3); the engine takes the central ones.
  const extra = extraFields(locator);
  return Buffer.concat([Buffer.from("PK\x03\x04"), common(locator, extra.length), NAME, extra]);
}

function centralHeader(locator: ZipLocator): Buffer {
  const extra = extraFields(locator);
  const rest = Buffer.alloc(14); // comment length, disk, attributes, and the offset of the local header: 0
  return Buffer.concat([Buffer.from("PK\x01\x02"), Buffer.from([63, 0]), common(locator, extra.length), rest, NAME, extra]);
}

function endOf(size: number, offset: number): Buffer {
  return endOfCentralDirectory({ entries: 1, size, disk: 0, offset }, { disk: 0, offset: offset + size, entriesHere: 1 });
}
