/** The private folder that an extraction is written into before anything of it is visible. */
import { closeSync, constants, fstatSync, mkdirSync, openSync, readdirSync, rmdirSync, rmSync, type Stats } from "node:fs";
import { randomBytes } from "node:crypto";
import { basename } from "node:path";
import { fromSystem, UnzipxError } from "../errors.ts";
import { DESCRIPTORS, statOrUndefined, type HeldFolder } from "./held-folder.ts";
import { removeTree } from "./publish.ts";
import type { Place } from "./tree.ts";

/** Which no entry may be called (see checkPath): who cleans up after a killed run goes by this name. */
function stagingName(): string {
  return `.unzipx-${randomBytes(8).toString("hex")}.partial`;
}

export class Staging {
  readonly #host: () => HeldFolder;
  #path: string | undefined;
  #name = "";
  #fd: number | undefined;
  #keepsModes = true;

  /** `host` is the folder to lie in; asked when the first entry comes, and held until discard(). */
  constructor(host: () => HeldFolder) {
    this.#host = host;
  }

  /** The folder itself; undefined while nothing was written. */
  get path(): string | undefined {
    return this.#path;
  }

  /** Whether the file system knows owners and permissions. */
  get keepsModes(): boolean {
    return this.#keepsModes;
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

  pathOf(place: Place): string {
    this.#path ??= this.#make();
    return place.parent === undefined ? this.#path : `${this.pathOf(place.parent)}/${place.stagedAs}`;
  }

  /** Nothing stays that was not published. */
  discard(): void {
    if (this.#path !== undefined) this.#remove(this.#path);
    this.#path = undefined;
  }

  #remove(path: string): void {
    if (this.#fd === undefined) return removeTree(path);
    // Under its name no more: it was renamed into its place, and what the descriptor leads to is the user's now.
    if (this.#isOurs()) {
      for (const child of readdirSync(path)) removeTree(`${path}/${child}`);
      try {
        rmdirSync(this.#name);
      } catch (error) {
        // Taken away at this very moment; it is empty.
        if (!["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
      }
    }
    closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** Whether the name still leads to the folder that was made. */
  #isOurs(): boolean {
    if (this.#fd === undefined) return true;
    const [named, held] = [statOrUndefined(this.#name), fstatSync(this.#fd)];
    return named !== undefined && named.dev === held.dev && named.ino === held.ino;
  }

  #make(): string {
    const host = this.#host();
    this.#name = `${host.path}/${stagingName()}`;
    try {
      mkdirSync(this.#name, 0o700);
      if (DESCRIPTORS === undefined) return this.#name;
      // Held open: who may write in the host folder could put a link in its place, and all would be written through that.
      this.#fd = openSync(this.#name, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
      this.#keepsModes = isPrivate(fstatSync(this.#fd)) || keepsModes(host);
    } catch (error) {
      throw fromSystem(error, "write", `write into "${host.shown}"`);
    }
    if (this.#keepsModes && !isPrivate(fstatSync(this.#fd))) {
      throw new UnzipxError("WRITE_FAILED", `Cannot write into "${host.shown}": the folder just made there is another one now`);
    }
    return `${DESCRIPTORS}/${this.#fd}`;
  }
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
