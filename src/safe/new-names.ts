/**
 * Names of which each is certainly new: what a Plan would find out with a place for each, in a part of the time and of the memory. Of a
 * name that is in doubt it says no more than that: a Plan has to tell what becomes of it.
 */
import { isOrdinary } from "./path.ts";
import { SeenNames } from "./seen-names.ts";

/** Each folder above a name has its whole path as a key: of longer ones, made for it, those would take more than a place each. */
const MOST_LETTERS = 512;

export class NewNames {
  readonly #maxDepth: number;
  /** Files and folders, by the key of their collisions: ordinary names are in ASCII, so only case does not count. */
  readonly #seen: SeenNames;
  /** As they are written, with all above them. */
  readonly #folders = new Set<string>([""]);
  /** The folder of the last file, with its slash. */
  #lately = "";

  /** `expected`: as of SeenNames. */
  constructor(maxDepth: number, expected = 0) {
    this.#maxDepth = maxDepth;
    this.#seen = new SeenNames(expected);
  }

  /**
   * Takes the name of a file or folder, and those of the folders above it, unless something about it is in doubt: not ordinary, long, there already (but for a
   * folder of just this name), equal to another one where the case does not count, or with a file for a folder. After the first that is, no more is to be asked.
   */
  take(path: string, isFolder: boolean): boolean {
    const hasSlash = path.endsWith("/");
    const plain = hasSlash ? path.slice(0, -1) : path;
    if ((hasSlash && !isFolder) || plain.length > MOST_LETTERS || !isOrdinary(plain, this.#maxDepth)) return false;
    return isFolder ? this.#enter(plain) : this.#enterAbove(plain) && this.#seen.add(plain);
  }

  /** The folder that a file lies in, which most often is that of the file before it. */
  #enterAbove(file: string): boolean {
    const length = file.lastIndexOf("/") + 1;
    if (this.#lately.length === length && file.startsWith(this.#lately)) return true;
    this.#lately = file.slice(0, length);
    return this.#enter(file.slice(0, Math.max(0, length - 1)));
  }

  /** A folder that may be there already. */
  #enter(folder: string): boolean {
    if (this.#folders.has(folder)) return true;
    if (!this.#enter(folder.slice(0, Math.max(0, folder.lastIndexOf("/"))))) return false;
    if (!this.#seen.add(folder)) return false;
    this.#folders.add(folder);
    return true;
  }
}
