/** deb: a Debian package is an ar archive (deb(5)); what comes out is its data member, a tar in some compression. Kept light: every run loads this file. */
import type { Filter } from "../formats/contract.ts";

/** The magic of ar, and the name of the first member, which may carry ar's slash. */
const START = "!<arch>\ndebian-binary";
/** The format before 1995: no ar, but lines of text in front of two tar.gz. */
export const OLD_START = "0.939000\n";

export const deb: Filter = {
  kind: "filter",
  name: "deb",
  extensions: [".deb", ".udeb", ".ddeb"],
  tarExtensions: [],
  about: "Debian packages, down to their files (--format ar: their members)",
  // 21 characters, so more than ar bids for its 8; or 9 of the old format
  bid: ({ head }) => 8 * ([START, OLD_START].find((start) => beginsWith(head, start))?.length ?? 0),
  isPackage: true,
  ownThread: true, // members are cut out, nothing more: less work than handing it to a thread
  async *decode(input, { warn }) {
    yield* (await import("./deb-decode.ts")).decodeDeb(input, warn);
  },
};

export function beginsWith(bytes: Uint8Array, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[i] !== text.charCodeAt(i)) return false;
  return true;
}
