/** LHA, and what LHarc and LArc made before it. Kept light: every run loads this file. */
import { lazily } from "../../bytes/lazily.ts";
import type { SolidContainer } from "../contract.ts";
import { findHeader, hasMethod, verify } from "./signature.ts";

export const lzh: SolidContainer = {
  kind: "container",
  needs: "file",
  name: "lzh",
  extensions: [".lzh", ".lha", ".lzs"],
  about: "LHA: lh0 to lh7, lhx, lzs, lz5; header levels 0 to 3",
  bid({ head }) {
    if (hasMethod(head, 0)) {
      // Two hyphens, two letters, one of 36; a level of four; then eight bits of a checksum, or 16 of a CRC, which count as eight as well.
      const method = 16 + 16 + 2 + 6;
      return verify(head, 0) === true ? method + 8 : method;
    }
    // As many bits somewhere in 64 KiB would be worth 32 at a fixed place. But an archive may hold another one without packing it,
    // and then the outer one is meant: so it is just more than 17, the bid for a program that carries who knows what.
    return findHeader(head) === undefined ? 0 : 18;
  },
  read(source, options) {
    return lazily(async () => (await import("./read.ts")).readLzh(source, options));
  },
};
