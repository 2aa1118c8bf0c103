/** extract: unpacks an archive into a folder. */
import { fileURLToPath } from "node:url";
import type { Summary } from "../core/summary.ts";
import { UnzipxError } from "../errors.ts";
import { assertComplete, begin, type OutcomeOptions } from "./outcome.ts";
import { reporterOf, type ProgressOptions } from "./progress.ts";
import { checksumOf, levelsOf, oneOf, readingOf, type ReadingOptions } from "./reading.ts";
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
  /** Links that stay inside, or none. */
  readonly links?: "safe" | "skip" | undefined;
  /** Permission bits, without those that are never restored (setuid, setgid, sticky, writing by others). Default: true. */
  readonly keepMode?: boolean | undefined;
  /** Default: true. */
  readonly keepMtime?: boolean | undefined;
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
      keepMode: options.keepMode ?? true, keepMtime: options.keepMtime ?? true, unsafePaths: options.unsafePaths ?? false, atomic: options.atomic ?? false,
    };
    const archive = await held.open(run.signal);
    const summary = await unpack(archive, {
      ...reading, policy, checksum, levels, directory: folderOf(directory),
      into: into === "never" ? "directory" : into === "always" ? "own-folder" : "auto",
      ownName: typeof archive === "string" ? ownName(wholeName(archive)) : ownName(archive.title),
      signal: run.signal, reporter: reporterOf(options, run),
    });
    await assertComplete(summary, options);
    return summary;
  }, held.release);
}

function folderOf(directory: unknown): string {
  if (directory instanceof URL) return fileURLToPath(directory);
  if (typeof directory === "string" && directory !== "") return directory;
  throw new UnzipxError("USAGE", "Cannot extract: no folder is named to extract into", { found: typeof directory, hint: 'extract(source, "folder", options)' });
}
