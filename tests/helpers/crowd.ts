/** Names that somebody chose who knows how SeenNames finds their places: more in a row than it looks at, and one that would come first in that row. */

/** In a table for some thousand names. */
const PAIRS = 2048;
const FIRST = 100;
/** More than its MOST_TRIES. */
const FILLERS = 1030;

/** `folder` ends with a slash, and is in small letters, as the names are. */
export function crowd(folder: string): { readonly fillers: string[]; readonly name: string } {
  const fillers = new Map<number, string>();
  for (let number = 0; fillers.size < FILLERS; number++) {
    const filler = `${folder}f${number.toString(36)}`;
    const place = placeOf(filler);
    if (place >= FIRST && place < FIRST + FILLERS && !fillers.has(place)) fillers.set(place, filler);
  }
  let number = 0;
  while (placeOf(`${folder}x${number.toString(36)}`) !== FIRST) number++;
  return { fillers: [...fillers.values()], name: `${folder}x${number.toString(36)}` };
}

/** The first of the two hashes of SeenNames.add(), of small letters. */
function placeOf(name: string): number {
  let hash = 0x2f6e_2b1d;
  for (let at = 0; at < name.length; at++) hash = Math.imul(((hash << 5) | (hash >>> 27)) ^ name.charCodeAt(at), 0x9e37_79b1);
  hash = Math.imul(hash ^ (hash >>> 15) ^ name.length, 0xc2b2_ae3d);
  return ((hash ^ (hash >>> 16)) >>> 0) & (PAIRS - 1);
}
