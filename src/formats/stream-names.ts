/** Names in formats that are read in order, where the first one must be decoded before the others are known. */
import { UnzipxError } from "../errors.ts";
import { decodeUtf8, decodeUtf8Escaping } from "../text/charset.ts";
import type { DecodedName } from "../text/names.ts";
import type { Warn } from "./contract.ts";

export type DecodeName = (bytes: Uint8Array) => DecodedName;

/** As --encoding says; without it UTF-8, where other bytes are escaped. Other character sets are loaded only when they are asked for. */
export async function nameDecoder(encoding: string | undefined): Promise<DecodeName> {
  if (encoding === undefined) {
    return (bytes) => {
      const text = decodeUtf8(bytes);
      return text === undefined ? { text: decodeUtf8Escaping(bytes), escaped: true } : { text, escaped: false };
    };
  }
  const { decodeName } = await import("../text/names.ts");
  return (bytes) => decodeName(bytes, encoding);
}

/** Tells of a name of which not all bytes are text. */
export function noteEscaped({ text, escaped }: DecodedName, warn: Warn): void {
  if (!escaped) return;
  warn(new UnzipxError("ODDITY", "A name holds bytes that are no text in its character set: they are written as %XX", { entry: text, hint: "--encoding NAME" }));
}
