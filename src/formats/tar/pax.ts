/** Extended headers (POSIX.1-2001, pax): records of the form "length key=value\n". */
import { UnzipxError } from "../../errors.ts";
import { decodeUtf8 } from "../../text/charset.ts";

/** Values as bytes: not every one is text. A Map, because keys come from the archive ("__proto__" is only a key). */
export type PaxRecords = ReadonlyMap<string, Uint8Array>;

/** A key that one header gives twice; the value before is in `first`, the last one is that of the records. */
export interface Repeat {
  readonly key: string;
  readonly first: Uint8Array;
}

/** `hasPaddedLength`: the length of a record begins with a zero, which no writer puts there and some readers refuse. */
export function parsePax(body: Uint8Array, position: number): { records: PaxRecords; repeats: Repeat[]; sparsePairs: string[]; hasPaddedLength: boolean } {
  const bad = (why: string): UnzipxError =>
    new UnzipxError("BAD_HEADER", `Cannot read the tar archive: the extended header at ${position} ${why}`);
  const records = new Map<string, Uint8Array>();
  const repeats: Repeat[] = [];
  const sparsePairs: string[] = [];
  let hasPaddedLength = false;
  for (let at = 0; at < body.length; ) {
    if (body[at] === 0 && body.subarray(at).every((byte) => byte === 0)) break; // padding that some writers count in
    const space = body.indexOf(0x20, at);
    const digits = space < 0 ? "" : Buffer.from(body.buffer, body.byteOffset + at, space - at).toString("latin1");
    if (!/^[0-9]{1,10}$/.test(digits)) throw bad("has a record without a length");
    hasPaddedLength ||= digits.startsWith("0");
    const end = at + Number(digits);
    if (end > body.length || end <= space + 1) throw bad("has a record that is longer than the header");
    if (body[end - 1] !== 0x0a) throw bad("has a record that does not end with a newline");
    const equals = body.indexOf(0x3d, space + 1);
    if (equals < 0 || equals >= end) throw bad("has a record without a value");
    const key = decodeUtf8(body.subarray(space + 1, equals));
    if (key === undefined || key === "" || key.includes("\0")) throw bad("has a record without a name");
    // The one pair of keys that repeats on purpose: GNU's sparse map, version 0.0.
    if (key === "GNU.sparse.offset" || key === "GNU.sparse.numbytes") sparsePairs.push(Buffer.from(body.subarray(equals + 1, end - 1)).toString("latin1"));
    else if (records.has(key)) repeats.push({ key, first: records.get(key)! });
    records.set(key, new Uint8Array(body.subarray(equals + 1, end - 1)));
    at = end;
  }
  return { records, repeats, sparsePairs, hasPaddedLength };
}
