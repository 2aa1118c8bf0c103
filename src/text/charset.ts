/** File names as bytes, turned into text without losing any of them. */
import { isUtf8 } from "node:buffer";

// CP437, the character set of names that carry no other mark (APPNOTE, appendix D.1), from 0x80 on.
export const CP437 =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";

export function isAscii(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i]! > 0x7f) return false;
  return true;
}

/** UTF-8, or undefined when the bytes are not. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isAscii(bytes)) return buffer.toString("latin1");
  return isUtf8(bytes) ? buffer.toString("utf8") : undefined;
}

export function decodeCp437(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte < 0x80 ? String.fromCharCode(byte) : CP437[byte - 0x80]!;
  return text;
}

/**
 * UTF-8 with every byte that is none written as %XX. U+FFFD in its place would make two different names equal.
 */
export function decodeUtf8Escaping(bytes: Uint8Array): string {
  const whole = decodeUtf8(bytes);
  if (whole !== undefined) return whole;
  let text = "";
  for (let i = 0; i < bytes.length; ) {
    const length = sequenceLength(bytes[i]!);
    const sequence = length > 0 && i + length <= bytes.length ? decodeUtf8(bytes.subarray(i, i + length)) : undefined;
    if (sequence === undefined) {
      text += `%${bytes[i]!.toString(16).toUpperCase().padStart(2, "0")}`;
      i += 1;
    } else {
      text += sequence;
      i += length;
    }
  }
  return text;
}

/** How many bytes a UTF-8 sequence has by its first byte (RFC 3629, section 3); 0 for a byte that starts none. */
function sequenceLength(first: number): number {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return 2;
  if (first >= 0xe0 && first <= 0xef) return 3;
  return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}
