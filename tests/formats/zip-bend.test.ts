/**
 * Good zips of several producers, with every field of every header bent in turn: each is refused, or gives exactly what the unbent one gives,
 * or at least says that something is odd. UNZIPX_BEND=all bends all of them (some minutes) and not a part.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { aesExtra } from "../../src/formats/zip/crypto-aes.ts";
import { encryptWhole, type EncryptionMethod } from "../../src/formats/zip/encrypt.ts";
import { bentOf, seeded } from "../helpers/bend-zip.ts";
import { buildZip, DEFLATE, extraField, FLAG_ENCRYPTED, FLAG_UTF8, timeExtra, unicodePathExtra, zip64Extra, type ZipItem } from "../helpers/build.ts";
import { sandbox } from "../helpers/cli.ts";
import { unpack, type Unpacked } from "../helpers/library.ts";
import { has, run, temporaryFolder } from "../helpers/tools.ts";

const ALL = process.env["UNZIPX_BEND"] === "all";
/** Of each archive so many variants, where not all are tried. */
const PART = 60;

const TEXT = "some text, some text, some text\n";
const packed = deflateRawSync(TEXT).length;
const unixIds = extraField(0x7875, Buffer.from([1, 4, 1, 2, 0, 0, 4, 1, 2, 0, 0]));
const ntfs = extraField(0x000a, Buffer.concat([Buffer.from([0, 0, 0, 0, 1, 0, 24, 0]), Buffer.alloc(24, 0x01)]));
const unixExtra = Buffer.concat([timeExtra(1e9), unixIds]);
const PASSWORD = "secret";

/** AES as WinZip's AE-2 has it, or the traditional encryption. */
function sealed(name: string, content: string, method: EncryptionMethod): ZipItem {
  const data = encryptWhole(deflateRawSync(content), crc32(content), { method, password: PASSWORD });
  const aes = method === "aes256" ? { method: 99, extra: extraField(0x9901, aesExtra({ version: 2, strength: 3, method: DEFLATE })), local: { crc32: 0 }, central: { crc32: 0 } } : { method: DEFLATE };
  return { name, content, data, flags: FLAG_ENCRYPTED, ...aes };
}

const PRODUCERS: Record<string, () => Buffer> = {
  "Info-ZIP": () => buildZip([
    { name: "d/", mode: 0o040755, extra: unixExtra }, { name: "d/a.txt", content: TEXT, method: DEFLATE, mode: 0o100644, extra: unixExtra },
    { name: "b.txt", content: "stored", mode: 0o100644, extra: unixExtra }, { name: "l", content: "b.txt", mode: 0o120777 },
  ]),
  "a writer to a pipe": () => buildZip([
    { name: "a.txt", content: TEXT, method: DEFLATE, descriptor: { signature: true, long: false } }, { name: "b", descriptor: { signature: true, long: false } },
    { name: "c.txt", content: "stored", descriptor: { signature: true, long: false } },
  ]),
  "a writer to a pipe, with zip64": () => buildZip(["a", "b"].map((name) => ({
    name, content: TEXT, method: DEFLATE, descriptor: { signature: true, long: true }, local: { size: 0xffffffff, packedSize: 0xffffffff, extra: zip64Extra(0, 0) },
  })), { zip64: {} }),
  zip64: () => buildZip([
    { name: "a", content: TEXT, method: DEFLATE, local: { size: 0xffffffff, packedSize: 0xffffffff, extra: zip64Extra(TEXT.length, packed) }, central: { size: 0xffffffff, packedSize: 0xffffffff, extra: zip64Extra(TEXT.length, packed) } },
    { name: "b", content: "b" },
  ], { zip64: {} }),
  Windows: () => buildZip([
    { name: "d/", central: { attributes: 0x10, extra: ntfs } }, { name: "d/ä.txt", content: TEXT, method: DEFLATE, flags: FLAG_UTF8, central: { extra: ntfs } }, { name: "d/b.txt", content: "b", central: { extra: ntfs } },
  ]),
  "Unicode path fields": () => buildZip([
    { name: Buffer.from([0x81, 0x2e, 0x74]), content: TEXT, extra: unicodePathExtra("ü.t", Buffer.from([0x81, 0x2e, 0x74])) }, { name: Buffer.from([0x84, 0x2e, 0x74]), content: "ä", extra: unicodePathExtra("ä.t", Buffer.from([0x84, 0x2e, 0x74])) },
  ]),
  comments: () => buildZip([{ name: "a", content: TEXT, central: { comment: "about a" } }, { name: "b", content: "b", method: DEFLATE, central: { comment: "about b" } }], { comment: "about all of it" }),
  AES: () => buildZip([sealed("a", TEXT, "aes256"), sealed("b", "other", "aes256"), { name: "plain", content: "plain" }]),
  ZipCrypto: () => buildZip([sealed("a", TEXT, "zipcrypto"), sealed("b", "other", "zipcrypto"), { name: "plain", content: "plain" }]),
  "empty files": () => buildZip([{ name: "a" }, { name: "b", method: DEFLATE }, { name: "c/" }, { name: "d" }]),
};

/** What somebody must never get: other names or another content, and no word about it. */
function wrong(bent: Unpacked, whole: Unpacked): string | undefined {
  const files = (of: Unpacked): [string, string][] => Object.entries(of.contents).filter(([path]) => !path.endsWith("/"));
  if (bent.code === 0) return bent.warnings.length > 0 || JSON.stringify(bent.contents) === JSON.stringify(whole.contents) ? undefined : `exit 0 and ${JSON.stringify(bent.contents)}`;
  const right = new Set(files(whole).map(([, content]) => content));
  const other = files(bent).find(([, content]) => !right.has(content));
  return other === undefined ? undefined : `exit ${bent.code} and ${JSON.stringify(other)}`;
}

const password = async (): Promise<string> => PASSWORD;

async function bendAll(good: Buffer, seed: number): Promise<void> {
  const where = sandbox();
  const whole = await unpack(good, { password }, where);
  expect([whole.code, whole.failures]).toEqual([0, {}]);
  const variants = [...bentOf(good, seeded(seed))];
  const step = ALL ? 1 : Math.max(1, variants.length / PART);
  const found: string[] = [];
  for (let at = 0; at < variants.length; at += step) {
    const { what, bytes } = variants[Math.floor(at)]!;
    const bent = await unpack(bytes, { name: "bent.zip", password }, where);
    const problem = wrong(bent, whole);
    rmSync(bent.folder, { recursive: true });
    rmSync(`${bent.folder}-in`, { recursive: true });
    if (problem !== undefined) found.push(`${what}: ${problem}`);
  }
  expect(found).toEqual([]);
}

describe("zip: with any one field bent, an archive gives what it held, or an error, or a warning:", () => {
  let seed = 1;
  for (const [producer, build] of Object.entries(PRODUCERS)) {
    const own = seed++;
    it(producer, { timeout: 600_000 }, () => bendAll(build(), own));
  }

  for (const [program, args] of [["zip", ["-qr"]], ["7zz", ["a", "-bso0", "-tzip"]], ["bsdtar", ["-a", "-cf"]]] as const) {
    const own = seed++;
    it.skipIf(!has(program))(`made by ${program} (skipped where it is missing)`, { timeout: 600_000 }, async () => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, "a.txt"), TEXT.repeat(9));
      writeFileSync(join(folder, "b"), "b");
      run(program, [...args, "made.zip", "a.txt", "b"], { cwd: folder });
      await bendAll(readFileSync(join(folder, "made.zip")), own);
    });
  }
});
