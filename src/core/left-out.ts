/** What a new archive can do without, told by the name. */

/** Why something is not packed: each is a choice of the user. */
export type LeftOut = "excluded" | "hidden" | "junk" | "gitignore";

export function isHidden(name: string): boolean {
  return name.startsWith(".");
}

/** What macOS and Windows put beside the files of a folder: "._x" holds what other systems cannot store of "x". */
const JUNK = /^(\.DS_Store|\._.*|__MACOSX|thumbs\.db|desktop\.ini)$/is;

export function isJunk(name: string): boolean {
  return JUNK.test(name);
}
