/**
 * The formats that the engine (7-Zip) reads: what each is called, how it is recognised, and which of 7-Zip's
 * readers it is for. Adding one is a row here.
 */
import { END_RECORD, endRecordsIn } from "../../bytes/zip-end.ts";
import { UnzipxError } from "../../errors.ts";
import type { Probe, SolidSource, Warn } from "../contract.ts";
import type { Described } from "./describe.ts";
import type { Found } from "./listing.ts";

export interface Kind {
  readonly name: string;
  readonly extensions: readonly string[];
  readonly about: string;
  /** Of 7-Zip's -t, or how the first bytes tell it; undefined: it looks for itself, as for programs that carry an archive. */
  readonly type: string | undefined | ((head: Uint8Array) => string);
  readonly bid: (probe: Probe) => number;
  /** As in Container. */
  readonly encryption?: "read" | "read+write";
  /** The archive as the engine shall see it. Throws for what the engine would stumble over. */
  readonly prepare?: (source: SolidSource) => Promise<SolidSource>;
  /** Bytes of its own that the engine takes for none, and counts as following the archive: at most so many. */
  readonly uncounted?: number;
  /** The ending of the one entry that the engine lists without a name, and that is called like the archive; without it such an entry is none. */
  readonly inner?: string;
  /** What the engine does not tell of its entries. */
  readonly refine?: (entries: readonly Described[], source: SolidSource, found: Found & { readonly warn: Warn }) => Promise<readonly Described[]>;
  /** Whether its index cannot be read without the password. */
  readonly isIndexLocked?: (source: SolidSource) => Promise<boolean>;
  /** It is a 7z, from its first byte on: its blocks can be told apart. */
  readonly hasBlocks?: boolean;
  /** Decryption that the engine does not know: the archive without. */
  readonly unlock?: (source: SolidSource, password: string) => Promise<SolidSource>;
}

/** Bytes at an offset from the start; eight bits of evidence each. */
function magic(offset: number, ...bytes: number[]): (probe: Probe) => number {
  return ({ head }) => (bytes.every((byte, i) => head[offset + i] === byte) ? 8 * bytes.length : 0);
}

function text(offset: number, letters: string): (probe: Probe) => number {
  return magic(offset, ...Buffer.from(letters, "latin1"));
}

function any(...bids: ((probe: Probe) => number)[]): (probe: Probe) => number {
  return (probe) => Math.max(...bids.map((bid) => bid(probe)));
}

/** All of them, or nothing. */
function all(...bids: ((probe: Probe) => number)[]): (probe: Probe) => number {
  return (probe) => {
    const found = bids.map((bid) => bid(probe));
    return found.includes(0) ? 0 : found.reduce((sum, one) => sum + one, 0);
  };
}

/** `back` bytes before the end. */
function trailer(back: number, letters: string): (probe: Probe) => number {
  return ({ tail }) => (tail !== undefined && tail.length >= back && Buffer.from(tail.subarray(tail.length - back, tail.length - back + letters.length)).toString("latin1") === letters ? 8 * letters.length : 0);
}

const BOOT_SIGNATURE = magic(510, 0x55, 0xaa);

/** 60 EA; 2 - size of the header, at most 2600; 4 - of its fixed part; 10 - file type: 2 is the archive's own header. */
function arj({ head }: Probe): number {
  if (head[0] !== 0x60 || head[1] !== 0xea) return 0;
  const size = head[2]! | (head[3]! << 8);
  return size >= 30 && size <= 2600 && head[4]! >= 30 && head[4]! <= size && head[10] === 2 ? 16 + 4 + 8 + 8 : 0;
}

/** A disk whose table of four partitions is plausible: 0x00 or 0x80 in front, at least one type. */
function mbr(probe: Probe): number {
  if (BOOT_SIGNATURE(probe) === 0) return 0;
  const rows = [446, 462, 478, 494].map((at) => probe.head.subarray(at, at + 16));
  const plausible = rows.every((row) => row[0] === 0 || row[0] === 0x80) && rows.some((row) => row[4] !== 0);
  return plausible ? 16 + 4 : 0;
}

function udf({ head }: Probe): number {
  // Volume structure descriptors of 2048 bytes from sector 16 on (ECMA-167, 2/9): identifier at 1.
  for (let at = 32768 + 1; at + 5 <= head.length; at += 2048) {
    const identifier = Buffer.from(head.subarray(at, at + 5)).toString("latin1");
    if (identifier === "NSR02" || identifier === "NSR03") return 40 + 8;
  }
  return 0;
}

const gpt = text(512, "EFI PART");

const RAR5 = "Rar!\x1a\x07\x01\0";

function isRar5(head: Uint8Array): boolean {
  return text(0, RAR5)({ head, tail: undefined }) > 0;
}

/** A program: only what it carries is of interest, and any other reading of the file is better. */
const PROGRAM = 16;
function program({ head }: Probe): number {
  const isProgram = (head[0] === 0x4d && head[1] === 0x5a) || text(0, "\x7fELF")({ head, tail: undefined }) > 0 || machO({ head, tail: undefined }) > 0;
  return isProgram ? PROGRAM : 0;
}

const machO = any(magic(0, 0xfe, 0xed, 0xfa, 0xce), magic(0, 0xfe, 0xed, 0xfa, 0xcf), magic(0, 0xce, 0xfa, 0xed, 0xfe), magic(0, 0xcf, 0xfa, 0xed, 0xfe));

/** A zip that spans disks: the end record's number of this disk is not 0 (APPNOTE 4.4.19). The record is the one whose comment reaches to the file's end: another one may stand in the comment. */
function splitZip({ tail = new Uint8Array(0) }: Probe): number {
  const bytes = Buffer.from(tail.buffer, tail.byteOffset, tail.length);
  for (const end of endRecordsIn(bytes)) {
    if (end + END_RECORD + bytes.readUInt16LE(end + 20) !== bytes.length) continue;
    const disk = bytes.readUInt16LE(end + 4);
    return disk !== 0 && disk !== 0xffff ? 64 + 16 : 0;
  }
  return 0;
}

/** What the engine shows beside the entries: tables of the format itself. */
function hiding(invented: RegExp): NonNullable<Kind["refine"]> {
  return async (entries) => entries.map((entry) => (invented.test(entry.path) ? { ...entry, hidden: true } : entry));
}

const SYSTEM_FILES = hiding(/^\[SYS(TEM)?\](\/|$)/);

/** A 7z may hold entries without names. 7-Zip calls all of them like the archive: the second and later ones get a number. */
function nameNameless(entries: readonly Described[], source: SolidSource): readonly Described[] {
  const stem = source.name.replace(/\.[^.]*$/, "");
  let seen = 0;
  return entries.map((entry) => (entry.path === stem && ++seen > 1 ? { ...entry, path: `${stem}-${seen}` } : entry));
}

/** Of a compound file the engine does not say what is a storage: it has no size, which every stream has. */
async function storagesAreFolders(entries: readonly Described[]): Promise<readonly Described[]> {
  return entries.map((entry) => (entry.type === "file" && entry.size === undefined ? { ...entry, type: "directory" } : entry));
}

export const KINDS: readonly Kind[] = [
  { name: "7z", encryption: "read+write", extensions: [".7z"], about: "7z: LZMA, LZMA2, PPMd, BZip2, Deflate, BCJ, ARM64, Delta; solid, volumes", type: "7z", bid: magic(0, 0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c), refine: async (entries, source) => nameNameless(entries, source), isIndexLocked: async (source) => (await import("./locked7z.ts")).isIndexLocked(source), hasBlocks: true },
  {
    name: "rar", encryption: "read", extensions: [".rar", ".cbr"], about: "rar 1.5 to 5, solid, volumes", type: (head) => (isRar5(head) ? "rar5" : "rar"), bid: any(text(0, "Rar!\x1a\x07\0"), text(0, RAR5)),
    refine: async (entries, source, { warn }) => (await import("./rar4.ts")).refineRar(entries, source, 0, warn),
  },
  { name: "zip-split", encryption: "read", extensions: [".z01"], about: "zip in parts (.z01 …)", type: "zip", bid: splitZip },
  { name: "cab", extensions: [".cab"], about: "Microsoft cabinet", type: "cab", bid: magic(0, 0x4d, 0x53, 0x43, 0x46, 0, 0, 0, 0) },
  { name: "arj", encryption: "read", extensions: [".arj"], about: "ARJ", type: "arj", bid: arj, unlock: async (source, password) => (await import("./garbled-arj.ts")).ungarble(source, password), refine: async (entries, source) => ((await import("./arj-headers.ts")).assertArjEnds(source), entries) },
  { name: "wim", extensions: [".wim", ".swm", ".esd", ".ppkg"], about: "Windows image", type: "wim", bid: magic(0, 0x4d, 0x53, 0x57, 0x49, 0x4d, 0, 0, 0) },
  // Its checksum of the index stands in front of the contents, or behind them.
  { name: "xar", extensions: [".xar", ".pkg", ".xip"], about: "xar, macOS packages", type: "xar", bid: text(0, "xar!"), uncounted: 64, refine: hiding(/^\[TOC\]\.xml$/) },
  { name: "iso", extensions: [".iso", ".udf"], about: "ISO 9660 with Joliet and Rock Ridge, UDF", type: (head) => (udf({ head, tail: undefined }) > 0 ? "udf" : "iso"), bid: any(udf, text(32769, "CD001")), prepare: async (source) => (await import("./rock-ridge.ts")).preferRockRidge(source) },
  { name: "chm", extensions: [".chm", ".chi", ".chq", ".chw", ".hxs"], about: "compiled help", type: undefined, bid: any(text(0, "ITSF\x03\0\0\0"), text(0, "ITOLITLS")) },
  { name: "msi", extensions: [".msi", ".msp", ".doc", ".xls", ".ppt", ".msg"], about: "compound file: Windows installer, old Office", type: "compound", bid: magic(0, 0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1), refine: storagesAreFolders },
  { name: "dmg", extensions: [".dmg"], about: "macOS disk image", type: "dmg", bid: trailer(512, "koly") },
  { name: "hfs", extensions: [".hfs", ".hfsx"], about: "HFS and HFS+ image", type: "hfs", bid: any(text(1024, "H+\0\x04"), text(1024, "HX\0\x05"), all(text(1024, "BD"), text(1024 + 124, "H+"))), refine: SYSTEM_FILES },
  { name: "apfs", extensions: [".apfs"], about: "APFS image", type: "apfs", bid: text(32, "NXSB"), refine: SYSTEM_FILES },
  { name: "squashfs", extensions: [".squashfs", ".sqfs", ".snap"], about: "SquashFS image", type: "squashfs", bid: any(text(0, "hsqs"), text(0, "sqsh"), text(0, "shsq"), text(0, "qshs")), prepare: async (source) => (await import("./squashfs.ts")).assertReadable(source) },
  { name: "cramfs", extensions: [".cramfs"], about: "cramfs image", type: "cramfs", bid: all(any(magic(0, 0x45, 0x3d, 0xcd, 0x28), magic(0, 0x28, 0xcd, 0x3d, 0x45)), text(16, "Compressed ROMFS")) },
  { name: "ext", extensions: [".ext", ".ext2", ".ext3", ".ext4"], about: "ext2, ext3, ext4 image", type: "ext", bid: all(magic(1080, 0x53, 0xef), any(magic(1082, 1, 0), magic(1082, 2, 0), magic(1082, 4, 0))), refine: SYSTEM_FILES },
  { name: "ntfs", extensions: [".ntfs"], about: "NTFS image", type: "ntfs", bid: all(text(3, "NTFS    "), BOOT_SIGNATURE), refine: SYSTEM_FILES },
  { name: "fat", extensions: [".fat", ".ima"], about: "FAT image", type: "fat", bid: all(BOOT_SIGNATURE, any(text(54, "FAT12   "), text(54, "FAT16   "), text(82, "FAT32   "))) },
  { name: "vhd", extensions: [".vhd"], about: "virtual disk of Hyper-V", type: "vhd", inner: ".img", bid: any(text(0, "conectix"), trailer(512, "conectix")) },
  { name: "vhdx", extensions: [".vhdx"], about: "virtual disk of Hyper-V, version 2", type: "vhdx", inner: ".img", bid: text(0, "vhdxfile") },
  { name: "vmdk", extensions: [".vmdk"], about: "virtual disk of VMware", type: "vmdk", inner: ".img", bid: any(text(0, "KDMV"), text(0, "# Disk DescriptorFile")) },
  { name: "vdi", extensions: [".vdi"], about: "virtual disk of VirtualBox", type: "vdi", inner: ".img", bid: magic(64, 0x7f, 0x10, 0xda, 0xbe) },
  { name: "qcow2", extensions: [".qcow", ".qcow2"], about: "virtual disk of QEMU", type: "qcow", inner: ".img", bid: text(0, "QFI\xfb") },
  { name: "disk", extensions: [".gpt", ".mbr"], about: "disk image with a table of partitions, GPT or MBR", type: (head) => (gpt({ head, tail: undefined }) > 0 ? "gpt" : "mbr"), bid: any(gpt, mbr) },
  { name: "swf", extensions: [".swf"], about: "Flash", type: undefined, bid: ({ head }) => (/^[FCZ]WS$/.test(Buffer.from(head.subarray(0, 3)).toString("latin1")) && head[3]! > 0 && head[3]! < 64 ? 24 + 2 : 0) },
  {
    name: "exe", extensions: [".exe", ".dll", ".sfx"], about: "self-extracting 7z and rar, NSIS installers, sections of PE, ELF and Mach-O programs", type: undefined, bid: program,
    refine: async (entries, source, { type, offset, warn }) => {
      if (entries.length === 0) warn(new UnzipxError("ODDITY", "The program carries an archive that holds nothing"));
      return type === "Rar" || type === "Rar5" ? (await import("./rar4.ts")).refineRar(entries, source, offset, warn) : entries;
    },
  },
];
