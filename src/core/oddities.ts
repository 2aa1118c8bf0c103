/** What was odd about paths, in words. */
import { UnzipxError } from "../errors.ts";
import type { PathOddity } from "../safe/path.ts";

const ODDITIES: Record<PathOddity, string> = {
  backslash: "A name contains a backslash",
  control: "A name contains control characters",
  deceptive: "A name contains characters that hide, or that turn the order of the others around",
  "device-name": "A name is that of a Windows device",
  "trailing-dot": "A name ends with a dot or space, which Windows drops",
  stream: "A name contains a colon, which Windows does not allow",
  "short-name": "A name looks like the short one that Windows gives to a file with a longer name",
  repeated: "The archive holds a file twice: the last one counts",
  alike: "A name differs from another one only in case or form, and on many file systems not at all",
};

/** One note for each kind, however many paths are odd in that way. */
export function notesOf(oddities: ReadonlyMap<PathOddity, { readonly count: number; readonly first: string }>): UnzipxError[] {
  return [...oddities].map(([oddity, { count, first }]) => {
    const more = count > 1 ? ` (and ${count - 1} more)` : "";
    return new UnzipxError("ODDITY", `${ODDITIES[oddity]}${more}`, { entry: first });
  });
}
