/** Encrypting entries that are written: AES-256 as AE-2, or the traditional encryption for who insists on it. */
import { nodeCrypto } from "../../bytes/node-modules.ts";
import { AesEntry, MAC_BYTES, saltBytes, VERIFIER_BYTES } from "./crypto-aes.ts";
import { TRADITIONAL_HEADER, TraditionalKeys } from "./crypto-traditional.ts";

export type EncryptionMethod = "aes256" | "zipcrypto";

export interface Encryption {
  readonly method: EncryptionMethod;
  readonly password: string;
}

/** One entry on its way: `head`, then everything through encrypt(), then tail(). */
export interface EntryEncryption {
  readonly head: Uint8Array;
  /** In place, and in order. */
  encrypt(data: Uint8Array): void;
  tail(): Uint8Array;
}

const STRENGTH = 3;

/** Bytes that an entry takes more than its packed content: 16 + 2 + 10 for AES, 12 for the traditional encryption. */
export function addedBytes(method: EncryptionMethod): number {
  return method === "aes256" ? saltBytes(STRENGTH) + VERIFIER_BYTES + MAC_BYTES : TRADITIONAL_HEADER;
}

/** `check`: what the traditional header ends with (6.1.6), the highest byte of the CRC-32, or of the time where the CRC comes later. */
export function startEncryption({ method, password }: Encryption, check: number): EntryEncryption {
  return method === "aes256" ? startAes(password) : startTraditional(password, check);
}

function startAes(password: string): EntryEncryption {
  // A salt must never come twice: two entries with one key stream give away what both of them hold.
  const salt = nodeCrypto().randomBytes(saltBytes(STRENGTH));
  const entry = new AesEntry(password, salt, STRENGTH);
  return {
    head: Buffer.concat([salt, entry.verifier]),
    encrypt: (data) => entry.encrypt(data),
    tail: () => entry.authenticationCode(),
  };
}

function startTraditional(password: string, check: number): EntryEncryption {
  const keys = new TraditionalKeys(password);
  const head = nodeCrypto().randomBytes(TRADITIONAL_HEADER);
  head[TRADITIONAL_HEADER - 1] = check;
  keys.encrypt(head);
  return { head, encrypt: (data) => keys.encrypt(data), tail: () => new Uint8Array(0) };
}

/** A whole content, encrypted into new memory. */
export function encryptWhole(data: Uint8Array, crc32: number, encryption: Encryption): Buffer {
  const entry = startEncryption(encryption, crc32 >>> 24);
  const ciphertext = Buffer.from(data);
  entry.encrypt(ciphertext);
  return Buffer.concat([entry.head, ciphertext, entry.tail()]);
}
