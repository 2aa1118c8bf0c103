/** The payload of an RPM package, versions 3 to 6, held against every size and digest that its headers give. */
import { createHash, type Hash } from "node:crypto";
import { BlockReader } from "../bytes/block-reader.ts";
import { UnzipxError } from "../errors.ts";
import type { Bytes, DecodeOptions, Warn } from "../formats/contract.ts";
import { bad, needBytes, takeHeader, type RpmHeader } from "./rpm-header.ts";
import { LEAD } from "./rpm.ts";

const WHAT = "the RPM package";

// Tags of the signature header (rpm.org, "Signature tags"); the sizes and the MD5 are of header and payload together.
const SIG_SHA1 = 269;
const SIG_LONG_SIZE = 270;
const SIG_SHA256 = 273;
const SIG_SIZE = 1000;
const SIG_MD5 = 1004;
// Tags of the header ("Header tags").
const PAYLOAD_FORMAT = 1124;
const LONG_FILE_SIZES = 5008;
const PAYLOAD_SHA256 = 5092;
const PAYLOAD_SHA256_ALGORITHM = 5093;
const PAYLOAD_SIZE = 5112;
const RPM_FORMAT = 5114;
/** Of the payload's digest, as in OpenPGP (RFC 9580, 9.5). Without the tag it is SHA-256. */
const ALGORITHMS = new Map([[8, "sha256"], [9, "sha384"], [10, "sha512"], [11, "sha224"]]);
/** From rpm 6 on. */
const STRIPPED_SINCE = 6;

export async function* decodeRpm(input: Bytes, options: DecodeOptions): AsyncGenerator<Uint8Array> {
  const reader = new BlockReader(input, WHAT);
  try {
    await checkLead(reader);
    const signature = await takeHeader(reader, "signature");
    // Only this one is filled up, to a multiple of 8.
    await reader.skip((8 - (signature.bytes.length % 8)) % 8);
    const header = await takeHeader(reader, "main");
    checkHeader(signature, header);
    const format = header.text(PAYLOAD_FORMAT) ?? "cpio";
    if (format !== "cpio") {
      const known = format === "drpm" ? ": it is a delta, which makes a package only together with an older one" : ` of the payload format "${format.slice(0, 20)}"`;
      throw new UnzipxError("UNSUPPORTED_FORMAT", `Cannot read an RPM package${known}`);
    }
    const payload = verified(reader, signature, header, options.warn);
    // Of large files and since rpm 6 the cpio holds numbers in place of names: they are known here and nowhere else.
    const isStripped = header.has(LONG_FILE_SIZES) || (header.numbers(RPM_FORMAT)?.[0] ?? 0) >= STRIPPED_SINCE;
    yield* isStripped ? (await import("./rpm-stripped.ts")).unstrip(payload, header, options) : payload;
  } finally {
    await reader.close();
  }
}

/** 0 magic, 4 major and 5 minor version, 78 type of the signature: the rest says nothing any more. */
async function checkLead(reader: BlockReader): Promise<void> {
  const lead = await needBytes(reader, LEAD);
  const [major, signatureType] = [lead[4]!, lead[78]! * 256 + lead[79]!];
  // 5: the signature is a header structure, as it is since rpm 3.
  if (major < 3 || signatureType !== 5) {
    throw new UnzipxError("UNSUPPORTED_FORMAT", `Cannot read ${WHAT}: it is of a version before 3`, { found: `version ${major}, signature type ${signatureType}` });
  }
}

/** The digests of the main header, before anything that it says is used. */
function checkHeader(signature: RpmHeader, header: RpmHeader): void {
  for (const [algorithm, tag] of [["sha1", SIG_SHA1], ["sha256", SIG_SHA256]] as const) {
    const expected = signature.text(tag);
    if (expected !== undefined) compare("header", expected, createHash(algorithm).update(header.bytes).digest("hex"));
  }
}

/** The payload; ends normally only when sizes and digests fit. */
async function* verified(reader: BlockReader, signature: RpmHeader, header: RpmHeader, warn: Warn): AsyncGenerator<Uint8Array> {
  const digests = digestsOf(signature, header);
  const size = sizeOf(signature, header);
  for await (const piece of size === undefined ? reader.rest() : reader.pieces(size)) {
    for (const { hash } of digests) hash.update(piece);
    yield piece;
  }
  for (const { expected, hash } of digests) compare("content", expected, hash.digest("hex"));
  const end = reader.position;
  for await (const _ of reader.rest());
  if (reader.position > end) warn(new UnzipxError("TRAILING_DATA", `The RPM package is followed by ${reader.position - end} bytes that were not read`));
}

/** Bytes of the payload; undefined where nothing tells: then it reaches to the end. */
function sizeOf(signature: RpmHeader, header: RpmHeader): number | undefined {
  const own = header.numbers(PAYLOAD_SIZE)?.[0];
  const both = (signature.numbers(SIG_LONG_SIZE) ?? signature.numbers(SIG_SIZE))?.[0];
  if (both === undefined) return own;
  const size = both - header.bytes.length;
  if (size < 0 || (own !== undefined && own !== size)) throw bad("its sizes contradict each other", `${both} bytes of header and payload, ${header.bytes.length} of the header, ${own ?? "unknown"} of the payload`);
  return size;
}

interface Digest {
  readonly expected: string;
  readonly hash: Hash;
}

function digestsOf(signature: RpmHeader, header: RpmHeader): Digest[] {
  const digests: Digest[] = [];
  const md5 = signature.hex(SIG_MD5);
  const hash = md5 === undefined ? undefined : createMd5();
  if (md5 !== undefined && hash !== undefined) digests.push({ expected: md5, hash: hash.update(header.bytes) });
  const payload = header.text(PAYLOAD_SHA256);
  const algorithm = ALGORITHMS.get(header.numbers(PAYLOAD_SHA256_ALGORITHM)?.[0] ?? 8);
  if (payload !== undefined && algorithm !== undefined) digests.push({ expected: payload, hash: createHash(algorithm) });
  return digests;
}

/** Undefined where the system forbids it (FIPS); packages without a better digest are then read as those without any. */
function createMd5(): Hash | undefined {
  try {
    return createHash("md5");
  } catch {
    return undefined;
  }
}

function compare(what: "header" | "content", expected: string, found: string): void {
  if (expected.toLowerCase() === found) return;
  throw new UnzipxError("BAD_CHECKSUM", `Cannot read ${WHAT}: the digest of its ${what} does not match, so it is damaged or was changed`, { expected, found });
}
