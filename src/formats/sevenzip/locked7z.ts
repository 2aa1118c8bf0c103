/** Whether the index of a 7z is encrypted: without the password 7-Zip makes of it what it can, and that may be the end of it. */
import type { SolidSource } from "../contract.ts";
import { ID } from "./encode-header.ts";
import { storedHeader } from "./start-header.ts";

const AES = Buffer.from([0x06, 0xf1, 0x07, 0x01]);
/** An encoded header only says how the real one is packed: some hundred bytes. */
const ENOUGH = 64 * 1024;

export function isIndexLocked({ segments }: SolidSource): boolean {
  const header = storedHeader(segments, ENOUGH)?.bytes;
  return header !== undefined && header[0] === ID.ENCODED_HEADER && Buffer.from(header.buffer, header.byteOffset, header.length).includes(AES);
}
