/** What lies in the destination already, and what the user wants done about it. */
import type { Stats } from "node:fs";
import { UnzipxError } from "../errors.ts";
import { statOrUndefined, type HeldFolder } from "./held-folder.ts";
import type { Overwrite } from "./policy.ts";
import { childOf, pathOf, type Place } from "./tree.ts";

/** An existing file and the entry that wants its place: the question that `ask` puts. */
export interface Conflict {
  readonly path: string;
  readonly existing: { readonly size: number; readonly mtime: number };
  readonly entry: { readonly size: number | undefined; readonly mtime: number | undefined };
}
export type Answer = "yes" | "no" | "all" | "none" | "newer" | "rename";
export type Ask = (conflict: Conflict) => Promise<Answer>;

/** What to do about one place; an error is the reason why nothing can be put there. */
export type Verdict = "write" | "skip" | "rename" | UnzipxError;

export class Conflicts {
  readonly #target: string;
  readonly #folder: HeldFolder | undefined;
  readonly #protect: readonly { readonly dev: number; readonly ino: number }[];
  readonly #ask: Ask | undefined;
  #overwrite: Overwrite;

  /** `target` is the root of the destination, `folder` the same where it is there; `protect` are files that are never replaced: the archive itself. */
  constructor(target: string, folder: HeldFolder | undefined, options: { overwrite: Overwrite; ask: Ask | undefined; protect: readonly { readonly dev: number; readonly ino: number }[] }) {
    this.#target = target;
    this.#folder = folder;
    this.#overwrite = options.overwrite;
    this.#ask = options.ask;
    this.#protect = options.protect;
  }

  /** Looks what lies at a place in the destination; a folder can be shared, everything else is a question of policy. */
  look(place: Place): UnzipxError | undefined {
    const found = this.#find(place);
    return found instanceof UnzipxError ? found : undefined;
  }

  /** The same, with the file or link that is there. */
  #find(place: Place): Stats | UnzipxError | undefined {
    place.onDisk = "absent";
    if (this.#folder === undefined || place.parent!.onDisk !== "directory") return undefined;
    const path = pathOf(place);
    const found = statOrUndefined(`${this.#folder.path}/${path}`);
    if (found === undefined) return undefined;
    if (place.type === "directory") {
      if (found.isSymbolicLink()) {
        return new UnzipxError("UNSAFE_LINK", "Refused an entry: a link lies in the destination where its folder would be", { entry: path });
      }
      if (!found.isDirectory()) {
        return new UnzipxError("CONFLICT", "Cannot extract an entry: a file lies in the destination where its folder would be", { entry: path });
      }
      place.onDisk = "directory";
      return undefined;
    }
    if (found.isDirectory()) {
      return new UnzipxError("CONFLICT", "Cannot extract an entry: a folder lies in its place, and a folder is never replaced", { entry: path });
    }
    if (this.#protect.some((own) => own.dev === found.dev && own.ino === found.ino)) {
      return new UnzipxError("CONFLICT", "Cannot extract an entry: it would replace the archive itself", { entry: path, hint: "-C DIR" });
    }
    place.onDisk = "replace";
    return found;
  }

  /** Decides about a file or link whose place may be taken. */
  weigh(place: Place): Verdict | Promise<Verdict> {
    const existing = this.#find(place);
    if (existing instanceof UnzipxError) return existing;
    if (existing === undefined) return "write";
    const path = pathOf(place);
    // Whole seconds: formats and file systems round fractions each in their own way.
    const seconds = (time: number): number => Math.floor(time / 1000);
    const isNewer = (): Verdict => (place.mtime !== undefined && seconds(place.mtime) > seconds(existing.mtimeMs) ? "write" : "skip");
    switch (this.#overwrite) {
      case "always":
        return "write";
      case "never":
        return "skip";
      case "newer":
        return isNewer();
      case "rename":
        return "rename";
      case "fail":
        throw exists(this.#target, path);
      case "ask": {
        if (this.#ask === undefined) throw exists(this.#target, path);
        const conflict: Conflict = {
          path, existing: { size: existing.size, mtime: existing.mtimeMs }, entry: { size: place.size, mtime: place.mtime },
        };
        return this.#ask(conflict).then((answer) => {
          if (answer === "all") this.#overwrite = "always";
          if (answer === "none") this.#overwrite = "never";
          if (answer === "newer") return isNewer();
          if (answer === "rename") return "rename";
          return answer === "yes" || answer === "all" ? "write" : "skip";
        });
      }
    }
  }

  /** The first name that is free for a file that is kept beside another one: "a.txt" → "a (1).txt". */
  freeName(place: Place): string {
    const parent = place.parent!;
    const dot = place.name.lastIndexOf(".");
    const stem = dot > 0 ? place.name.slice(0, dot) : place.name;
    const extension = dot > 0 ? place.name.slice(dot) : "";
    for (let n = 1; ; n++) {
      const name = `${stem} (${n})${extension}`;
      if (childOf(parent, name) !== undefined || statOrUndefined(`${this.#folder!.path}/${pathOf(parent)}/${name}`) !== undefined) continue;
      return name;
    }
  }
}

export function exists(target: string, path: string): UnzipxError {
  return new UnzipxError("CONFLICT", `Cannot extract into "${target}": "${path}" exists already`, {
    entry: path, hint: "-f to replace, -n to keep what is there, -u to take newer ones, or -C DIR",
  });
}
