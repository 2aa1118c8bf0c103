/** Reading what is encrypted: the password is checked first, then the bytes go through in order, and at last they are authenticated. */
import { UnzipxError } from "../../errors.ts";
import { AesEntry, MAC_BYTES, saltBytes, VERIFIER_BYTES } from "./crypto-aes.ts";
import { TRADITIONAL_HEADER, TraditionalKeys } from "./crypto-traditional.ts";
import type { ZipLocator } from "./decode.ts";

const FLAG_ENCRYPTED = 0x1;
const FLAG_DESCRIPTOR = 0x8;

export interface Decryption {
  /** In place, and in order. */
  decrypt(data: Uint8Array): void;
  /** Once everything was decrypted; `code` is what lies behind the ciphertext. Throws BAD_CHECKSUM. */
  verify(code: Uint8Array): void;
}

/** Whether there is something to decrypt; of a folder there is not, whatever its flags say. */
export function isLocked({ flags, isFolder }: Pick<ZipLocator, "flags" | "isFolder">): boolean {
  return (flags & FLAG_ENCRYPTED) !== 0 && !isFolder;
}

/** Bytes in front of the data and behind it that the encryption needs for itself. */
export function bytesAround(locator: Pick<ZipLocator, "flags" | "isFolder" | "aes">): { readonly before: number; readonly after: number } {
  if (!isLocked(locator)) return { before: 0, after: 0 };
  if (locator.aes === undefined) return { before: TRADITIONAL_HEADER, after: 0 };
  return { before: saltBytes(locator.aes.strength) + VERIFIER_BYTES, after: MAC_BYTES };
}

/** `before`: the bytes in front of the ciphertext. Throws PASSWORD when there is no password or it is a wrong one. */
export function startDecryption(locator: ZipLocator, before: Buffer, password: string | undefined): Decryption {
  if (password === undefined) {
    throw new UnzipxError("PASSWORD", "Cannot read an entry: it is encrypted, and no password is given", { hint: "--password-file FILE" });
  }
  return locator.aes === undefined ? startTraditional(locator, before, password) : startAes(locator.aes.strength, before, password);
}

function startAes(strength: 1 | 2 | 3, before: Buffer, password: string): Decryption {
  const salt = before.subarray(0, saltBytes(strength));
  const entry = new AesEntry(password, salt, strength);
  if (!entry.verifier.equals(before.subarray(salt.length))) throw wrongPassword("the password is wrong");
  return {
    decrypt: (data) => entry.decrypt(data),
    verify(code) {
      if (entry.authenticationCode().equals(code)) return;
      throw new UnzipxError("BAD_CHECKSUM", "Cannot read an entry: its authentication code does not match, so it was damaged or changed");
    },
  };
}

function startTraditional(locator: ZipLocator, before: Buffer, password: string): Decryption {
  const keys = new TraditionalKeys(password);
  const header = Buffer.from(before);
  keys.decrypt(header);
  // The last byte repeats the highest one of the CRC-32 (6.1.6). Who writes to a pipe does not know that yet, and takes
  // the time instead; some set bit 3 and know the CRC all the same.
  const ofCrc = locator.crc32 >>> 24;
  const allowed = (locator.flags & FLAG_DESCRIPTOR) === 0 ? [ofCrc] : [locator.dosTime >>> 8, ofCrc];
  if (!allowed.includes(header[TRADITIONAL_HEADER - 1]!)) throw wrongPassword("the password is wrong");
  return { decrypt: (data) => keys.decrypt(data), verify() {} };
}

/**
 * The traditional encryption lets one wrong password of 256 pass, and authenticates nothing: what then looks like
 * damage most likely is a wrong password.
 */
export function orWrongPassword(error: unknown, locator: ZipLocator): unknown {
  if (!isLocked(locator) || locator.aes !== undefined || !(error instanceof UnzipxError)) return error;
  return ["BAD_DATA", "BAD_CHECKSUM", "BAD_SIZE"].includes(error.code) ? wrongPassword("the password is wrong, or the content is damaged", error) : error;
}

function wrongPassword(why: string, cause?: UnzipxError): UnzipxError {
  return new UnzipxError("PASSWORD", `Cannot read an entry: ${why}`, { hint: "--password-file FILE", ...(cause === undefined ? {} : { cause }) });
}
