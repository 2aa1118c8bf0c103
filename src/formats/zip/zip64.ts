/**
 * Zip64 extended information (APPNOTE 4.5.3): the values that a header has no room for. There are two readings of the field: only the
 * values whose header fields are all ones, one behind the other, as the text has it; or all of them at fixed places, as some
 * writers do. Where they give different values the entry has two sizes, or two places.
 */
import { UnzipxError } from "../../errors.ts";

const MAX16 = 0xffff;
const MAX32 = 0xffffffff;

/** What stands in a header; all ones for what is in the field. In a local header the offset and the disk are undefined. */
export interface ShortValues {
  readonly size: number;
  readonly packedSize: number;
  readonly offset?: number;
  readonly disk?: number;
}

export interface LongValues {
  readonly size: number;
  readonly packedSize: number;
  readonly offset: number;
  readonly disk: number;
  /** What is odd and changes nothing, in words. */
  readonly oddity: string | undefined;
  /** The two readings, where they are not one. */
  readonly conflict: { readonly expected: string; readonly found: string } | undefined;
}

const NAMES = ["size", "packedSize", "offset", "disk"] as const;

/** Throws BAD_HEADER where a value that is needed is not there, or is larger than any file can be. */
export function longValues(short: ShortValues, fields: readonly Buffer[]): LongValues {
  const field = fields[0];
  if (field === undefined) return { size: short.size, packedSize: short.packedSize, offset: short.offset ?? 0, disk: short.disk ?? 0, oddity: undefined, conflict: undefined };
  const stands = { size: short.size, packedSize: short.packedSize, offset: short.offset ?? 0, disk: short.disk ?? 0 };
  const isNeeded = { size: short.size === MAX32, packedSize: short.packedSize === MAX32, offset: short.offset === MAX32, disk: short.disk === MAX16 };
  const other = fields.find((one) => !one.equals(field));
  if (other !== undefined) {
    return { ...inOrder(stands, isNeeded, field).values, oddity: undefined, conflict: { expected: `${field.toString("hex")} (first zip64 field)`, found: `${other.toString("hex")} (another one)` } };
  }
  const twice = fields.length > 1 ? "An entry has its zip64 field twice" : undefined;
  const { values, used } = inOrder(stands, isNeeded, field);
  if (used === field.length) return { ...values, oddity: twice, conflict: undefined };
  const fixed = atFixedPlaces(stands, field);
  const compared = short.offset === undefined ? NAMES.slice(0, 2) : NAMES;
  const differs = compared.find((name) => fixed === undefined || fixed[name] !== values[name]);
  if (differs === undefined) return { ...values, oddity: "An entry's zip64 field repeats what its header has room for", conflict: undefined };
  return {
    ...values, oddity: undefined,
    conflict: { expected: `${compared.map((name) => `${label(name)} ${values[name]}`).join(", ")} (header)`, found: `${field.toString("hex")} (zip64 field)` },
  };
}

function label(name: (typeof NAMES)[number]): string {
  return name === "packedSize" ? "compressed size" : name;
}

type Values = Record<(typeof NAMES)[number], number>;

function inOrder(stands: Values, isNeeded: Record<keyof Values, boolean>, field: Buffer): { values: Values; used: number } {
  const values = { ...stands };
  let at = 0;
  for (const name of NAMES) {
    if (!isNeeded[name]) continue;
    const length = name === "disk" ? 4 : 8;
    // All ones in the disk's 16 bits may be a disk; nobody counts that far.
    if (at + length > field.length) {
      if (name === "disk") break;
      throw new UnzipxError("BAD_HEADER", `Cannot read the zip archive: the zip64 field of an entry does not tell its ${label(name)}`, { expected: `${at + length} bytes`, found: `${field.length} bytes` });
    }
    values[name] = name === "disk" ? field.readUInt32LE(at) : long(field, at);
    at += length;
  }
  return { values, used: at };
}

/** Undefined where the field is cut within a value. */
function atFixedPlaces(stands: Values, field: Buffer): Values | undefined {
  if (![8, 16, 24, 28].includes(field.length)) return undefined;
  const values = { ...stands };
  values.size = long(field, 0);
  if (field.length >= 16) values.packedSize = long(field, 8);
  if (field.length >= 24) values.offset = long(field, 16);
  if (field.length >= 28) values.disk = field.readUInt32LE(24);
  return values;
}

function long(field: Buffer, at: number): number {
  const value = field.readUInt32LE(at) + 2 ** 32 * field.readUInt32LE(at + 4);
  if (value > Number.MAX_SAFE_INTEGER) throw new UnzipxError("BAD_HEADER", "Cannot read the zip archive: a zip64 value is larger than any file can be", { found: String(field.readBigUInt64LE(at)) });
  return value;
}
