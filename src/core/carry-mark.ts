/** Whether the archive is marked as coming from the internet, and the same for what was in it. */
import { UnzipxError } from "../errors.ts";
import type { Marks } from "../safe/marks.ts";
import type { SafeWriter } from "../safe/writer.ts";

/** Before anything is visible. `archive` are its files: of a set each may have come in its own way, and one that is marked is enough. Where nothing can be marked it is told, and does not stop anything. */
export async function carryMark(archive: readonly string[], writer: SafeWriter, marks: Marks | undefined): Promise<UnzipxError[]> {
  const known = marks ?? (await marksOf(process.platform));
  if (known === undefined) return [];
  for (const file of archive) {
    const mark = known.read(file);
    if (mark === undefined) continue;
    const failed = known.write([...writer.markable()], mark);
    return failed === 0 ? [] : [new UnzipxError("ODDITY", `Could not mark ${failed === 1 ? "one file" : `${failed} files`} as coming from the internet, as the archive is: the system will not ask before they are opened`)];
  }
  return [];
}

async function marksOf(platform: NodeJS.Platform): Promise<Marks | undefined> {
  if (platform === "win32") return (await import("../safe/marks.ts")).windowsMarks();
  if (platform === "darwin") return (await import("../safe/quarantine.ts")).quarantine();
  return undefined;
}
