/**
 * An ISO image may describe its files twice: in Joliet's directories, with Unicode names and no more, and by Rock Ridge, with
 * modes, links and the names as they were. 7-Zip takes Joliet wherever it is; so where both are, it is shown the image without.
 */
import { readSegments, sizeOf, sliceSegments } from "../../bytes/segments.ts";
import type { Segment, SolidSource } from "../contract.ts";

const SECTOR = 2048;
const FIRST_DESCRIPTOR = 16; // ECMA-119, 6.2.1: the system area has 16 sectors
const MOST_DESCRIPTORS = 64;
const SUPPLEMENTARY = 2;
const TERMINATOR = 255;
const ESCAPE = 88;

export function preferRockRidge(source: SolidSource): SolidSource {
  const sector = (number: number): Buffer => {
    const bytes = Buffer.alloc(SECTOR);
    readSegments(source.segments, bytes, number * SECTOR);
    return bytes;
  };
  const primary = sector(FIRST_DESCRIPTOR);
  // 156 - the root's directory record (8.4.18), in which 2 - location of the directory (9.1.3)
  if (primary.toString("latin1", 1, 6) !== "CD001" || !hasRockRidge(sector(primary.readUInt32LE(156 + 2)))) return source;
  let segments = source.segments;
  for (let number = FIRST_DESCRIPTOR + 1; number < FIRST_DESCRIPTOR + MOST_DESCRIPTORS; number++) {
    const descriptor = sector(number);
    if (descriptor.toString("latin1", 1, 6) !== "CD001" || descriptor[0] === TERMINATOR) break;
    // 88 - escape sequence: those of Joliet are "%/@", "%/C" and "%/E"; with another one it is a character set that nobody knows
    if (descriptor[0] === SUPPLEMENTARY && /^%\/[@CE]/.test(descriptor.toString("latin1", ESCAPE, ESCAPE + 3))) segments = withByte(segments, number * SECTOR + ESCAPE, 0);
  }
  return { ...source, segments };
}

/** The first record of the root, ".", says whether the system use areas follow SUSP (IEEE P1281, 5.3: "SP"), and has modes if they are Rock Ridge's ("PX"). */
function hasRockRidge(directory: Buffer): boolean {
  const length = directory[0]!;
  const nameLength = directory[32]!;
  const use = directory.subarray(33 + nameLength + (nameLength % 2 === 0 ? 1 : 0), length);
  const sharing = use.subarray(0, 6).equals(Buffer.from([0x53, 0x50, 7, 1, 0xbe, 0xef]));
  return sharing && use.includes("PX", 0, "latin1");
}

/** The same bytes, but for one. */
function withByte(segments: readonly Segment[], position: number, byte: number): Segment[] {
  return [...sliceSegments(segments, 0, position), { bytes: Uint8Array.of(byte) }, ...sliceSegments(segments, position + 1, sizeOf(segments))];
}
