/** Whose an entry was: the header's fields, or the records of extended headers, which hold what has no room there. */
import type { Owner } from "../contract.ts";
import type { Extension, Global } from "./extension.ts";
import { readNumber } from "./header.ts";

/** Places of the fields in the header block; names only where a magic says that there are some. */
const UID = 108;
const GID = 116;
const MAGIC = 257;
const UNAME = 265;
const GNAME = 297;
const NAME_BYTES = 32;

export function ownerOf(block: Uint8Array, extension: Extension, global: Global): Owner {
  const record = (key: string): string | undefined => {
    const value = extension.pax.get(key) ?? global.pax.get(key);
    return value === undefined ? undefined : Buffer.from(value).toString("utf8");
  };
  const number = (key: string, at: number): number | undefined => {
    const given = record(key);
    return given === undefined ? readNumber(block, at, 8) : /^[0-9]{1,15}$/.test(given) ? Number(given) : undefined;
  };
  const name = (key: string, at: number): string | undefined => {
    const field = block[MAGIC] === 0 ? "" : Buffer.from(block.subarray(at, at + NAME_BYTES)).toString("utf8").split("\0", 1)[0]!;
    return record(key) ?? (field === "" ? undefined : field);
  };
  return { uid: number("uid", UID), gid: number("gid", GID), user: name("uname", UNAME), group: name("gname", GNAME) };
}
