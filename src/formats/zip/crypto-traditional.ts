/**
 * The traditional encryption of PKZIP ("ZipCrypto", APPNOTE 6.1). It is broken: who knows a dozen bytes of a file reads
 * all of the archive (Biham and Kocher, 1994). Read because old archives need it, written only on explicit request.
 */
import { crcTable } from "../../bytes/crc-table.ts";

/** Encrypted in front of the data (6.1.6): 11 random bytes, and one that tells most wrong passwords. */
export const TRADITIONAL_HEADER = 12;

/** The CRC-32 of each single byte, which the cipher mixes its keys with; made when it is needed. */
let table: Int32Array | undefined;

/** Three keys that every byte of the plain text changes (6.1.5); bytes in order, in place. */
export class TraditionalKeys {
  // The keys are kept in locals while a chunk is worked on: as fields they would cost half of the speed.
  #key0 = 0x12345678;
  #key1 = 0x23456789;
  #key2 = 0x34567890;
  readonly #table = (table ??= crcTable(0xedb88320));

  constructor(password: string) {
    // Encrypting mixes the plain bytes into the keys: of the password that is all that is wanted.
    this.encrypt(Buffer.from(password));
  }

  encrypt(data: Uint8Array): void {
    let [key0, key1, key2] = [this.#key0, this.#key1, this.#key2];
    const sums = this.#table;
    for (let at = 0; at < data.length; at++) {
      const plain = data[at]!;
      const mix = (key2 | 2) & 0xffff;
      data[at] = plain ^ (Math.imul(mix, mix ^ 1) >>> 8);
      key0 = sums[(key0 ^ plain) & 0xff]! ^ (key0 >>> 8);
      key1 = (Math.imul(key1 + (key0 & 0xff), 134775813) + 1) | 0;
      key2 = sums[(key2 ^ (key1 >>> 24)) & 0xff]! ^ (key2 >>> 8);
    }
    [this.#key0, this.#key1, this.#key2] = [key0, key1, key2];
  }

  decrypt(data: Uint8Array): void {
    let [key0, key1, key2] = [this.#key0, this.#key1, this.#key2];
    const sums = this.#table;
    for (let at = 0; at < data.length; at++) {
      const mix = (key2 | 2) & 0xffff;
      const plain = (data[at]! ^ (Math.imul(mix, mix ^ 1) >>> 8)) & 0xff;
      data[at] = plain;
      key0 = sums[(key0 ^ plain) & 0xff]! ^ (key0 >>> 8);
      key1 = (Math.imul(key1 + (key0 & 0xff), 134775813) + 1) | 0;
      key2 = sums[(key2 ^ (key1 >>> 24)) & 0xff]! ^ (key2 >>> 8);
    }
    [this.#key0, this.#key1, this.#key2] = [key0, key1, key2];
  }
}
