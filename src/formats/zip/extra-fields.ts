/** The extra fields of an entry (APPNOTE 4.5 and 4.6): where they lie, and whether those that are known have the form they should. */

export const ZIP64_ID = 0x0001;
export const NTFS_ID = 0x000a;
export const TIMESTAMP_ID = 0x5455;
export const UNIX_IDS_ID = 0x7875;
/** Info-ZIP's Unicode comment and path: 1 version; 4 CRC-32 of what the header has in its place; the text in UTF-8 (4.6.8, 4.6.9). */
export const UNICODE_COMMENT_ID = 0x6375;
export const UNICODE_PATH_ID = 0x7075;

/** Which of the two headers of an entry: some fields are longer in the local one. */
export type Side = "local" | "central";

/** Zeros behind the last field of a local header are what aligns the data of many an apk. */
export function isPadding(extra: Buffer, left: number): boolean {
  for (let at = extra.length - left; at < extra.length; at++) if (extra[at] !== 0) return false;
  return left < 4;
}

type Form = (bytes: Buffer, start: number, length: number, side: Side) => boolean;

const exactly = (...lengths: readonly number[]): Form => (_, __, length) => lengths.includes(length);

const FORMS: ReadonlyMap<number, readonly [name: string, form: Form]> = new Map([
  [NTFS_ID, ["NTFS time", exactly(32)]], // 4 reserved; 2 tag 1; 2 length 24; three times
  [TIMESTAMP_ID, ["timestamp", isTimestamp]],
  [UNICODE_COMMENT_ID, ["Unicode comment", isUnicodeText]],
  [UNICODE_PATH_ID, ["Unicode path", isUnicodeText]],
  [0x10c5, ["minizip signature", (_, __, length) => length > 0]],
  [0x1a51, ["minizip hash", isMinizipHash]],
  [0x554e, ["Xceed name", isXceedName]],
  [0x5855, ["old Unix", exactly(8, 12)]], // two times, and owner and group in the local header only
  [0x7855, ["second Unix", exactly(0, 4)]], // owner and group, in the local header only
  [UNIX_IDS_ID, ["third Unix", isUnixIds]],
  [0x9903, ["reference", exactly(20)]],
  [0xa220, ["growth hint", isGrowthHint]],
]);

/** The name of a known field whose content has not the form it should; undefined: nothing is wrong with it. */
export function misshapen(id: number, bytes: Buffer, start: number, end: number, side: Side): string | undefined {
  const known = FORMS.get(id);
  return known === undefined || known[1](bytes, start, end - start, side) ? undefined : known[0];
}

/** Whether there is nothing from `start` to `end` but timestamps and owners, as zip writes them, and each has the form it should. */
export function arePlain(bytes: Buffer, start: number, end: number): boolean {
  let at = start;
  while (at + 4 <= end) {
    const id = bytes.readUInt16LE(at);
    const length = bytes.readUInt16LE(at + 2);
    const content = at + 4;
    if (content + length > end || !(id === TIMESTAMP_ID ? isTimestamp(bytes, content, length) : id === UNIX_IDS_ID && isUnixIds(bytes, content, length))) return false;
    at = content + length;
  }
  return at === end;
}

/** A byte of flags, of which bits 0 to 2 stand for a time each; the central directory has at most the first, or a copy. */
function isTimestamp(bytes: Buffer, start: number, length: number): boolean {
  if (length > 13 || (length & 3) !== 1) return false; // 1, and 4 for each time
  const flags = bytes[start]!;
  return flags <= 7 && ((flags & 1) === 0 || length >= 5);
}

/** 2 signature A028; 2 the room that was kept; the room, zeros. Office writes it into local headers. */
function isGrowthHint(bytes: Buffer, start: number, length: number): boolean {
  if (length < 4 || bytes.readUInt16LE(start) !== 0xa028) return false;
  for (let at = start + 4; at < start + length; at++) if (bytes[at] !== 0) return false;
  return true;
}

/** Version 1, and there is a CRC. */
function isUnicodeText(bytes: Buffer, start: number, length: number): boolean {
  return length >= 5 && bytes[start] === 1;
}

/** 1 version, 1; 1 length of the owner's number, the number; the same of the group. */
function isUnixIds(bytes: Buffer, start: number, length: number): boolean {
  if (length < 3 || bytes[start] !== 1) return false;
  const owner = bytes[start + 1]!;
  return length >= owner + 3 && length === 3 + owner + bytes[start + 2 + owner]!;
}

/** 2 algorithm; 2 length of the digest; the digest. */
function isMinizipHash(bytes: Buffer, start: number, length: number): boolean {
  return length > 4 && length === 4 + bytes.readUInt16LE(start + 2);
}

/** 4 "NUCX"; 2 characters of the name; in the central directory 2 of the comment; both in UTF-16. */
function isXceedName(bytes: Buffer, start: number, length: number, side: Side): boolean {
  const fixed = side === "local" ? 6 : 8;
  if (length < fixed || bytes.readUInt32LE(start) !== 0x5843554e) return false;
  return length === fixed + 2 * bytes.readUInt16LE(start + 4) + (side === "local" ? 0 : 2 * bytes.readUInt16LE(start + 6));
}
