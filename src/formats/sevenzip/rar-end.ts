/**
 * Whether a rar 5 archive has its end: 7-Zip takes one that is cut between two entries for a shorter one.
 * Blocks are those of RARLAB's "RAR 5.0 archive format": CRC-32 (4), size of the header from its type on, type, flags,
 * size of the extra area (flag 1), size of the data behind the header (flag 2); numbers have seven bits a byte.
 */
import { readSegments, sizeOf } from "../../bytes/segments.ts";
import { UnzipxError } from "../../errors.ts";
import type { SolidSource } from "../contract.ts";

const RAR5_MARKER = Buffer.from("Rar!\x1a\x07\x01\0", "latin1");
const TYPE = { ENCRYPTION: 4, END: 5 } as const;
const HAS_EXTRA = 0x1;
const HAS_DATA = 0x2;
/** CRC-32, size, type and flags. */
const SMALLEST = 7;
/** Four numbers of at most ten bytes behind the CRC-32. */
const ENOUGH = 4 + 4 * 10;

export function isRar5({ segments }: SolidSource): boolean {
  const start = Buffer.alloc(RAR5_MARKER.length);
  return readSegments(segments, start, 0) === start.length && start.equals(RAR5_MARKER);
}

/** Throws TRUNCATED when a volume ends where a block could begin. What else can be wrong with it, the engine finds out. */
export function assertRar5Ends({ segments, volumes }: SolidSource): void {
  if ([segments, ...volumes.map((one) => one.segments)].some(endsEarly)) throw noEnd();
}

export function noEnd(): UnzipxError {
  return new UnzipxError("TRUNCATED", "Cannot read the archive: it has no end", { expected: "an end block behind the last entry" });
}

function endsEarly(segments: SolidSource["segments"]): boolean {
  const buffer = Buffer.alloc(ENOUGH);
  const total = sizeOf(segments);
  for (let position = RAR5_MARKER.length; ; ) {
    const found = readSegments(segments, buffer, position);
    let at = 4;
    const number = (): number => {
      let value = 0;
      for (let shift = 0; at < found && shift < 63; shift += 7) {
        const byte = buffer[at++]!;
        value += (byte & 0x7f) * 2 ** shift;
        if (byte < 0x80) break;
      }
      return value;
    };
    const size = number();
    const header = at + size;
    if (found < SMALLEST || position + header > total) return true;
    const [type, flags] = [number(), number()];
    if (type === TYPE.END || type === TYPE.ENCRYPTION || size === 0) return false;
    if ((flags & HAS_EXTRA) !== 0) number();
    position += header + ((flags & HAS_DATA) === 0 ? 0 : number());
    if (!Number.isSafeInteger(position)) return false;
  }
}
