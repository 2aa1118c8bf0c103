/** ar: GNU and BSD. Kept light: every run loads this file. */
import { lazily } from "../../bytes/lazily.ts";
import { AR_MAGIC } from "../../bytes/ar-member.ts";
import type { StreamContainer } from "../contract.ts";

const THIN = "!<thin>\n";

export const ar: StreamContainer = {
  kind: "container",
  needs: "stream",
  name: "ar",
  extensions: [".a", ".ar"],
  about: "ar: GNU, BSD; static libraries",
  bid: ({ head }) => (AR_MAGIC.every((byte, i) => head[i] === byte) || isThin(head) ? 64 : 0), // 8 bytes
  read(input, options) {
    return lazily(async () => (await import("./read.ts")).readAr(input, options));
  },
};

/** A thin archive has the names of its members only, which lie beside it as files. */
export function isThin(head: Uint8Array): boolean {
  return String.fromCharCode(...head.subarray(0, THIN.length)) === THIN;
}
