/** Where a zip's end of central directory record (APPNOTE 4.3.16) may begin: the zip reader, detection and the audit look for it. */

/** Without the comment, in bytes. */
export const END_RECORD = 22;
const SIGNATURE = Buffer.from("PK\x05\x06", "latin1");

/** The offsets of its signature in the last bytes of a file, the last one first, where there is room for the record. By Node's own search: a look at each byte in turn takes a tenth of a short run. */
export function* endRecordsIn(tail: Buffer): Generator<number, void> {
  for (let at = tail.length - END_RECORD; (at = at < 0 ? -1 : tail.lastIndexOf(SIGNATURE, at)) >= 0; at--) yield at;
}
