/** What stands in one byte: of LZMA how it counts, of LZMA2 its dictionary (DOC/lzma-specification.txt of the LZMA SDK; 5.3.1 of https://tukaani.org/xz/xz-file-format.txt). */

export interface Properties {
  /** Bits of the byte before, and of the place, that choose a literal's probabilities. */
  readonly lc: number;
  readonly lp: number;
  /** Bits of the place that choose those of a match. */
  readonly pb: number;
}

/** undefined: there is no such thing. */
export function propertiesOf(byte: number): Properties | undefined {
  if (byte >= 9 * 5 * 5) return undefined;
  const rest = Math.floor(byte / 9);
  return { lc: byte % 9, lp: rest % 5, pb: Math.floor(rest / 5) };
}

/** Of LZMA2's only byte: 2^n, or 2^n + 2^(n-1); undefined: there is none like that. */
export function dictionaryOf(properties: Uint8Array): number | undefined {
  const [bits] = properties;
  if (properties.length !== 1 || bits === undefined || bits > 40) return undefined;
  return bits === 40 ? 2 ** 32 - 1 : (2 | (bits & 1)) * 2 ** ((bits >> 1) + 11);
}
