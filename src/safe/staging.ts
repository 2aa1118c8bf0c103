/** The private folder that an extraction is written into before anything of it is visible. */
import { closeSync, constants, fstatSync, mkdirSync, openSync, readdirSync, rmdirSync, rmSync, type Stats } from "node:fs";
import { randomName } from "../bytes/random.ts";
import { basename, join } from "node:path";
import { fromSystem, leftBehind, UnzipxError, withLeft } from "../errors.ts";
import { DESCRIPTORS, letGo, statOrUndefined, type HeldFolder } from "./held-folder.ts";
import { handsDown, removeTree } from "./publish.ts";
import type { Place } from "./tree.ts";
import { workIn } from "./working-folder.ts";

/** Which no entry may be called (see checkPath): who cleans up after a killed run goes by this name. */
function stagingName(): string {
  return `.unzipx-${randomName(8)}.partial`;
}

/** The folder that the process works in, in words that no message shows: see typed(). */
const HERE = "./.";

export class Staging {
  readonly #host: () => HeldFolder;
  readonly #mayEnter: boolean;
  /** Out of the folder, where the process works in it. */
  #wayBack: (() => void) | undefined;
  #path: string | undefined;
  /** In front of the paths of what lies in it: the same, or HERE. */
  #front = "";
  /** The folder that was asked for last. */
  #lately: Place | undefined;
  #latelyPath = "";
  #name = "";
  /** The same for people. */
  #shown = "";
  #fd: number | undefined;
  #keepsModes = true;
  #handsDown = 0;

  /** `host` is the folder to lie in; asked when the first entry comes, and held until discard(). `mayEnter`: as Destination.mayEnter. */
  constructor(host: () => HeldFolder, mayEnter: boolean) {
    this.#host = host;
    this.#mayEnter = mayEnter;
  }

  /** The folder itself; undefined while nothing was written. */
  get path(): string | undefined {
    return this.#path;
  }

  /** Whether the file system knows owners and permissions. */
  get keepsModes(): boolean {
    return this.#keepsModes;
  }

  /** As handsDown() of the folder, and so of all that are made in it. */
  get handsDown(): number {
    return this.#handsDown;
  }

  /** What it is called in its host. */
  get title(): string {
    return basename(this.#name);
  }

  /** Its name on disk, to rename it by; throws when somebody put something else there. */
  name(): string {
    if (!this.#isOurs()) throw new UnzipxError("WRITE_FAILED", "Stopped: the folder that the archive was unpacked into was taken away meanwhile");
    return this.#name;
  }

  /** After it was moved to `path`: throws when it was something else that was moved, put under its name at the last moment. */
  assertAt(path: string): void {
    if (this.#fd === undefined || this.#isOurs()) return; // not moved but copied, to another file system
    const [there, held] = [statOrUndefined(path), fstatSync(this.#fd)];
    if (there?.dev === held.dev && there.ino === held.ino) return;
    throw new UnzipxError("WRITE_FAILED", "Stopped: the folder that the archive was unpacked into was taken away while it was put in its place");
  }

  /** The shortest way to a place in it; until leave(). */
  pathOf(place: Place): string {
    if (this.#path === undefined) this.#begin();
    if (place.parent === undefined) return this.#front;
    if (place === this.#lately) return this.#latelyPath;
    // In a deep tree most come behind the one above or below them, and all names from the root on would be put together for each.
    const path = this.#lately?.parent === place ? this.#latelyPath.slice(0, this.#latelyPath.lastIndexOf("/")) : `${this.pathOf(place.parent)}/${place.stagedAs}`;
    if (place.type === "directory") [this.#lately, this.#latelyPath] = [place, path];
    return path;
  }

  /** Folders were moved in it: what is known of their paths is no more. */
  forget(): void {
    this.#lately = undefined;
  }

  #begin(): void {
    this.forget(); // of a folder that was discarded
    this.#front = this.#path = this.#make();
    if (this.#mayEnter && this.#fd !== undefined) this.#wayBack = workIn(this.#path);
    if (this.#wayBack !== undefined) this.#front = HERE;
  }

  /** All is written: the process works again where it did before, and paths that were given lead nowhere. Throws WRITE_FAILED where it cannot go back. */
  leave(): void {
    const back = this.#wayBack;
    if (back === undefined) return;
    this.#wayBack = undefined;
    this.#front = this.#path!;
    this.forget();
    try {
      back();
    } catch (error) {
      // Whatever is named by its way from there would be looked for in what was unpacked.
      throw fromSystem(error, "write", "go back to the folder that the run began in");
    }
  }

  /** Nothing stays that was not published; an error that names what could not be removed, or as leave() would throw. */
  discard(): UnzipxError | undefined {
    if (this.#path === undefined) return undefined;
    const lost = this.#lost();
    const left = attempt(this.#shown, () => this.#remove(this.#path!));
    if (this.#fd !== undefined) letGo(this.#fd);
    this.#fd = this.#path = undefined;
    return lost ?? left;
  }

  /** As leave(), but returns what that would throw. */
  #lost(): UnzipxError | undefined {
    try {
      this.leave();
      return undefined;
    } catch (error) {
      return error as UnzipxError;
    }
  }

  #remove(path: string): void {
    if (this.#fd === undefined) return removeTree(path);
    // Under its name no more: it was renamed into its place, and what the descriptor leads to is the user's now.
    if (!this.#isOurs()) return;
    for (const child of readdirSync(path)) removeTree(`${path}/${child}`);
    try {
      rmdirSync(this.#name);
    } catch (error) {
      // Taken away at this very moment; it is empty.
      if (!["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }

  /** Whether the name still leads to the folder that was made. */
  #isOurs(): boolean {
    if (this.#fd === undefined) return true;
    const [named, held] = [statOrUndefined(this.#name), fstatSync(this.#fd)];
    return named !== undefined && named.dev === held.dev && named.ino === held.ino;
  }

  #make(): string {
    const host = this.#host();
    const name = stagingName();
    this.#name = `${host.path}/${name}`;
    this.#shown = join(host.shown, name);
    let isMade = false;
    try {
      mkdirSync(this.#name, 0o700);
      isMade = true;
      if (DESCRIPTORS === undefined) return this.#name;
      // Held open: who may write in the host folder could put a link in its place, and all would be written through that.
      this.#fd = openSync(this.#name, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
      const stats = fstatSync(this.#fd);
      this.#handsDown = handsDown(stats);
      this.#keepsModes = isPrivate(stats) || keepsModes(host);
    } catch (error) {
      if (this.#fd !== undefined) letGo(this.#fd);
      this.#fd = undefined;
      const left = isMade ? attempt(this.#shown, () => rmdirSync(this.#name)) : undefined;
      throw withLeft(fromSystem(error, "write", `write into "${host.shown}"`), left);
    }
    if (this.#keepsModes && !isPrivate(fstatSync(this.#fd))) {
      throw new UnzipxError("WRITE_FAILED", `Cannot write into "${host.shown}": the folder just made there is another one now`);
    }
    return `${DESCRIPTORS}/${this.#fd}`;
  }
}

/** What fails once may work the second time; what fails then too stays at `shown`. */
function attempt(shown: string, remove: () => void): UnzipxError | undefined {
  try {
    remove();
  } catch {
    try {
      remove();
    } catch (error) {
      return leftBehind(shown, error);
    }
  }
  return undefined;
}

function isPrivate(stats: Stats): boolean {
  return stats.uid === process.geteuid?.() && (stats.mode & 0o077) === 0;
}

/** Whether a file made for its owner only is that: on FAT, and where Windows shares its disks, it is not. Nobody can swap a file between its making and its opening. */
function keepsModes(folder: HeldFolder): boolean {
  const path = `${folder.path}/${stagingName()}`;
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  try {
    return isPrivate(fstatSync(fd));
  } finally {
    closeSync(fd);
    rmSync(path, { force: true });
  }
}
