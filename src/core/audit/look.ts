/** The first bytes of entry after entry, while they are decoded: on every thread. */
import { TARGET_BYTES } from "../link-target.ts";
import type { Seen } from "../test-job.ts";
import type { Looker } from "../watch.ts";
import { Beginning, sniff, SNIFFED } from "./kinds.ts";

export function looker(seen: Seen[]): Looker {
  let of = -1;
  const head = new Beginning(SNIFFED);
  const target = new Beginning(TARGET_BYTES + 1);
  return {
    add({ entry, isLink }, chunk) {
      if (entry !== of) head.take(), target.take(); // one that failed left its beginning
      of = entry;
      (isLink === true ? target : head).add(chunk);
    },
    done({ entry, isLink }) {
      of = -1;
      // A target that is longer is refused before it is looked at.
      if (isLink === true) return void seen.push({ entry, target: target.take().toString("utf8") });
      const kind = sniff(head.take());
      if (kind >= 0) seen.push({ entry, kind });
    },
  };
}
