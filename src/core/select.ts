/** Which entries are meant: member globs, lists of names, and exclusions. */
import { UnzipxError } from "../errors.ts";

export interface Selection {
  wants(path: string): boolean;
  /** Whether an archive that is not wanted itself may hold what is. */
  looksInto(path: string): boolean;
  /** Throws NO_MATCH when a pattern was for nothing. Called when all entries were seen. */
  assertAllMatched(): void;
}

export const EVERYTHING: Selection = { wants: () => true, looksInto: () => false, assertAllMatched() {} };

export interface SelectionOptions {
  /** Globs. */
  readonly include: readonly string[];
  /** Globs; one that matches nothing is no error. */
  readonly exclude: readonly string[];
  readonly ignoreCase: boolean;
  /** Beside `include`: names that mean just themselves, and of a folder all below it. An empty list selects nothing; undefined: there is none. */
  readonly names?: readonly string[] | undefined;
}

/**
 * A pattern without a slash means the name in any folder, one with a slash the whole path; "*" stops at a slash, "**" does not.
 * A folder stands for all below it. A name with brackets in it is first of all that name.
 */
export async function createSelection(options: SelectionOptions): Promise<Selection> {
  if (options.include.length === 0 && options.exclude.length === 0 && options.names === undefined) return EVERYTHING;
  const picomatch = options.include.length + options.exclude.length === 0 ? undefined : (await import("picomatch")).default;
  const fold = (text: string): string => (options.ignoreCase ? text.toLowerCase() : text);
  const compile = (pattern: string): ((path: string) => boolean) => {
    const clean = pattern.replace(/^\.\//, "").replace(/\/+$/, "");
    const glob = picomatch!(clean, { dot: true, nocase: options.ignoreCase, nonegate: true, basename: false });
    const exact = fold(clean);
    const anywhere = !clean.includes("/");
    return (path) => {
      const folded = fold(path);
      if (folded === exact || folded.startsWith(`${exact}/`)) return true;
      // Every leading part of the path: a matched folder brings what is in it.
      const components = path.split("/");
      for (let i = 0; i < components.length; i++) {
        if (glob(anywhere ? components[i]! : components.slice(0, i + 1).join("/"))) return true;
      }
      return false;
    };
  };
  const include = options.include.map((pattern) => ({ pattern, matches: compile(pattern), used: false }));
  const exclude = options.exclude.map(compile);
  const names = options.names === undefined ? undefined : new Names(options.names.map((name) => [fold(plain(name)), name]));
  const excludes = (path: string): boolean => exclude.some((matches) => matches(path));
  return {
    wants(raw) {
      const path = plain(raw);
      let wanted = names === undefined ? include.length === 0 : names.has(fold(path));
      for (const one of include) {
        if (!one.matches(path)) continue;
        one.used = true;
        wanted = true;
      }
      return wanted && !excludes(path);
    },
    looksInto: (raw) => (include.length > 0 || names !== undefined) && !excludes(plain(raw)),
    assertAllMatched() {
      const unused = include.find((one) => !one.used);
      if (unused !== undefined) throw new UnzipxError("NO_MATCH", `Cannot select "${unused.pattern}": no entry matches`, { hint: "unzipx l ARCHIVE" });
      names?.assertAllFound();
    },
  };
}

/** As `l` shows it, without what means nothing. */
function plain(raw: string): string {
  return raw.replaceAll("\\", "/").replace(/^(\.\/)+/, "").replace(/\/+$/, "").replace(/^\.$/, "");
}

/** A list may be as long as the archive: one look for each folder on the way, however many names there are. */
class Names {
  readonly #all: ReadonlyMap<string, string>;
  readonly #missing: Set<string>;

  /** Each in the form in which it is looked for, and as it was given. */
  constructor(names: readonly (readonly [string, string])[]) {
    this.#all = new Map(names);
    this.#missing = new Set(this.#all.keys());
  }

  has(path: string): boolean {
    let found = this.#take(""); // the root: all of the archive
    for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) found = this.#take(path.slice(0, end)) || found;
    return this.#take(path) || found;
  }

  assertAllFound(): void {
    const [first, ...others] = this.#missing;
    if (first === undefined) return;
    const more = others.length === 0 ? "" : `, nor ${others.length === 1 ? "another name" : `${others.length} other names`} of the list`;
    throw new UnzipxError("NO_MATCH", `Cannot select "${this.#all.get(first)!}": no entry has this name${more}`, { hint: "unzipx l ARCHIVE" });
  }

  #take(name: string): boolean {
    return this.#all.has(name) && (this.#missing.delete(name), true);
  }
}
