/**
 * --checksum: an archive is only used when its bytes have the digest that the user was told. What is digested is what the user named: the file,
 * each part of a split set by its own name, or what comes through a pipe, to its end. Files are read through the very descriptors
 * that they are extracted from, before anything of them is decoded; what comes through a pipe as it passes.
 */
import { createHash, type Hash } from "node:crypto";
import { fstatSync, read } from "node:fs";
import { basename } from "node:path";
import { promisify } from "node:util";
import { UnzipxError } from "../errors.ts";
import type { Source } from "../formats/contract.ts";
import { ALGORITHMS, digestsFor, type Algorithm, type Digest, type DigestList, readDigestList } from "./digest-list.ts";
import { isFileSource, type Counted, type Input } from "./sources.ts";

/** A digest of the one archive, or a file with many: as sha256sum writes it, or as BSD does. */
export type Checksum = { readonly digest: Digest } | { readonly list: string };

/** "sha256:HEX" or "@FILE". Throws USAGE. */
export function parseChecksum(text: string): Checksum {
  if (text.startsWith("@") && text.length > 1) return { list: text.slice(1) };
  const [, name, hex] = /^([a-z0-9-]+):([0-9a-f]+)$/i.exec(text) ?? [];
  const hint = "--checksum sha256:HEX, or --checksum @SHA256SUMS";
  if (name === undefined || hex === undefined) throw new UnzipxError("USAGE", `Cannot understand --checksum "${text}": it is neither a digest nor a list of them`, { hint });
  const algorithm = name.toLowerCase().replace(/^sha-/, "sha");
  if (/^(md[245]|sha1)$/.test(algorithm)) throw new UnzipxError("USAGE", `Cannot verify by ${algorithm}: other archives with the same digest can be made at will`, { hint: "--checksum sha256:HEX" });
  if (!isAlgorithm(algorithm)) throw new UnzipxError("USAGE", `Cannot verify by "${name}": it is none of ${Object.keys(ALGORITHMS).join(", ")}`, { hint });
  if (hex.length !== ALGORITHMS[algorithm]) throw new UnzipxError("USAGE", `Cannot understand --checksum "${text}": ${algorithm} has ${ALGORITHMS[algorithm]} hexadecimal digits`, { found: `${hex.length} digits`, hint });
  return { digest: { algorithm, hex: hex.toLowerCase() } };
}

function isAlgorithm(name: string): name is Algorithm {
  return Object.hasOwn(ALGORITHMS, name);
}

export interface CheckOptions {
  readonly checksum: Checksum;
  /** What was read cannot be taken back, so all of it has to be known before: no pipes. */
  readonly isFinal: boolean;
  readonly signal: AbortSignal | undefined;
}

export interface Checked {
  readonly input: Input;
  /** To be called before anything becomes visible; reads what is left of a pipe. Throws BAD_CHECKSUM. */
  verify(): Promise<void>;
}

/** Verifies what lies in files, and sees to it that the rest is. */
export async function checkInput(input: Input, options: CheckOptions): Promise<Checked> {
  const { checksum } = options;
  const { parts, title } = input;
  if ("digest" in checksum && parts.length > 1) {
    throw new UnzipxError("USAGE", `Cannot verify "${title}" by one digest: it is a set of ${parts.length} files`, { hint: "--checksum @SHA256SUMS, with a line for each part" });
  }
  const list = "list" in checksum ? await readDigestList(checksum.list) : undefined;
  const wanted = new Map(parts.map((part) => [part, digestsOf(part.name, checksum, list)]));
  const stable: (() => void)[] = [];
  for (const part of parts) {
    if (isFileSource(part)) stable.push(await verifyFile(part, wanted.get(part)!, options.signal));
    else if (input.memory !== undefined) verifyMemory(part.name, input.memory, wanted.get(part)!);
    else if (options.isFinal) throw new UnzipxError("USAGE", "Cannot verify what comes through a pipe before it goes to standard output (-O): what was handed on cannot be taken back", { hint: "save it to a file first, or -C DIR instead of -O" });
  }
  if (isFileSource(input.source) || input.solid !== undefined) return { input, verify: async () => stable.forEach((one) => one()) };
  const passing = watched(input.source, wanted.get(input.source) ?? []);
  return {
    input: { ...input, source: passing.source },
    async verify() {
      await passing.verify();
      for (const one of stable) one();
    },
  };
}

function digestsOf(name: string, checksum: Checksum, list: DigestList | undefined): readonly Digest[] {
  return "digest" in checksum ? [checksum.digest] : digestsFor(name, list!);
}

const CHUNK = 1 << 20;
const readAt = promisify(read);

function verifyMemory(name: string, bytes: Uint8Array, wanted: readonly Digest[]): void {
  const summed = summing(wanted);
  summed.update(bytes);
  summed.assert(name);
}

/** Reads all of a file; what it returns throws when the file was written to since. */
async function verifyFile({ name, fd }: Source & { readonly fd: number }, wanted: readonly Digest[], signal: AbortSignal | undefined): Promise<() => void> {
  const state = (): string => {
    const { size, mtimeNs, ctimeNs } = fstatSync(fd, { bigint: true });
    return `${size} ${mtimeNs} ${ctimeNs}`; // a time of change cannot be set by whoever writes
  };
  const before = state();
  const summed = summing(wanted);
  const chunk = Buffer.allocUnsafeSlow(CHUNK);
  for (let at = 0; ; ) {
    signal?.throwIfAborted();
    const { bytesRead } = await readAt(fd, chunk, 0, CHUNK, at);
    if (bytesRead === 0) break;
    summed.update(chunk.subarray(0, bytesRead));
    at += bytesRead;
  }
  summed.assert(name);
  return () => {
    if (state() !== before) throw new UnzipxError("READ_FAILED", `Cannot trust what was read from "${name}": it changed after its checksum was verified`);
  };
}

/** The same bytes, summed on their way. Who reads them may stop before the end: verify() goes on there. */
function watched(source: Counted<Source>, wanted: readonly Digest[]): { readonly source: Counted<Source>; verify(): Promise<void> } {
  const summed = summing(wanted);
  let chunks: AsyncIterator<Uint8Array> | undefined;
  let isOver = false;
  const next = async (): Promise<Uint8Array | undefined> => {
    chunks ??= source.stream()[Symbol.asyncIterator]();
    const { done, value } = await chunks.next();
    if (done === true) {
      isOver = true;
      return undefined;
    }
    summed.update(value);
    return value;
  };
  return {
    source: {
      ...source,
      async *stream() {
        for (let chunk = await next(); chunk !== undefined; chunk = await next()) yield chunk;
      },
    },
    async verify() {
      while (!isOver) await next();
      summed.assert(source.name);
    },
  };
}

function summing(wanted: readonly Digest[]): { update(chunk: Uint8Array): void; assert(name: string): void } {
  const sums = wanted.map((digest) => ({ digest, hash: hashOf(digest.algorithm) }));
  let found: string[] | undefined;
  return {
    update(chunk) {
      for (const { hash } of sums) hash.update(chunk);
    },
    assert(name) {
      found ??= sums.map(({ hash }) => hash.digest("hex"));
      for (const [at, { digest: { algorithm, hex } }] of sums.entries()) {
        if (found[at] !== hex) throw new UnzipxError("BAD_CHECKSUM", `Cannot trust "${name === "-" ? "standard input" : basename(name)}": it is not the archive that the checksum is of`, { expected: `${algorithm}:${hex}`, found: `${algorithm}:${found[at]!}` });
      }
    },
  };
}

function hashOf(algorithm: Algorithm): Hash {
  try {
    return createHash(algorithm);
  } catch (error) {
    throw new UnzipxError("UNSUPPORTED_METHOD", `Cannot verify by ${algorithm}: this Node has it not`, { cause: error, hint: "--checksum sha256:HEX" });
  }
}
