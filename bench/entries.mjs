/**
 * Archives of any number of entries, written without a tree of files: a million of them would take longer than what is
 * measured. They are as Info-ZIP and GNU tar write them, with files of one block of a file system at most.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";

const PER_FOLDER = 1000;
const SECONDS = 1_700_000_000;

/** `count` in all, the folders and the root among them; in the order of the paths, a folder before what is in it. */
export function* entriesOf(root, count) {
  const folders = Math.ceil(count / PER_FOLDER);
  yield { path: root, content: undefined };
  let left = count - 1 - folders;
  for (let folder = 0; folder < folders; folder++) {
    const name = `d${String(folder).padStart(4, "0")}`;
    yield { path: `${root}/${name}`, content: undefined };
    for (let file = 0; file < PER_FOLDER && left > 0; file++, left--) {
      const path = `${root}/${name}/file-${String(file).padStart(4, "0")}.txt`;
      yield { path, content: Buffer.from(`${path} says something small\n`) };
    }
  }
}

export function writeZip(path, entries) {
  const out = writer(path);
  const records = [];
  let count = 0;
  for (const { path: name, content = Buffer.alloc(0), isFolder } of known(entries)) {
    const nameBytes = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(10, 0); // 4 version needed: 1.0
    common.writeUInt32LE(0x576d_b1aa, 6); // 10 time and date, in DOS's form
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(content.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(nameBytes.length, 22);
    common.writeUInt16LE(9, 24); // 28 length of the extra field
    const time = Buffer.from([0x55, 0x54, 5, 0, 1, 0, 0, 0, 0]); // "UT": the time of modification alone
    time.writeUInt32LE(SECONDS, 5);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, nameBytes, time, content]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(((isFolder ? 0o040755 : 0o100644) << 16 | (isFolder ? 0x10 : 0)) >>> 0, 6); // 38 external attributes
    rest.writeUInt32LE(out.at(), 10); // 42 place of the local header
    records.push(Buffer.concat([Buffer.from("PK\x01\x02\x1e\x03"), common, rest, nameBytes, time]));
    out.write(local);
    count += 1;
  }
  const start = out.at();
  for (const record of records) out.write(record);
  const size = out.at() - start;
  if (count >= 0xffff) out.write(zip64End(count, size, start));
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06");
  end.writeUInt16LE(Math.min(count, 0xffff), 8);
  end.writeUInt16LE(Math.min(count, 0xffff), 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(start, 16);
  out.write(end);
  out.close();
}

/** The record and its locator: a million entries are more than the usual end record can say. */
function zip64End(count, size, start) {
  const record = Buffer.alloc(76);
  record.write("PK\x06\x06");
  record.writeBigUInt64LE(44n, 4);
  record.writeUInt16LE(0x031e, 12);
  record.writeUInt16LE(45, 14);
  record.writeBigUInt64LE(BigInt(count), 24);
  record.writeBigUInt64LE(BigInt(count), 32);
  record.writeBigUInt64LE(BigInt(size), 40);
  record.writeBigUInt64LE(BigInt(start), 48);
  record.write("PK\x06\x07", 56);
  record.writeBigUInt64LE(BigInt(start + size), 64);
  record.writeUInt32LE(1, 72);
  return record;
}

export function writeTar(path, entries) {
  const out = writer(path);
  for (const { path: name, content = Buffer.alloc(0), isFolder } of known(entries)) {
    out.write(tarHeader(name, content.length, isFolder));
    if (content.length > 0) out.write(Buffer.concat([content], Math.ceil(content.length / 512) * 512));
  }
  out.write(Buffer.alloc(1024));
  out.close();
}

export function tarHeader(name, size, isFolder) {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(isFolder ? "0000755\0" : "0000644\0", 100);
  header.write("0000000\x000000000\0", 108);
  // Eleven octal digits are 8 GiB; GNU writes larger sizes as a number of 95 bits.
  if (size < 8 ** 11) header.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  else {
    header[124] = 0x80;
    header.writeBigUInt64BE(BigInt(size), 128);
  }
  header.write(`${SECONDS.toString(8).padStart(11, "0")}\0`, 136);
  header.write("        ", 148); // 148 the checksum counts as spaces
  header.write(isFolder ? "5" : "0", 156);
  header.write("ustar  \0", 257);
  const sum = header.reduce((before, byte) => before + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

function* known(entries) {
  for (const { path, content } of entries) yield { path: content === undefined ? `${path}/` : path, content, isFolder: content === undefined };
}

/** A megabyte at a time. */
function writer(path) {
  const fd = openSync(path, "w");
  const waiting = [];
  let [bytes, place] = [0, 0];
  const flush = () => {
    writeSync(fd, Buffer.concat(waiting.splice(0)));
    bytes = 0;
  };
  return {
    at: () => place,
    write(piece) {
      waiting.push(piece);
      bytes += piece.length;
      place += piece.length;
      if (bytes >= 1 << 20) flush();
    },
    close() {
      flush();
      closeSync(fd);
    },
  };
}
