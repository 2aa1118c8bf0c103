/** --same-owner: whose a file is, as its archive says. Only root may give files away, and nothing else asks for it. */
import { lchownSync, readFileSync } from "node:fs";
import { UnzipxError } from "../errors.ts";
import type { Owner } from "../formats/contract.ts";
import type { Place } from "./tree.ts";

/** For system calls; -1 leaves what is there. */
export interface Ids {
  readonly uid: number;
  readonly gid: number;
}

export function assertMayGiveAway(): void {
  if (process.geteuid?.() === 0) return;
  throw new UnzipxError("USAGE", "Cannot give files to those who owned them: only root may", { hint: "leave out --same-owner" });
}

/** A name counts for more than a number, as tar has it: on another machine the same number may be somebody else's. */
export function idsOf({ uid, gid, user, group }: Owner): Ids {
  return { uid: known(user, "/etc/passwd") ?? valid(uid), gid: known(group, "/etc/group") ?? valid(gid) };
}

/** Of a file that was made by this process and given away since, whose it is now. */
export function givenTo({ uid, gid }: Ids): Ids | undefined {
  return process.geteuid === undefined || uid === process.geteuid() ? undefined : { uid, gid };
}

/** For what has no descriptor: a link, and a folder in the staging folder. */
export function giveAway(path: string, ids: Ids | undefined): void {
  if (ids !== undefined) lchownSync(path, ids.uid, ids.gid);
}

/** Whose a place is to be; undefined: nobody asked. */
export type OwnerOf = (place: Place) => Ids | undefined;

/** All ones would mean "as it is" to the system. */
const MOST = 0xfffffffe;

function valid(id: number | undefined): number {
  return id !== undefined && Number.isInteger(id) && id >= 0 && id <= MOST ? id : -1;
}

const files = new Map<string, ReadonlyMap<string, number>>();

/** passwd(5), group(5): the name is the first field, the number the third. */
function known(name: string | undefined, file: string): number | undefined {
  if (name === undefined) return undefined;
  let all = files.get(file);
  if (all === undefined) {
    let text = "";
    try {
      text = readFileSync(file, "utf8");
    } catch {
      // a system without one: numbers only
    }
    all = new Map(text.split("\n").map((line) => line.split(":")).filter(([, , id]) => /^[0-9]+$/.test(id ?? "")).map(([first = "", , id]) => [first, Number(id)]));
    files.set(file, all);
  }
  return all.get(name);
}
