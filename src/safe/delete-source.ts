/** --delete-source: an archive that was unpacked whole goes, with all parts of its set, or none of them. */
import { unlinkSync } from "node:fs";
import { fromSystem, UnzipxError } from "../errors.ts";
import { statOrUndefined } from "./held-folder.ts";

/** `identities` are those of the files when they were opened. Returns why something stays. */
export function deleteSources(files: readonly string[], identities: readonly { readonly dev: number; readonly ino: number }[]): UnzipxError[] {
  const kept = (file: string, why: string): UnzipxError[] => [new UnzipxError("LEFT_BEHIND", `Kept "${file}": ${why}`, { left: file })];
  if (files.length === 0) return [new UnzipxError("LEFT_BEHIND", "Kept the archive: it is a pipe")];
  for (const [number, file] of files.entries()) {
    const found = statOrUndefined(file);
    // What the link leads to is somebody else's business, and without it the link is of no use.
    if (found?.isSymbolicLink() === true) return kept(file, "it is a link to the archive");
    if (found === undefined || found.dev !== identities[number]?.dev || found.ino !== identities[number].ino) return kept(file, "it is no longer the file that was unpacked");
  }
  const failed: UnzipxError[] = [];
  for (const file of files) {
    try {
      unlinkSync(file);
    } catch (error) {
      const { message } = fromSystem(error, "write", `delete "${file}"`);
      failed.push(new UnzipxError("LEFT_BEHIND", message, { left: file, cause: error }));
    }
  }
  return failed;
}
