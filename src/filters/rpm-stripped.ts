/**
 * A stripped payload: cpio with "07070X" and the file's number in the rpm header instead of a cpio header (rpm.org, "RPM v6 format",
 * "Payload"). Here the headers are put back, so that what comes out is a cpio for every reader.
 */
import { BlockReader } from "../bytes/block-reader.ts";
import { UnzipxError } from "../errors.ts";
import type { Bytes, DecodeOptions, Filter } from "../formats/contract.ts";
import { bad, type RpmHeader } from "./rpm-header.ts";

const WHAT = "the payload of the RPM package";
const STRIPPED = "07070X";
/** Magic and 8 hexadecimal digits, filled up to a multiple of 4 as headers of newc are. */
const STRIPPED_LENGTH = 14;
const STRIPPED_PADDING = 2;
/** What a filter may look at. */
const PROBE = 64 * 1024;
/** What newc has 8 hexadecimal digits for. */
const NEWC_MOST = 0xffffffff;
const NAME_BYTES = 32 * 1024;
const ZEROS = new Uint8Array(4);

const FILE_SIZES = 1028;
const FILE_MODES = 1030;
const FILE_MTIMES = 1034;
const FILE_FLAGS = 1037;
const FILE_DEVICES = 1095;
const FILE_INODES = 1096;
const DIR_INDEXES = 1116;
const BASE_NAMES = 1117;
const DIR_NAMES = 1118;
const LONG_FILE_SIZES = 5008;
/** RPMFILE_GHOST: in the package's list, and not in its payload. */
const GHOST = 1 << 6;

interface File {
  /** The parts of its name. They are joined when it comes: a million files may share one folder with a long name. */
  readonly folder: Uint8Array;
  readonly base: Uint8Array;
  readonly mode: number;
  readonly mtime: number;
  /** In the payload: 0 for folders, and for all names of a file but the last. */
  readonly size: number;
  readonly inode: number;
  readonly nlink: number;
}

export async function* unstrip(payload: Bytes, header: RpmHeader, options: DecodeOptions): AsyncGenerator<Uint8Array> {
  const packed = new BlockReader(payload, WHAT);
  const reader = new BlockReader(await decompressed(packed, options), WHAT);
  try {
    let files: File[] | undefined;
    while (Buffer.from(await reader.peek(STRIPPED.length)).toString("latin1") === STRIPPED) {
      files ??= filesOf(header);
      const text = Buffer.from((await reader.take(STRIPPED_LENGTH))!).toString("latin1");
      const digits = text.slice(STRIPPED.length);
      const file = /^[0-9a-f]{8}$/i.test(digits) ? files[parseInt(digits, 16)] : undefined;
      if (file === undefined) throw bad("its payload holds a file that its header does not list", digits);
      await reader.skip(STRIPPED_PADDING);
      yield cpioHeader(file);
      yield* reader.pieces(file.size);
      await reader.skip(-file.size & 3);
      if (file.size <= NEWC_MOST) yield ZEROS.subarray(0, -file.size & 3);
    }
    yield* reader.rest(); // the end marker, which is not stripped, and what is behind it
    for await (const _ of packed.rest()); // to its end, where the digests are compared
  } finally {
    await reader.close();
    await packed.close();
  }
}

/** The payload without its compression, which its first bytes tell. */
async function decompressed(packed: BlockReader, options: DecodeOptions): Promise<Bytes> {
  const head = new Uint8Array(await packed.peek(PROBE)); // a copy: the reader goes on
  const { FILTERS } = await import("./index.ts");
  let best: Filter | undefined;
  let bits = 16; // less is no evidence
  for (const filter of FILTERS) {
    const bid = filter.bid({ head, tail: undefined });
    if (bid > bits && filter.name !== "rpm") [best, bits] = [filter, bid];
  }
  const stripped = Buffer.from(head.subarray(0, 5)).toString("latin1") === "07070";
  return stripped || best === undefined ? packed.rest() : best.decode(packed.rest(), options);
}

/** The files that the header lists, as columns of equal length. */
function filesOf(header: RpmHeader): File[] {
  const [names, folders] = [header.strings(BASE_NAMES), header.strings(DIR_NAMES)];
  if (names === undefined || folders === undefined) throw bad("its payload holds files, and its header lists none");
  const column = (tag: number, numbers = header.numbers(tag)): number[] => {
    if (numbers?.length !== names.length) throw bad(`its list of files is not as long in the tag ${tag} as in others`);
    return numbers;
  };
  const folderOf = column(DIR_INDEXES);
  const modes = column(FILE_MODES);
  const sizes = header.has(LONG_FILE_SIZES) ? column(LONG_FILE_SIZES) : column(FILE_SIZES);
  const mtimes = column(FILE_MTIMES);
  const flags = column(FILE_FLAGS);
  const [devices, inodes] = [column(FILE_DEVICES), column(FILE_INODES)];
  // Names of one file have one inode. Only the last one of them carries the content.
  const sets = new Map<string, number[]>();
  for (let i = 0; i < names.length; i++) {
    if (!isRegular(modes[i]!) || (flags[i]! & GHOST) !== 0) continue;
    const key = `${devices[i]}:${inodes[i]}`;
    const set = sets.get(key);
    if (set === undefined) sets.set(key, [i]);
    else set.push(i);
  }
  return modes.map((mode, i) => {
    const folder = folderOf[i]!;
    if (folder >= folders.length) throw bad("its list of files names a folder that is not there");
    const set = isRegular(mode) ? (sets.get(`${devices[i]}:${inodes[i]}`) ?? [i]) : [i];
    const hasContent = isSymlink(mode) || (isRegular(mode) && set.at(-1) === i);
    return { folder: folders.at(folder), base: names.at(i), mode, mtime: mtimes[i]!, size: hasContent ? sizes[i]! : 0, inode: set[0]! + 1, nlink: set.length };
  });
}

/** Packages of sources have no folders; the others' begin with a slash, and their names in a cpio with a dot in front of it. */
function nameOf({ folder, base }: File): Uint8Array {
  const length = folder.length + base.length;
  if (length > NAME_BYTES) throw new UnzipxError("LIMIT", "Stopped: a name in the RPM package is longer than any system allows", { expected: `at most ${NAME_BYTES} bytes`, found: `${length} bytes` });
  return Buffer.concat([Buffer.from(folder[0] === 0x2f ? "." : ""), folder, base, Buffer.alloc(1)]);
}

/** newc; where that cannot count the size, afio's format, which has 16 digits for it and no padding. */
function cpioHeader(file: File): Uint8Array {
  const { mode, mtime, size, inode, nlink } = file;
  const hex = (value: number, width = 8): string => value.toString(16).padStart(width, "0");
  const name = nameOf(file); // with its NUL
  if (size > NEWC_MOST) {
    const fields = `070727${hex(0)}${hex(inode, 16)}m${mode.toString(8).padStart(6, "0")}${hex(0)}${hex(0)}${hex(nlink)}${hex(0)}${hex(mtime, 16)}n${hex(name.length, 4)}${hex(0)}s${hex(size, 16)}:`;
    return Buffer.concat([Buffer.from(fields), name]);
  }
  const fields = [inode, mode, 0, 0, nlink, mtime, size, 0, 0, 0, 0, name.length, 0].map((value) => hex(value)).join("");
  return Buffer.concat([Buffer.from(`070701${fields}`), name, ZEROS.subarray(0, -(6 + fields.length + name.length) & 3)]);
}

function isRegular(mode: number): boolean {
  return (mode & 0o170000) === 0o100000;
}

function isSymlink(mode: number): boolean {
  return (mode & 0o170000) === 0o120000;
}
