/** extract: unpacks an archive into a folder. */
import { fileURLToPath } from "node:url";
import type { Renaming } from "../core/rename.ts";
import type { Summary } from "../core/summary.ts";
import { UnzipxError } from "../errors.ts";
import { assertComplete, begin, type OutcomeOptions, type Run } from "./outcome.ts";
import { reporterOf, type ProgressOptions } from "./progress.ts";
import { checksumOf, levelsOf, oneOf, readingOf, whole, type ReadingOptions } from "./reading.ts";
import { sourceOf, type ArchiveSource } from "./source.ts";

export interface ExtractOptions extends ReadingOptions, ProgressOptions, OutcomeOptions {
  /** What becomes of files that exist: by default "fail", before anything is written. "newer" replaces older ones, "rename" puts the new one beside. */
  readonly overwrite?: "fail" | "always" | "never" | "newer" | "rename" | undefined;
  /** Whether the archive gets a folder of its own name in `directory`: "auto" where its root holds more than one thing. */
  readonly into?: "never" | "auto" | "always" | undefined;
  /** All or nothing, also into a folder that exists. */
  readonly atomic?: boolean | undefined;
  /** What the archive's bytes have to be: "sha256:HEX", or "@FILE" for a list such as SHA256SUMS. Nothing becomes visible otherwise. */
  readonly checksum?: string | undefined;
  /** Archives inside archives become folders in their place, up to so many levels; true: 8. */
  readonly recursive?: boolean | number | undefined;
  /** So many leading folders of each path go; "auto": the one folder that all of the archive lies in, if there is one. */
  readonly stripComponents?: number | "auto" | undefined;
  /** All folders go. Two files that get one name are a failure, never a silent loss. */
  readonly junkPaths?: boolean | undefined;
  /** What a path becomes, before anything else is done to it; it is checked as any other. Entries are selected by the path in the archive. Texts are expressions as of --transform: "s/RE/NEW/". */
  readonly transform?: ((path: string) => string) | string | readonly string[] | undefined;
  /** Links that stay inside, or none. */
  readonly links?: "safe" | "skip" | undefined;
  /** Permission bits, without those that are never restored (setuid, setgid, sticky, writing by others). Default: true. */
  readonly keepMode?: boolean | undefined;
  /** Default: true. */
  readonly keepMtime?: boolean | undefined;
  /** Files belong to those who the archive says (tar, cpio); for root only. */
  readonly sameOwner?: boolean | undefined;
  /** The archive, with all parts of its set, is deleted once all of it is in its place. For files that are named, and not for some entries. */
  readonly deleteSource?: boolean | undefined;
  /** The only way past the rules for paths. For archives that you made yourself. */
  readonly unsafePaths?: boolean | undefined;
}

/**
 * Unpacks `source` into `directory`, which is made if it is missing. Resolves when every entry that was asked for is in its place and was verified;
 * rejects with an IncompleteError when some are not, and with an UnzipxError when the archive as a whole is none, damaged, or beyond a limit.
 */
export async function extract(source: ArchiveSource, directory: string | URL, options: ExtractOptions = {}): Promise<Summary> {
  const held = sourceOf(source, options.name);
  return begin("extract the archive", options.signal, async (run) => {
    const [{ extract: unpack }, { ownName }, { wholeName }, { DEFAULT_POLICY }] = await Promise.all([
      import("../core/extract.ts"), import("../core/own-name.ts"), import("../core/volumes.ts"), import("../safe/policy.ts"),
    ]);
    const { limits, lenient, ...reading } = await readingOf(options, run);
    const [checksum, levels] = [await checksumOf(options.checksum), await levelsOf(options.recursive)];
    const into = oneOf("into", options.into, ["never", "auto", "always"]);
    const policy = {
      ...DEFAULT_POLICY, limits, lenient,
      overwrite: oneOf("overwrite", options.overwrite, ["fail", "always", "never", "newer", "rename"]), links: oneOf("links", options.links, ["safe", "skip"]),
      keepMode: options.keepMode ?? true, keepMtime: options.keepMtime ?? true, sameOwner: options.sameOwner ?? false, unsafePaths: options.unsafePaths ?? false, atomic: options.atomic ?? false,
    };
    const archive = await held.open(run.signal);
    const summary = await unpack(archive, {
      ...reading, policy, checksum, levels, renaming: await renamingOf(options, run), deleteSource: options.deleteSource, directory: folderOf(directory),
      into: into === "never" ? "directory" : into === "always" ? "own-folder" : "auto",
      ownName: typeof archive === "string" ? ownName(wholeName(archive)) : ownName(archive.title),
      signal: run.signal, reporter: reporterOf(options, run),
    });
    await assertComplete(summary, options);
    return summary;
  }, held.release);
}

async function renamingOf({ stripComponents: strip, junkPaths: junk = false, transform }: ExtractOptions, { guard }: Run): Promise<Renaming | undefined> {
  if (strip === undefined && !junk && transform === undefined) return undefined;
  if (strip !== undefined && junk) throw new UnzipxError("USAGE", "Cannot do both: junkPaths leaves out all folders, stripComponents only some");
  return {
    junk, strip: strip === undefined || strip === "auto" ? strip : whole("stripComponents", strip, 0, 4096),
    transform: transform === undefined || typeof transform === "function" ? transform && guard(transform) : (await import("../core/transform.ts")).transformOf([transform].flat()),
  };
}

function folderOf(directory: unknown): string {
  if (directory instanceof URL) return fileURLToPath(directory);
  if (typeof directory === "string" && directory !== "") return directory;
  throw new UnzipxError("USAGE", "Cannot extract: no folder is named to extract into", { found: typeof directory, hint: 'extract(source, "folder", options)' });
}
