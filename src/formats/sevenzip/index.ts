/** Containers that the engine reads: see kinds.ts for the list. */
import { lazily } from "../../bytes/lazily.ts";
import type { SolidContainer } from "../contract.ts";
import { KINDS } from "./kinds.ts";

export const SEVENZIP: readonly SolidContainer[] = KINDS.map((kind) => ({
  kind: "container",
  needs: "file",
  byEngine: true,
  name: kind.name,
  extensions: kind.extensions,
  about: kind.about,
  bid: kind.bid,
  ...(kind.encryption === undefined ? {} : { encryption: kind.encryption }),
  read(source, options) {
    return lazily(async () => (await import("./read.ts")).readSolid(kind, source, options));
  },
}));
