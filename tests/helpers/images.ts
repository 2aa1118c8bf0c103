/** Two of the containers that the engine reads, written byte by byte: a virtual disk, and a compound file. */

/** A fixed disk of Hyper-V: the bytes of the disk, and a footer of 512 bytes behind them (Virtual Hard Disk Image Format Specification). */
export function buildVhd(disk: Uint8Array): Buffer {
  const footer = Buffer.alloc(512);
  footer.write("conectix", 0, "latin1");
  footer.writeUInt32BE(2, 8); // reserved, always set
  footer.writeUInt32BE(0x00010000, 12); // version
  footer.fill(0xff, 16, 24); // no further headers
  footer.write("test", 28, "latin1");
  footer.writeBigUInt64BE(BigInt(disk.length), 40);
  footer.writeBigUInt64BE(BigInt(disk.length), 48);
  footer.writeUInt32BE(2, 60); // fixed
  footer.fill(7, 68, 84); // its identifier
  footer.writeUInt32BE(~footer.reduce((sum, byte) => sum + byte, 0) >>> 0, 64);
  return Buffer.concat([disk, footer]);
}

const SECTOR = 512;
const [NONE, END, FAT] = [0xffff_ffff, 0xffff_fffe, 0xffff_fffd];

/** A compound file with one storage, and in it one stream of `content` (MS-CFB 2): at least 4096 bytes, so that no mini stream is needed. */
export function buildCompound(storage: string, stream: string, content: Uint8Array): Buffer {
  const sectors = Math.ceil(content.length / SECTOR);
  const header = Buffer.alloc(SECTOR);
  header.set([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]);
  for (const [at, value] of [[24, 0x3e], [26, 3], [28, 0xfffe], [30, 9], [32, 6]] as const) header.writeUInt16LE(value, at);
  for (const [at, value] of [[44, 1], [48, 1], [56, 4096], [60, END], [68, END]] as const) header.writeUInt32LE(value, at);
  header.fill(0xff, 76);
  header.writeUInt32LE(0, 76); // sector 0 is the table, 1 the directory, the rest the stream
  const table = Buffer.alloc(SECTOR, 0xff);
  table.writeUInt32LE(FAT, 0);
  table.writeUInt32LE(END, 4);
  for (let i = 0; i < sectors; i++) table.writeUInt32LE(i + 1 < sectors ? 3 + i : END, 4 * (2 + i));
  const entry = (name: string, type: number, child: number, start: number, size: number): Buffer => {
    const bytes = Buffer.alloc(128);
    bytes.write(name, 0, "utf16le");
    bytes.writeUInt16LE(2 * name.length + 2, 64);
    bytes.set([type, 1], 66);
    for (const [at, value] of [[68, NONE], [72, NONE], [76, child], [116, start], [120, size]] as const) bytes.writeUInt32LE(value, at);
    return bytes;
  };
  const directory = [entry("Root Entry", 5, 1, END, 0), entry(storage, 1, 2, 0, 0), entry(stream, 2, NONE, 2, content.length)];
  return Buffer.concat([header, table, ...directory, Buffer.alloc(128), content, Buffer.alloc(sectors * SECTOR - content.length)]);
}
