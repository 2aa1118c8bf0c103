/** Whether the index of a 7z is encrypted: without the password 7-Zip makes of it what it can, and that may be the end of it. */
import { readSegments } from "../../bytes/segments.ts";
import type { SolidSource } from "../contract.ts";

const ENCODED_HEADER = 0x17;
const AES = Buffer.from([0x06, 0xf1, 0x07, 0x01]);
/** An encoded header only says how the real one is packed: some hundred bytes. */
const ENOUGH = 64 * 1024;

/** 7zFormat.txt: 0 - signature; 6 - version; 8 - CRC; 12 - offset of the next header, from 32 on; 20 - its size. */
export function isIndexLocked({ segments }: SolidSource): boolean {
  const start = Buffer.alloc(32);
  if (readSegments(segments, start, 0) < start.length) return false;
  const position = 32 + Number(start.readBigUInt64LE(12));
  const header = Buffer.alloc(Math.min(Number(start.readBigUInt64LE(20)), ENOUGH));
  if (!Number.isSafeInteger(position) || readSegments(segments, header, position) < header.length) return false;
  return header[0] === ENCODED_HEADER && header.includes(AES);
}
