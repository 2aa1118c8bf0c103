/** zip (APPNOTE.TXT 6.3.10): what it looks like and where its code is. Kept light: every run loads this file. */
import type { IndexedContainer } from "../contract.ts";

export const zip: IndexedContainer = {
  kind: "container",
  needs: "seek",
  name: "zip",
  extensions: [".zip", ".zipx", ".jar", ".war", ".ear", ".apk", ".aar", ".whl", ".nupkg", ".vsix", ".xpi", ".crx", ".ipa", ".epub", ".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp", ".cbz", ".kmz"],
  about: "zip, zip64, self-extracting: all usual methods, AES, ZipCrypto",
  encryption: "read+write",
  bid({ head, tail }) {
    // 32 bits each: a local header (4.3.7) or an empty archive's end record (4.3.16) at the start.
    if (hasSignature(head, 0, 0x03, 0x04) || hasSignature(head, 0, 0x05, 0x06)) return 32;
    // A spanning marker (8.5.4) in front of the first local header.
    if ((hasSignature(head, 0, 0x07, 0x08) || hasSignature(head, 0, 0x30, 0x30)) && hasSignature(head, 4, 0x03, 0x04)) return 64;
    // Only an end record: a self-extracting or otherwise prefixed archive. 32 bits somewhere in 64 KiB are worth 16 at a fixed place.
    return tail !== undefined && findLastEndRecord(tail) >= 0 ? 16 : 0;
  },
  async open(source, options) {
    return (await import("./read.ts")).openZip(source, options);
  },
  async decoder() {
    return (await import("./decode.ts")).decodeZipEntry;
  },
};

function hasSignature(bytes: Uint8Array, at: number, third: number, fourth: number): boolean {
  return bytes[at] === 0x50 && bytes[at + 1] === 0x4b && bytes[at + 2] === third && bytes[at + 3] === fourth;
}

/** Where the last "PK\5\6" with room for a whole record starts; -1 for nowhere. */
function findLastEndRecord(tail: Uint8Array): number {
  for (let at = tail.length - 22; at >= 0; at--) if (hasSignature(tail, at, 0x05, 0x06)) return at;
  return -1;
}
