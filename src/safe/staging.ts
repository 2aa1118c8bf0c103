/** The private folder that an extraction is written into before anything of it is visible. */
import { closeSync, constants, fstatSync, mkdirSync, openSync, readdirSync, realpathSync, rmdirSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { fromSystem, UnzipxError } from "../errors.ts";
import { DESCRIPTORS, removeTree, statOrUndefined } from "./publish.ts";
import type { Place } from "./tree.ts";

export class Staging {
  readonly #host: () => string;
  readonly #made: string[] = [];
  #path: string | undefined;
  #name = "";
  #fd: number | undefined;

  /** `host` names the folder to lie in, which is made if it is missing; asked when the first entry comes. */
  constructor(host: () => string) {
    this.#host = host;
  }

  /** The folder itself; undefined while nothing was written. */
  get path(): string | undefined {
    return this.#path;
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

  /** Makes a folder of the user's and those above it, remembering which: discard() takes them away again. */
  ensureFolder(path: string): void {
    if (statOrUndefined(path) !== undefined) return;
    const parent = dirname(path);
    if (parent !== path) this.ensureFolder(parent);
    try {
      mkdirSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return; // another run was faster
      throw fromSystem(error, "write", `make the folder "${path}"`);
    }
    this.#made.push(path);
  }

  /** What was published stays; what is left here goes. */
  done(): void {
    this.#made.length = 0;
    this.discard();
  }

  /** Nothing stays. */
  discard(): void {
    if (this.#path !== undefined) this.#remove(this.#path);
    this.#path = undefined;
    for (const folder of this.#made.splice(0).reverse()) {
      try {
        rmdirSync(folder);
      } catch {
        return; // somebody else put something in it meanwhile
      }
    }
  }

  #remove(path: string): void {
    if (this.#fd === undefined) return removeTree(path);
    // Under its name no more: it was renamed into its place, and what the descriptor leads to is the user's now.
    if (this.#isOurs()) {
      for (const child of readdirSync(path)) removeTree(`${path}/${child}`);
      rmdirSync(this.#name);
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
    this.ensureFolder(host);
    this.#name = join(realpathSync(host), `.unzipx-${randomBytes(8).toString("hex")}.partial`);
    try {
      mkdirSync(this.#name, 0o700);
      if (DESCRIPTORS === undefined) return this.#name;
      // Held open: who may write in the host folder could put a link in its place, and all would be written through that.
      this.#fd = openSync(this.#name, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    } catch (error) {
      throw fromSystem(error, "write", `write into "${host}"`);
    }
    const held = fstatSync(this.#fd);
    if (held.uid !== process.geteuid?.() || (held.mode & 0o077) !== 0) {
      throw new UnzipxError("WRITE_FAILED", `Cannot write into "${host}": the folder just made there is another one now`);
    }
    return `${DESCRIPTORS}/${this.#fd}`;
  }
}
