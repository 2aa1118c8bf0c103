/** The bidding: who recognises these bytes best. Pure: no I/O, and the name of the file has no say. */
import { FILTERS } from "../filters/index.ts";
import { CONTAINERS } from "./index.ts";
import { KNOWN } from "./known.ts";
import type { Container, Filter, KnownFormat, Probe } from "./contract.ts";

export const HEAD_BYTES = 64 * 1024;
/** An end of central directory record with the longest comment, and the zip64 locator in front of it. */
export const TAIL_BYTES = 22 + 0xffff + 20;

/** Bids below this are no evidence: zero blocks are an empty tar, or a file of zeros. There the name decides after all. */
const EVIDENCE = 16;

/** The format with the best bid; of equal bids the first in the lists; undefined when nobody bids. */
export function detect(probe: Probe, name: string): Filter | Container | KnownFormat | undefined {
  let best: Filter | Container | KnownFormat | undefined;
  let bestBid = 0;
  for (const format of [...FILTERS, ...CONTAINERS, ...KNOWN]) {
    const bid = format.bid(probe);
    if (bid > bestBid && (bid >= EVIDENCE || isNamedLike(name, format))) [best, bestBid] = [format, bid];
  }
  return best;
}

/** Whether one of the name's extensions is the format's: "a.tar", "a.tar.gz", "a.tgz" are all named like a tar. */
function isNamedLike(name: string, format: Filter | Container | KnownFormat): boolean {
  const lower = name.toLowerCase();
  const ends = (extensions: readonly string[]): boolean => extensions.some((one) => lower.endsWith(one));
  return format.extensions.some((one) => `${lower}.`.includes(`${one.toLowerCase()}.`))
    || (format.kind === "filter" && ends(format.tarExtensions))
    || (format.name === "tar" && FILTERS.some((filter) => ends(filter.tarExtensions)));
}

/** The format that a file of this name would be, going by its extension alone; for notes, never for decisions. */
export function formatOfName(name: string): Filter | Container | KnownFormat | undefined {
  const lower = name.toLowerCase();
  return [...FILTERS, ...CONTAINERS, ...KNOWN].find(
    (format) => [...format.extensions, ...("tarExtensions" in format ? format.tarExtensions : [])].some((extension) => lower.endsWith(extension.toLowerCase())),
  );
}

/** Whether the end record of a zip (APPNOTE 4.3.16) reaches with its comment to the very end: of a zip that is only stored inside, padding follows. */
export function endsLikeZip(tail: Uint8Array): boolean {
  for (let at = tail.length - 22; at >= 0; at--) {
    if (tail[at] === 0x50 && tail[at + 1] === 0x4b && tail[at + 2] === 5 && tail[at + 3] === 6 && tail[at + 20]! + 256 * tail[at + 21]! === tail.length - at - 22) return true;
  }
  return false;
}
