/** Which entries are meant: member globs and exclusions. */
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
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly ignoreCase: boolean;
}

/**
 * A pattern without a slash means the name in any folder, one with a slash the whole path; "*" stops at a slash, "**" does not.
 * A folder stands for all below it. A name with brackets in it is first of all that name.
 */
export async function createSelection(options: SelectionOptions): Promise<Selection> {
  if (options.include.length === 0 && options.exclude.length === 0) return EVERYTHING;
  const { default: picomatch } = await import("picomatch");
  const compile = (pattern: string): ((path: string) => boolean) => {
    const clean = pattern.replace(/^\.\//, "").replace(/\/+$/, "");
    const glob = picomatch(clean, { dot: true, nocase: options.ignoreCase, nonegate: true, basename: false });
    const fold = (text: string): string => (options.ignoreCase ? text.toLowerCase() : text);
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
  const plain = (raw: string): string => raw.replaceAll("\\", "/").replace(/^(\.\/)+/, "").replace(/\/+$/, "");
  const excludes = (path: string): boolean => exclude.some((matches) => matches(path));
  return {
    wants(raw) {
      const path = plain(raw);
      let wanted = include.length === 0;
      for (const one of include) {
        if (!one.matches(path)) continue;
        one.used = true;
        wanted = true;
      }
      return wanted && !excludes(path);
    },
    looksInto: (raw) => include.length > 0 && !excludes(plain(raw)),
    assertAllMatched() {
      const unused = include.find((one) => !one.used);
      if (unused !== undefined) throw new UnzipxError("NO_MATCH", `No entry matches "${unused.pattern}"`, { hint: "unzipx l ARCHIVE" });
    },
  };
}
