/** The private folder that an extraction is written into before anything of it is visible. */
import { mkdirSync, realpathSync, rmdirSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { fromSystem } from "../errors.ts";
import { removeTree, statOrUndefined } from "./publish.ts";
import type { Place } from "./tree.ts";

export class Staging {
  readonly #host: () => string;
  readonly #made: string[] = [];
  #path: string | undefined;

  /** `host` names the folder to lie in, which is made if it is missing; asked when the first entry comes. */
  constructor(host: () => string) {
    this.#host = host;
  }

  /** The folder itself; undefined while nothing was written. */
  get path(): string | undefined {
    return this.#path;
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
    if (this.#path !== undefined) removeTree(this.#path);
    this.#path = undefined;
    for (const folder of this.#made.splice(0).reverse()) {
      try {
        rmdirSync(folder);
      } catch {
        return; // somebody else put something in it meanwhile
      }
    }
  }

  #make(): string {
    const host = this.#host();
    this.ensureFolder(host);
    const path = join(realpathSync(host), `.unzipx-${randomBytes(8).toString("hex")}.partial`);
    try {
      mkdirSync(path, 0o700);
    } catch (error) {
      throw fromSystem(error, "write", `write into "${host}"`);
    }
    return path;
  }
}
