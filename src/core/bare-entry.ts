/** What is told of an entry, without its content and where that lies: for those who keep it longer than that. */
import type { Entry } from "../formats/contract.ts";

type Growing = { -readonly [Key in keyof Entry]: Entry[Key] };

/** Written out: V8 takes two microseconds for the rest of an object, more than for all else that a listing does with an entry. */
export function bareEntry({ path, type, size, packedSize, mtime, mode, owner, linkTarget, method, crc32, encrypted, cipher, comment, escaped, refusal }: Entry): Entry {
  const entry: Growing = { path, type, size, packedSize, mtime, mode, linkTarget, method, crc32, encrypted, comment, refusal };
  if (owner !== undefined) entry.owner = owner;
  if (cipher !== undefined) entry.cipher = cipher;
  if (escaped === true) entry.escaped = true;
  return entry;
}

/** The same with other values: what an entry of an index tells by accessors, `...` leaves out. */
export function changed<Changes extends Partial<Entry>>(entry: Entry, changes: Changes): Entry & Changes {
  return { ...bareEntry(entry), ...changes };
}
