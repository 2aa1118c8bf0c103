import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { AesEntry, aesExtra } from "../../src/formats/zip/crypto-aes.ts";
import { encryptWhole } from "../../src/formats/zip/encrypt.ts";
import { noise, prose } from "../create/sample.ts";
import { buildZip, DEFLATE, DOS_TIME, extraField, FLAG_DESCRIPTOR, FLAG_ENCRYPTED, STORE, type ZipItem } from "../helpers/build.ts";
import { sandbox, sha256 } from "../helpers/cli.ts";
import { entriesOf, unpack, type Unpacked } from "../helpers/library.ts";
import { has, run, temporaryFolder } from "../helpers/tools.ts";

const PASSWORD = "pässword €";
const TEXT = "attack at dawn, ".repeat(20);
const LARGE = 5 << 20; // more than is read in one piece

const withPassword = (bytes: Uint8Array, password: string | undefined = PASSWORD, more: Parameters<typeof unpack>[1] = {}): Promise<Unpacked> =>
  unpack(bytes, { password: async () => password, ...more });

interface Sealing {
  readonly method?: number;
  readonly version?: 1 | 2;
  readonly password?: string;
  /** Of the content, in the headers, where AE-1 keeps one. */
  readonly crc?: number;
}

function aes(name: string, content: string | Buffer, { method = STORE, version = 2, password = PASSWORD, crc }: Sealing = {}): ZipItem {
  const bytes = Buffer.from(content);
  const packed = method === DEFLATE ? deflateRawSync(bytes) : bytes;
  const sum = version === 2 ? 0 : (crc ?? crc32(bytes));
  return {
    name, content, method: 99, flags: FLAG_ENCRYPTED, data: encryptWhole(packed, 0, { method: "aes256", password }),
    extra: extraField(0x9901, aesExtra({ version, strength: 3, method })), local: { crc32: sum }, central: { crc32: sum },
  };
}

function traditional(name: string, content: string | Buffer, { method = STORE, password = PASSWORD }: Sealing = {}): ZipItem {
  const bytes = Buffer.from(content);
  const packed = method === DEFLATE ? deflateRawSync(bytes) : bytes;
  return { name, content, method, flags: FLAG_ENCRYPTED, data: encryptWhole(packed, crc32(bytes), { method: "zipcrypto", password }) };
}

const SORTS = [["AES", aes], ["ZipCrypto", traditional]] as const;

describe.each(SORTS)("%s", (sort, seal) => {
  it.each([["store", STORE], ["deflate", DEFLATE]])("%s: small, large and empty contents come back", async (_, method) => {
    const large = Buffer.concat([prose(LARGE), noise(100_001)]);
    const bytes = buildZip([seal("small", TEXT, { method }), seal("large", large, { method }), seal("empty", "", { method }), { name: "plain", content: "plain" }]);
    expect(await withPassword(bytes)).toMatchObject({ code: 0, warnings: [], contents: { small: sha256(Buffer.from(TEXT)), large: sha256(large), empty: "", plain: "plain" } });
  });

  it("without a password: exit 82, nothing of it is there, the rest is", async () => {
    for (const content of [TEXT, prose(LARGE), ""]) {
      const bytes = buildZip([seal("secret", content), { name: "plain", content: "plain" }]);
      const unpacked = await withPassword(bytes, undefined, { password: undefined });
      expect(unpacked).toMatchObject({ code: 82, failures: { secret: "PASSWORD" }, contents: { plain: "plain" } });
      expect(unpacked.summary!.failures[0]!.message).toContain("no password is given");
    }
  });

  it("with a wrong password: exit 82, nothing of it is there", async () => {
    for (const content of [TEXT, noise(LARGE)]) {
      for (const method of [STORE, DEFLATE]) {
        // One of 256 passes the first check of ZipCrypto, so there are several.
        for (const wrong of ["", "x", `${PASSWORD} `, "pässword"]) {
          const unpacked = await withPassword(buildZip([seal("secret", content, { method }), { name: "plain", content: "plain" }]), wrong);
          expect(unpacked).toMatchObject({ code: 82, failures: { secret: "PASSWORD" }, contents: { plain: "plain" } });
        }
      }
    }
  });

  it("an empty password is a password", async () => {
    expect(await withPassword(buildZip([seal("a", "a", { password: "" })]), "")).toMatchObject({ code: 0, contents: { a: "a" } });
  });

  it("links are decrypted, and a folder needs no password", async () => {
    const link = { ...seal("d/link", "file"), mode: 0o120777 };
    const folder = { ...seal("d/", ""), mode: 0o040755 };
    expect(await withPassword(buildZip([folder, link, seal("d/file", "f")]))).toMatchObject({ code: 0, contents: { "d/": "", "d/link": "-> file", "d/file": "f" } });
    expect(await withPassword(buildZip([folder, { name: "plain", content: "p" }]), undefined, { password: undefined })).toMatchObject({ code: 0, contents: { "d/": "", plain: "p" } });
  });

  it("an entry that is too short for its own encryption is damaged", async () => {
    const item = { ...seal("a", ""), data: Buffer.alloc(sort === "AES" ? 27 : 11) };
    expect(await withPassword(buildZip([item]))).toMatchObject({ code: 3, failures: { a: "BAD_SIZE" }, contents: {} });
  });

  it("a stored entry whose two sizes do not fit together is refused", async () => {
    const { data = Buffer.alloc(0) } = seal("a", TEXT);
    expect(await withPassword(buildZip([{ ...seal("a", TEXT), data: Buffer.concat([data, Buffer.alloc(1)]) }]))).toMatchObject({ code: 6, failures: { a: "AMBIGUOUS" } });
  });

  it("one flipped bit anywhere leads to an error or leaves the content as it was", async () => {
    const bytes = buildZip([seal("a", "short", { method: DEFLATE })]);
    for (let bit = 0; bit < bytes.length * 8; bit += 5) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      const { code, contents } = await withPassword(changed);
      const found = Object.values(contents);
      expect([bit, found.every((content) => content === "short")]).toEqual([bit, true]);
      expect([bit, found.length > 0 || code !== 0]).toEqual([bit, true]);
    }
  }, 60_000);

  it("an archive that was cut leads to an error at every length", async () => {
    const bytes = buildZip([seal("a", "short")]);
    for (let length = 0; length < bytes.length; length += 3) {
      const { code, contents } = await withPassword(bytes.subarray(0, length));
      expect([length, code === 0, contents]).toEqual([length, false, {}]);
    }
  });
});

describe("AES", () => {
  it("a change to the ciphertext or its code is found, small or large, before anything counts as read", async () => {
    for (const content of [Buffer.from(TEXT), noise(LARGE)]) {
      const item = aes("a", content);
      for (const at of [18, 18 + content.length / 2, 18 + content.length, 18 + content.length + 9]) {
        const data = Buffer.from(item.data!);
        data[at]! ^= 1;
        expect(await withPassword(buildZip([{ ...item, data }]))).toMatchObject({ code: 3, failures: { a: "BAD_CHECKSUM" }, contents: {} });
      }
    }
  });

  it("AE-1 checks the CRC-32 as well, and AE-2 has none", async () => {
    expect(await withPassword(buildZip([aes("a", "a", { version: 1 })]))).toMatchObject({ code: 0, contents: { a: "a" } });
    expect(await withPassword(buildZip([aes("a", "a", { version: 1, crc: 1 })]))).toMatchObject({ code: 3, failures: { a: "BAD_CHECKSUM" } });
    const [one, two] = await entriesOf(buildZip([aes("a", "a", { version: 1, method: DEFLATE }), aes("b", "b")]));
    expect(one).toMatchObject({ method: "deflate", encrypted: true, crc32: crc32(Buffer.from("a")) });
    expect(two).toMatchObject({ method: "store", encrypted: true, crc32: undefined });
  });

  it("a data descriptor repeats the zeros of AE-2", async () => {
    expect(await withPassword(buildZip([{ ...aes("a", "a"), descriptor: { signature: true, long: false, crc32: 0 } }]))).toMatchObject({ code: 0, contents: { a: "a" } });
  });

  it("an extra field that the local header has otherwise refuses; --lenient takes the central directory's", async () => {
    for (const extra of [Buffer.alloc(0), extraField(0x9901, aesExtra({ version: 2, strength: 3, method: DEFLATE })), extraField(0x9901, aesExtra({ version: 1, strength: 3, method: STORE }))]) {
      const bytes = buildZip([{ ...aes("a", "a"), local: { crc32: 0, extra } }]);
      expect(await withPassword(bytes)).toMatchObject({ code: 6, failures: { a: "AMBIGUOUS" }, contents: {} });
      expect(await withPassword(bytes, PASSWORD, { policy: { lenient: true } })).toMatchObject({ code: 0, warnings: [expect.stringContaining("AES extra field")], contents: { a: "a" } });
    }
  });

  it("what no specification knows is unsupported, and what contradicts itself is refused", async () => {
    const field = (...data: number[]): Buffer => extraField(0x9901, Buffer.from(data));
    const withExtra = async (extra: Uint8Array, flags = FLAG_ENCRYPTED): Promise<unknown> => (await withPassword(buildZip([{ ...aes("a", "a"), extra, flags }]))).failures["a"];
    expect(await withExtra(field(2, 0, 0x41, 0x45, 4, 0, 0))).toBe("UNSUPPORTED_METHOD"); // strength
    expect(await withExtra(field(2, 0, 0x41, 0x45, 0, 0, 0))).toBe("UNSUPPORTED_METHOD");
    expect(await withExtra(field(3, 0, 0x41, 0x45, 3, 0, 0))).toBe("UNSUPPORTED_METHOD"); // version
    expect(await withExtra(field(2, 0, 0x41, 0x46, 3, 0, 0))).toBe("UNSUPPORTED_METHOD"); // vendor
    expect(await withExtra(field(2, 0, 0x41, 0x45, 3, 0))).toBe("UNSUPPORTED_METHOD"); // length
    expect(await withExtra(field(2, 0, 0x41, 0x45, 3, 99, 0))).toBe("UNSUPPORTED_METHOD"); // AES in AES
    expect(await withExtra(Buffer.alloc(0))).toBe("UNSUPPORTED_METHOD");
    const good = field(2, 0, 0x41, 0x45, 3, 0, 0);
    expect(await withExtra(Buffer.concat([good, field(2, 0, 0x41, 0x45, 3, 8, 0)]))).toBe("AMBIGUOUS");
    expect(await withExtra(good, 0)).toBe("AMBIGUOUS");
  });

  it("a wrong password is told before a method that is decoded elsewhere gets the data", async () => {
    expect(await withPassword(buildZip([aes("a", TEXT, { method: 98 })]), "wrong")).toMatchObject({ code: 82, failures: { a: "PASSWORD" } });
  });

  it("the key stream is the same however the bytes are cut, and wherever they lie in memory", () => {
    const content = noise(200_000);
    const salt = Buffer.alloc(16, 1);
    const whole = Buffer.from(content);
    const one = new AesEntry(PASSWORD, salt, 3);
    one.encrypt(whole);
    const pieces = Buffer.from(content);
    const two = new AesEntry(PASSWORD, salt, 3);
    for (let at = 0, length = 1; at < pieces.length; at += length, length = (length * 7) % 40_009) two.encrypt(pieces.subarray(at, at + length));
    expect(pieces.equals(whole)).toBe(true);
    expect(two.authenticationCode()).toEqual(one.authenticationCode());
  });
});

describe("ZipCrypto", () => {
  it("a wrong password that passes the first check is told as one, not as damage alone", async () => {
    const item = traditional("a", TEXT, { method: DEFLATE });
    const messages = new Set<string>();
    const room = sandbox(); // one for all guesses
    for (let guess = 0; guess < 2000; guess++) {
      const { summary } = await unpack(buildZip([item]), { password: async () => `guess ${guess}` }, room);
      messages.add(summary!.failures[0]!.message);
      if (messages.size > 1) break;
    }
    expect([...messages].sort()).toEqual(["Cannot read an entry: the password is wrong", "Cannot read an entry: the password is wrong, or the content is damaged"]);
  }, 60_000);

  it("with a data descriptor the check byte is the time's, or the CRC-32's all the same", async () => {
    const bytes = Buffer.from(TEXT);
    for (const check of [DOS_TIME << 16, crc32(bytes)]) {
      const data = encryptWhole(bytes, check, { method: "zipcrypto", password: PASSWORD });
      const item: ZipItem = { name: "a", content: bytes, flags: FLAG_ENCRYPTED | FLAG_DESCRIPTOR, data, descriptor: { signature: true, long: false } };
      expect(await withPassword(buildZip([item]))).toMatchObject({ code: 0 });
    }
  });
});

describe("archives of other programs", () => {
  const sample = (): { folder: string; contents: Record<string, string> } => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "in"));
    const files = { small: Buffer.from("small"), empty: Buffer.alloc(0), text: prose(200_000), large: prose(LARGE), noise: noise(LARGE) };
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, "in", name), bytes);
    return { folder, contents: { "in/": "", ...Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`in/${name}`, bytes.length > 200 ? sha256(bytes) : bytes.toString()])) } };
  };

  for (const method of ["AES128", "AES192", "AES256", "ZipCrypto"]) it.skipIf(!has("7zz"))(`7zz, ${method}, stored and deflated`, async () => {
    const { folder, contents } = sample();
    for (const level of [0, 5]) {
      run("7zz", ["a", "-tzip", `-mem=${method}`, `-mx${level}`, "-psecret", `${level}.zip`, "in"], { cwd: folder }); // it takes ASCII only
      expect(await withPassword(readFileSync(join(folder, `${level}.zip`)), "secret")).toMatchObject({ code: 0, warnings: [], contents });
    }
  });

  it.skipIf(!has("zip"))("Info-ZIP, from files and from a pipe", async () => {
    const { folder, contents } = sample();
    run("zip", ["-qr", "-P", PASSWORD, "a.zip", "in"], { cwd: folder });
    expect(await withPassword(readFileSync(join(folder, "a.zip")))).toMatchObject({ code: 0, contents });
    run("sh", ["-c", `cat in/text | zip -q -P '${PASSWORD}' b.zip -`], { cwd: folder });
    expect(await withPassword(readFileSync(join(folder, "b.zip")))).toMatchObject({ code: 0, contents: { "-": contents["in/text"] } });
  });

  it.skipIf(!has("bsdtar"))("bsdtar, AES-256 and AES-128", async () => {
    const { folder, contents } = sample();
    for (const method of ["aes256", "aes128", "zipcrypt"]) {
      run("bsdtar", ["--format", "zip", "--options", `zip:encryption=${method}`, "--passphrase", PASSWORD, "-cf", `${method}.zip`, "in"], { cwd: folder });
      expect(await withPassword(readFileSync(join(folder, `${method}.zip`)))).toMatchObject({ code: 0, contents });
    }
  });
});
