/** What a file is by its first bytes: only magic numbers that do not come about by chance. */

/** Bytes that are enough for all of them. */
export const SNIFFED = 512;

type Nature = "program" | "script" | "shortcut" | "archive" | "document" | "picture" | "media" | "page";

export interface Kind {
  readonly name: string;
  readonly nature: Nature;
  /** Extensions that such content has. */
  readonly extensions: readonly string[];
}

interface Test {
  (head: Buffer): boolean;
  /** The bytes it may begin with; undefined: any. */
  readonly first?: string | undefined;
}

function test(is: (head: Buffer) => boolean, first?: string): Test {
  return Object.assign((head: Buffer) => is(head), { first });
}

function magic(bytes: string, at = 0): Test {
  const wanted = Buffer.from(bytes, "latin1");
  return test((head) => head.length >= at + wanted.length && head.compare(wanted, 0, wanted.length, at, at + wanted.length) === 0, at === 0 ? bytes[0] : undefined);
}

function any(...tests: readonly Test[]): Test {
  return test((head) => tests.some((one) => one(head)), tests.map(({ first }) => first).join(""));
}

/** The first of them says how it begins. */
function all(...tests: readonly [Test, ...((head: Buffer) => boolean)[]]): Test {
  return test((head) => tests.every((one) => one(head)), tests[0].first);
}

/** "MZ" alone begins words; the header behind it (64 bytes) is full of zeros. */
const isMz = all(magic("MZ"), (head) => head.length >= 64 && head.subarray(2, 64).includes(0));
/** A fat Mach-O shares its magic with Java's classes, whose version (45 and more) stands where it counts its few architectures. */
const isFat = all(magic("\xca\xfe\xba\xbe"), (head) => head.length >= 8 && head.readUInt32BE(4) > 0 && head.readUInt32BE(4) < 30);
const isPage = test((head) => /^(\xef\xbb\xbf)?\s*(<!doctype html|<html|<script)/i.test(head.toString("latin1", 0, 256)), "\xef \t\r\n<");

const ZIPPED = [
  "zip", "zipx", "jar", "war", "ear", "apk", "aar", "aab", "whl", "egg", "nupkg", "vsix", "xpi", "crx", "ipa", "epub", "cbz", "kmz", "kml", "usdz", "3mf", "pages", "numbers", "key", "sketch", "xps", "oxps", "mcpack",
  "docx", "docm", "dotx", "xlsx", "xlsm", "xlsb", "xltx", "pptx", "pptm", "ppsx", "potx", "vsdx", "odt", "ods", "odp", "odg", "odf", "ott", "ots", "otp", "sxw", "appx", "msix", "snupkg", "love", "pk3", "osz", "mxl", "idml", "exe",
];

const KINDS: readonly (Kind & { readonly is: Test })[] = [
  { name: "a Windows program", nature: "program", extensions: ["exe", "dll", "sys", "scr", "com", "ocx", "cpl", "drv", "efi", "mui", "pyd", "node", "ax", "acm", "tsp", "fon", "bpl", "vxd", "bin"], is: isMz },
  { name: "a Linux program", nature: "program", extensions: ["so", "o", "ko", "elf", "bin", "out", "run", "appimage", "node", "axf", "prx", "mod"], is: magic("\x7fELF") },
  { name: "a macOS program", nature: "program", extensions: ["dylib", "bundle", "o", "so", "node", "bin"], is: any(magic("\xfe\xed\xfa\xce"), magic("\xfe\xed\xfa\xcf"), magic("\xce\xfa\xed\xfe"), magic("\xcf\xfa\xed\xfe"), isFat) },
  { name: "a Windows shortcut", nature: "shortcut", extensions: ["lnk"], is: magic("L\0\0\0\x01\x14\x02\0") },
  { name: "a script", nature: "script", extensions: [], is: all(magic("#!"), (head) => /^#! ?\/[\x21-\x7e]/.test(head.toString("latin1", 0, 8))) },
  { name: "a zip archive", nature: "archive", extensions: ZIPPED, is: any(magic("PK\x03\x04"), magic("PK\x05\x06")) },
  { name: "a 7z archive", nature: "archive", extensions: ["7z", "cb7", "001"], is: magic("7z\xbc\xaf\x27\x1c") },
  { name: "a rar archive", nature: "archive", extensions: ["rar", "cbr", "rev", "r00", "001"], is: magic("Rar!\x1a\x07") },
  { name: "gzip data", nature: "archive", extensions: ["gz", "tgz", "taz", "svgz", "emz", "wmz", "vgz", "adz", "ipk", "rds", "rda", "rdata", "nii", "dmg", "z", "kgz", "cpgz", "als", "blend", "npz", "mcworld", "img", "apkg", "dat", "schematic", "abw"], is: magic("\x1f\x8b\x08") },
  { name: "bzip2 data", nature: "archive", extensions: ["bz2", "tbz", "tbz2", "tb2", "bz"], is: all(magic("BZh"), (head) => /^BZh[1-9]1AY&SY/.test(head.toString("latin1", 0, 10))) },
  { name: "xz data", nature: "archive", extensions: ["xz", "txz"], is: magic("\xfd7zXZ\0") },
  { name: "zstd data", nature: "archive", extensions: ["zst", "tzst", "zstd"], is: magic("\x28\xb5\x2f\xfd") },
  { name: "a cabinet", nature: "archive", extensions: ["cab", "msu", "msp", "exe", "onepkg"], is: all(magic("MSCF"), magic("\0\0\0\0", 4)) },
  { name: "a tar archive", nature: "archive", extensions: ["tar", "ova", "gem", "cbt", "unitypackage", "crate"], is: magic("ustar", 257) },
  { name: "a PDF document", nature: "document", extensions: ["pdf", "ai", "fdf", "xfdf"], is: magic("%PDF-") },
  { name: "an OLE document", nature: "document", extensions: ["doc", "dot", "xls", "xlt", "xla", "ppt", "pps", "pot", "msi", "msp", "mst", "msg", "vsd", "pub", "mpp", "db", "suo", "ole", "wps", "hwp", "fla", "one", "docx", "xlsx", "pptx"], is: magic("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") },
  { name: "an RTF document", nature: "document", extensions: ["rtf", "doc"], is: magic("{\\rtf") },
  { name: "a PNG picture", nature: "picture", extensions: ["png", "apng", "fw", "ico"], is: magic("\x89PNG\r\n\x1a\n") },
  { name: "a JPEG picture", nature: "picture", extensions: ["jpg", "jpeg", "jpe", "jfif", "thm", "mpo"], is: magic("\xff\xd8\xff") },
  { name: "a GIF picture", nature: "picture", extensions: ["gif"], is: any(magic("GIF87a"), magic("GIF89a")) },
  { name: "a TIFF picture", nature: "picture", extensions: ["tif", "tiff", "dng", "nef", "cr2", "arw", "pef", "orf", "nrw", "rw2", "sr2", "srw", "3fr", "erf", "kdc", "svs", "ndpi", "btf", "lsm"], is: any(magic("II*\0"), magic("MM\0*")) },
  { name: "a WebP picture", nature: "picture", extensions: ["webp"], is: all(magic("RIFF"), magic("WEBP", 8)) },
  { name: "a sound", nature: "media", extensions: ["wav"], is: all(magic("RIFF"), magic("WAVE", 8)) },
  { name: "a FLAC sound", nature: "media", extensions: ["flac"], is: magic("fLaC") },
  { name: "a video", nature: "media", extensions: ["mp4", "m4a", "m4v", "m4b", "m4p", "mov", "qt", "3gp", "3g2", "heic", "heif", "avif", "cr3", "f4v", "ismv", "mj2"], is: all(magic("\0\0"), magic("ftyp", 4)) },
  { name: "a web page", nature: "page", extensions: ["html", "htm", "xhtml", "xht", "shtml", "mht", "mhtml", "hta", "php", "asp", "aspx", "jsp", "vue", "tpl", "svelte", "ejs", "hbs", "erb", "mustache", "md", "chm", "txt", "template", "in", "svg", "xml", "xsl", "cgi", "cfm", "tmpl", "jinja", "j2", "twig"], is: isPage },
];

/** Of every first byte the kinds that may begin so: most files begin like none. */
const BY_FIRST: readonly (readonly number[])[] = Array.from({ length: 256 }, (_, byte) =>
  KINDS.flatMap(({ is: { first } }, number) => (first === undefined || first.includes(String.fromCharCode(byte)) ? [number] : [])));

/** What a file is that begins like this, as its number in the list, which crosses threads; -1: nothing that is known for certain. */
export function sniff(head: Uint8Array): number {
  if (head.length === 0) return -1;
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  return BY_FIRST[bytes[0]!]!.find((number) => KINDS[number]!.is(bytes)) ?? -1;
}

export function kindAt(number: number): Kind | undefined {
  return KINDS[number];
}

/** Whether any content that is known for certain has this extension, so that another one is a contradiction. */
export const EXPECTING: ReadonlySet<string> = new Set([
  "zip", "7z", "rar", "gz", "tgz", "bz2", "xz", "zst", "cab", "pdf", "png", "jpg", "jpeg", "gif", "tif", "tiff", "webp", "wav", "flac", "mp4", "mov", "exe", "dll", "so", "dylib", "docx", "xlsx", "pptx", "doc", "xls", "ppt", "odt", "epub", "jar", "apk", "txt", "csv", "json", "mp3", "bmp", "rtf",
]);

/** The beginning of content that comes in pieces; one serves for entry after entry. */
export class Beginning {
  readonly #bytes: Buffer;
  #length = 0;

  constructor(most: number) {
    this.#bytes = Buffer.allocUnsafe(most);
  }

  add(chunk: Uint8Array): void {
    if (this.#length === this.#bytes.length) return;
    const piece = chunk.subarray(0, this.#bytes.length - this.#length);
    this.#bytes.set(piece, this.#length);
    this.#length += piece.length;
  }

  /** Valid until the next call of anything; the next content begins. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    return taken;
  }
}
