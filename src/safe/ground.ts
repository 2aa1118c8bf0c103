/**
 * The ground that an extraction stands on: the deepest folder of its destination that is there, opened once. From then on
 * everything goes by way of what was opened, so that whoever may rename a folder on the way to it leads nobody astray.
 */
import { accessSync, constants, mkdirSync, rmdirSync, statSync, type Stats } from "node:fs";
import { basename, dirname, join, normalize, resolve } from "node:path";
import { fromSystem, leftBehind, UnzipxError } from "../errors.ts";
import { holdFolder, holdNamed, statOrUndefined, type HeldFolder } from "./held-folder.ts";
import { restoreTimes, timesOf, type Times } from "./times.ts";

export class Ground {
  /** The destination as a path for people: absolute, and without a link where it is there. */
  readonly path: string;
  readonly #anchor: string;
  /** By their paths. */
  readonly #held = new Map<string, HeldFolder>();
  #times: Times | undefined;
  /** Folders that were made on the way, the deepest last. */
  readonly #made: { readonly parent: HeldFolder; readonly name: string }[] = [];

  private constructor(path: string, anchor: string, held: HeldFolder) {
    this.path = path;
    this.#anchor = anchor;
    this.#held.set(anchor, held);
  }

  /** The user named this folder, so links on the way to it are theirs to have; below it none is followed. */
  static of(directory: string): Ground {
    const missing: string[] = [];
    for (let named = normalize(directory); ; named = dirname(named)) {
      try {
        const anchor = holdNamed(named);
        return new Ground(join(anchor.shown, ...missing), anchor.shown, anchor);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        const isThere = existsOrLinks(named);
        if (code === "ENOTDIR" && isThere) throw notAFolder(resolve(named), missing.length === 0);
        // A link that leads nowhere is something.
        if ((code !== "ENOENT" && code !== "ENOTDIR") || isThere || dirname(named) === named) throw error;
      }
      missing.unshift(basename(named));
    }
  }

  /** A new folder in one of ours, whose `path` nobody leads astray. */
  static within(path: string, name: string): Ground {
    return new Ground(join(path, name), path, holdFolder(`${path}/.`)); // the path of a descriptor is a link itself
  }

  /** The deepest folder that was there: all that is made lies in it. Whatever is undone gives it back its times. */
  keepTimes(): Times {
    return (this.#times ??= timesOf(this.#held.get(this.#anchor)!));
  }

  /** What is at a place on this ground, or in a folder of it that is there; never by way of a link. */
  stat(path: string): Stats | undefined {
    if (path === this.#anchor) return statOrUndefined(`${this.#held.get(path)!.path}/.`);
    const parent = this.hold(dirname(path));
    return parent === undefined ? undefined : statOrUndefined(`${parent.path}/${basename(path)}`);
  }

  /** The folder at a place on this ground; undefined where nothing is. */
  hold(path: string): HeldFolder | undefined {
    const known = this.#held.get(path);
    if (known !== undefined) return known;
    const parent = this.hold(dirname(path));
    if (parent === undefined || statOrUndefined(`${parent.path}/${basename(path)}`) === undefined) return undefined;
    const held = parent.child(basename(path));
    this.#held.set(path, held);
    return held;
  }

  /** The same, made where it is missing, and those above it. */
  make(path: string): HeldFolder {
    const there = this.hold(path);
    if (there !== undefined) return there;
    const parent = this.make(dirname(path));
    const name = basename(path);
    try {
      mkdirSync(`${parent.path}/${name}`);
      this.#made.push({ parent, name });
    } catch (error) {
      // Another run may have been faster.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw fromSystem(error, "write", `make the folder "${path}"`);
    }
    return this.hold(path)!;
  }

  /** The first folder, this one or above it, in which everybody may rename what others put there. */
  notes(): UnzipxError[] {
    if (process.platform === "win32") return [];
    const dev = statSync(this.#anchor, { throwIfNoEntry: false })?.dev; // it may be called otherwise by now
    for (let at = this.#anchor; ; at = dirname(at)) {
      const stats = statSync(at, { throwIfNoEntry: false });
      // On another file system modes may mean nothing.
      if (stats !== undefined && stats.dev === dev && (stats.mode & 0o1002) === 0o002) {
        return [new UnzipxError("ODDITY", `Everybody may rename what is in "${at}": others can put something else in the place of what was unpacked`, { hint: `chmod o-w "${at}"` })];
      }
      if (at === dirname(at)) return [];
    }
  }

  /** Throws where nothing can be made, as far as the system tells beforehand. */
  assertWritable(): void {
    try {
      accessSync(`${this.#held.get(this.#anchor)!.path}/.`, constants.W_OK | constants.X_OK);
    } catch (error) {
      throw fromSystem(error, "write", `write into "${this.#anchor}"`);
    }
  }

  /** Lets go of everything; folders that were made stay. */
  release(): void {
    for (const held of this.#held.values()) held.close();
    this.#held.clear();
    this.#made.length = 0;
  }

  /** The same, and nothing that was made stays; an error that names what could not be removed. */
  undo(): UnzipxError | undefined {
    let left: UnzipxError | undefined;
    for (const { parent, name } of this.#made.splice(0).reverse()) {
      try {
        rmdirSync(`${parent.path}/${name}`);
      } catch (error) {
        // Somebody else may have put something in it meanwhile, or have taken it away.
        if (!["ENOTEMPTY", "EEXIST", "ENOENT"].includes((error as NodeJS.ErrnoException).code ?? "")) left = leftBehind(join(parent.shown, name), error);
        break;
      }
    }
    const anchor = this.#held.get(this.#anchor);
    if (anchor !== undefined && this.#times !== undefined) restoreTimes(anchor, this.#times);
    this.release();
    return left;
  }
}

function existsOrLinks(path: string): boolean {
  try {
    return statOrUndefined(path) !== undefined;
  } catch {
    return false; // a file on the way there
  }
}

function notAFolder(path: string, isDestination: boolean): UnzipxError {
  return isDestination
    ? new UnzipxError("CONFLICT", `Cannot extract into "${path}": it exists and is not a folder`, { hint: "-C DIR" })
    : new UnzipxError("WRITE_FAILED", `Cannot make a folder in "${path}": that is not a folder`, { hint: "-C DIR" });
}
