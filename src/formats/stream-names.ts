/** Names in formats that are read in order, where the first one must be decoded before the others are known. */
import { UnzipxError } from "../errors.ts";
import { decodeUtf8, decodeUtf8Escaping } from "../text/charset.ts";
import type { DecodedName } from "../text/names.ts";
import type { Warn } from "./contract.ts";

/** Bytes, or what a header held, as latin1. */
export type DecodeName = (raw: Uint8Array | string) => DecodedName;

// eslint-disable-next-line no-control-regex
const ASCII = /^[\u0000-\u007f]*$/;

/** As --encoding says; without it UTF-8, where other bytes are escaped. Other character sets are loaded only when they are asked for. */
export async function nameDecoder(encoding: string | undefined): Promise<DecodeName> {
  if (encoding === undefined) {
    return (raw) => {
      if (typeof raw === "string" && ASCII.test(raw)) return { text: raw, escaped: false };
      const bytes = bytesOf(raw);
      const text = decodeUtf8(bytes);
      return text === undefined ? { text: decodeUtf8Escaping(bytes), escaped: true } : { text, escaped: false };
    };
  }
  const { decodeName } = await import("../text/names.ts");
  return (raw) => decodeName(bytesOf(raw), encoding);
}

function bytesOf(raw: Uint8Array | string): Uint8Array {
  return typeof raw === "string" ? Buffer.from(raw, "latin1") : raw;
}

/** Tells of a name of which not all bytes are text. */
export function noteEscaped({ text, escaped }: DecodedName, warn: Warn): void {
  if (!escaped) return;
  warn(new UnzipxError("ODDITY", "A name holds bytes that are no text in its character set: they are written as %XX", { entry: text, hint: "--encoding NAME" }));
}
