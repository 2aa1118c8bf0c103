/** What 7-Zip is told to unpack. */
import type { SourceFile } from "../../engine/protocol.ts";
import type { Described } from "./describe.ts";

/** The wanted names for 7-Zip, one a line; undefined where a name would not survive that, or is that of another entry too: then all is decoded, and left. */
export function selectionOf(wanted: readonly Described[], all: readonly Described[]): SourceFile | undefined {
  const names = wanted.filter((entry) => entry.type !== "directory").map((entry) => entry.rawPath);
  if (names.some((name) => !/^[!#-~]([ !#-~]*[!#-~])?$/.test(name))) return undefined;
  const [chosen, taken] = [new Set(wanted), new Set(names)];
  if (all.some((entry) => !chosen.has(entry) && taken.has(entry.rawPath))) return undefined;
  return { name: ".selection", segments: [{ bytes: Buffer.from(names.join("\n"), "latin1") }] };
}
