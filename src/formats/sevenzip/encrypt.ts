/**
 * The encryption of 7z ("7zAES", DOC/Methods.txt and CPP/7zip/Crypto/7zAes.cpp of 7-Zip): AES-256 in CBC mode, the key made of
 * the password by many rounds of SHA-256. It hides, and it does not protect from changes: there is no MAC, only the CRC-32
 * of the content.
 */
import { createCipheriv, createHash, randomBytes } from "node:crypto";

/** 2^19 rounds, as 7-Zip itself takes them. */
const ROUNDS_POWER = 19;
const SALT_BYTES = 16;
const BLOCK = 16;

/** A key, made once an archive: that takes about as long as the slowness of guessing is meant to take. */
export interface ArchiveKey {
  readonly key: Uint8Array;
  readonly salt: Uint8Array;
}

export interface Encryptor {
  /** What the coder has as its properties in the header. */
  readonly properties: Uint8Array;
  update(bytes: Uint8Array): Uint8Array;
  /** What is left, filled up with zeros to a whole block. */
  end(): Uint8Array;
}

export function newArchiveKey(password: string, salt: Uint8Array = randomBytes(SALT_BYTES)): ArchiveKey {
  return { key: keyOf(password, salt), salt };
}

/** SHA-256 over `salt`, the password in UTF-16 and the number of the round (8 bytes), for each round, one behind the other. */
function keyOf(password: string, salt: Uint8Array): Uint8Array {
  const start = Buffer.concat([salt, Buffer.from(password, "utf16le")]);
  const round = start.length + 8;
  const AT_ONCE = 4096; // rounds in one update: each call costs more than what it hashes
  const rounds = Buffer.alloc(round * AT_ONCE);
  for (let i = 0; i < AT_ONCE; i++) rounds.set(start, i * round);
  const hash = createHash("sha256");
  for (let number = 0; number < 2 ** ROUNDS_POWER; number += AT_ONCE) {
    for (let i = 0; i < AT_ONCE; i++) rounds.writeUInt32LE(number + i, i * round + start.length); // the upper half stays 0
    hash.update(rounds);
  }
  return hash.digest();
}

/** For one packed stream: none may have the start value of another. */
export function encryptor({ key, salt }: ArchiveKey): Encryptor {
  const iv = randomBytes(BLOCK);
  const cipher = createCipheriv("aes-256-cbc", key, iv).setAutoPadding(false);
  let bytes = 0;
  return {
    // 0 - rounds, and that there are a salt (0x80) and a start value (0x40); 1 - their lengths, both less one
    properties: Buffer.concat([Buffer.from([ROUNDS_POWER | 0x80 | 0x40, ((salt.length - 1) << 4) | (iv.length - 1)]), salt, iv]),
    update(part) {
      bytes += part.length;
      return cipher.update(part);
    },
    end() {
      const filling = Buffer.alloc((BLOCK - (bytes % BLOCK)) % BLOCK);
      return Buffer.concat([cipher.update(filling), cipher.final()]);
    },
  };
}
