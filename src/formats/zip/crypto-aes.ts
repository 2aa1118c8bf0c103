/**
 * WinZip's AES encryption of zip entries ("AES Encryption Information: Encryption Specification AE-1 and AE-2", version
 * 1.04, www.winzip.com). The data of an entry is: salt · 2 bytes that verify the password · ciphertext · 10 bytes that
 * authenticate the ciphertext.
 */
import type { Cipher, Hmac } from "node:crypto";
import { nodeCrypto } from "../../bytes/node-modules.ts"; // a few milliseconds, which every thread would pay for nothing most of the time

/** 1, 2, 3: keys of 128, 192 and 256 bits. */
export type AesStrength = 1 | 2 | 3;

/** The extra field 0x9901. */
export interface AesInfo {
  /** AE-1 keeps the CRC-32 of the content, AE-2 writes 0: of a short content the CRC would tell much. */
  readonly version: 1 | 2;
  readonly strength: AesStrength;
  /** The compression method; the headers' own field says 99. */
  readonly method: number;
}

export const AES_METHOD = 99;
export const AES_EXTRA_ID = 0x9901;
/** What the field holds behind its id and length. */
export const AES_EXTRA_BYTES = 7;
export const VERIFIER_BYTES = 2;
/** HMAC-SHA1, cut to 80 bits. */
export const MAC_BYTES = 10;

/** RFC 2898, with the number of rounds that the specification fixes: a millisecond for each guess at a password, and for each entry. */
const ROUNDS = 1000;

function keyBytes(strength: AesStrength): number {
  return 8 * (strength + 1);
}

/** Half as long as the key. */
export function saltBytes(strength: AesStrength): number {
  return keyBytes(strength) / 2;
}

/** The data of the extra field: 0 vendor version; 2 vendor "AE"; 4 strength; 5 compression method. */
export function aesExtra({ version, strength, method }: AesInfo): Buffer {
  const data = Buffer.from([version, 0, 0x41, 0x45, strength, 0, 0]);
  data.writeUInt16LE(method, 5);
  return data;
}

/** Undefined where the field says something that the specification does not know. */
export function parseAesExtra(data: Buffer): AesInfo | undefined {
  if (data.length !== AES_EXTRA_BYTES || data.toString("latin1", 2, 4) !== "AE") return undefined;
  const version = data.readUInt16LE(0);
  const strength = data.readUInt8(4);
  if ((version !== 1 && version !== 2) || (strength !== 1 && strength !== 2 && strength !== 3)) return undefined;
  return { version, strength, method: data.readUInt16LE(5) };
}

/** The keys of one entry, and its bytes in order, in place: encrypt or decrypt, then ask for the authentication code. */
export class AesEntry {
  readonly verifier: Buffer;
  readonly #stream: CounterStream;
  readonly #hmac: Hmac;

  constructor(password: string, salt: Uint8Array, strength: AesStrength) {
    const length = keyBytes(strength);
    const { pbkdf2Sync, createHmac } = nodeCrypto();
    const keys = pbkdf2Sync(password, salt, ROUNDS, 2 * length + VERIFIER_BYTES, "sha1");
    this.#stream = new CounterStream(keys.subarray(0, length));
    this.#hmac = createHmac("sha1", keys.subarray(length, 2 * length));
    this.verifier = keys.subarray(2 * length);
  }

  encrypt(data: Uint8Array): void {
    this.#stream.apply(data);
    this.#hmac.update(data);
  }

  decrypt(data: Uint8Array): void {
    this.#hmac.update(data);
    this.#stream.apply(data);
  }

  /** Once, at the end. */
  authenticationCode(): Buffer {
    return this.#hmac.digest().subarray(0, MAC_BYTES);
  }
}

const BLOCK = 16;
/** One call of OpenSSL for so many bytes of key stream. */
const STREAM_BYTES = 64 << 10;

/**
 * AES in counter mode with a little-endian counter that starts at 1. OpenSSL counts big-endian, so the counter blocks
 * are made here, and its plain block cipher (ECB) turns them into the key stream.
 */
class CounterStream {
  readonly #cipher: Cipher;
  /** Of the next block: 2^53 of them are more than any file. */
  #counter = 1;
  #stream: Uint8Array = new Uint8Array(0);
  #used = 0;

  constructor(key: Uint8Array) {
    this.#cipher = nodeCrypto().createCipheriv(`aes-${key.length * 8}-ecb`, key, null).setAutoPadding(false);
  }

  apply(data: Uint8Array): void {
    for (let at = 0; at < data.length; ) {
      if (this.#used === this.#stream.length) this.#refill(data.length - at);
      const length = Math.min(data.length - at, this.#stream.length - this.#used);
      xor(data.subarray(at, at + length), this.#stream.subarray(this.#used));
      this.#used += length;
      at += length;
    }
  }

  #refill(wanted: number): void {
    const blocks = new DataView(new ArrayBuffer(Math.min(STREAM_BYTES, Math.ceil(wanted / BLOCK) * BLOCK)));
    for (let at = 0; at < blocks.byteLength; at += BLOCK, this.#counter++) {
      blocks.setUint32(at, this.#counter, true); // modulo 2^32
      blocks.setUint32(at + 4, this.#counter / 2 ** 32, true);
    }
    this.#stream = this.#cipher.update(blocks);
    this.#used = 0;
  }
}

/** `data` ^= `stream`, which is at least as long. Word by word where both lie at multiples of 4: four times as fast. */
function xor(data: Uint8Array, stream: Uint8Array): void {
  let at = 0;
  if (data.byteOffset % 4 === 0 && stream.byteOffset % 4 === 0) {
    const words = data.length >> 2;
    const target = new Uint32Array(data.buffer, data.byteOffset, words);
    const source = new Uint32Array(stream.buffer, stream.byteOffset, words);
    for (let word = 0; word < words; word++) target[word]! ^= source[word]!;
    at = words * 4;
  }
  for (; at < data.length; at++) data[at]! ^= stream[at]!;
}
