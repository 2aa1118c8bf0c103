/** The digests of contents, and the targets of links that are contents. */
import type { Hash } from "node:crypto";
import { nodeCrypto } from "../bytes/node-modules.ts";
import { TARGET_BYTES } from "./link-target.ts";
import type { Seen } from "./test-job.ts";
import type { Looker } from "./watch.ts";

export function digester(seen: Seen[]): Looker {
  let of = -1;
  let hash: Hash | undefined;
  let target: Buffer[] = [];
  const begin = (entry: number): void => {
    if (entry === of) return;
    [of, hash, target] = [entry, nodeCrypto().createHash("sha256"), []]; // one that failed left its beginning
  };
  return {
    add({ entry, isLink }, chunk) {
      begin(entry);
      if (isLink !== true) hash!.update(chunk);
      else if (target.reduce((sum, { length }) => sum + length, 0) <= TARGET_BYTES) target.push(Buffer.from(chunk)); // a longer one is refused
    },
    done({ entry, isLink }) {
      begin(entry);
      of = -1;
      seen.push(isLink === true ? { entry, target: Buffer.concat(target).toString("utf8") } : { entry, sha256: hash!.digest("hex") });
    },
  };
}
