/** Lists of digests, as sha256sum, b2sum and shasum write them (coreutils manual, "cksum output modes"), and as BSD and openssl do. */
import { open } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { fromSystem, UnzipxError } from "../errors.ts";

/** Those that nobody can forge, and their length in hexadecimal digits. */
export const ALGORITHMS = { sha256: 64, sha384: 96, sha512: 128, blake2b512: 128 } as const;

export type Algorithm = keyof typeof ALGORITHMS;

export interface Digest {
  readonly algorithm: Algorithm;
  /** In lower case. */
  readonly hex: string;
}

interface Line {
  readonly name: string;
  /** As the list calls it, in lower case; undefined where only the length tells. */
  readonly algorithm: string | undefined;
  readonly hex: string;
}

export interface DigestList {
  readonly path: string;
  readonly lines: readonly Line[];
}

/** More than 100,000 lines. */
const MOST_BYTES = 16 * 1024 * 1024;

export async function readDigestList(path: string): Promise<DigestList> {
  try {
    const file = await open(path, "r");
    try {
      const pieces: Uint8Array[] = [];
      let size = 0;
      for (;;) {
        const { bytesRead, buffer } = await file.read(Buffer.alloc(64 * 1024));
        if (bytesRead === 0) break;
        size += bytesRead;
        if (size > MOST_BYTES) throw new UnzipxError("NO_INPUT", `Cannot read "${path}": it is too large for a list of checksums`);
        pieces.push(buffer.subarray(0, bytesRead));
      }
      return { path, lines: parseDigestList(Buffer.concat(pieces).toString("utf8")) };
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fromSystem(error, "read", `read "${path}"`);
  }
}

/** What is no line of a list is no part of it: comments, a signature around it. */
export function parseDigestList(text: string): Line[] {
  return text.split(/\r?\n/).flatMap((line): Line[] => {
    const isEscaped = line.startsWith("\\");
    const body = isEscaped ? line.slice(1) : line;
    const tagged = /^([A-Za-z0-9/-]+) ?\((.+)\) ?= ?([0-9a-fA-F]+)$/.exec(body);
    if (tagged !== null) return [{ name: unescaped(tagged[2]!, isEscaped), algorithm: tagged[1]!.toLowerCase(), hex: tagged[3]!.toLowerCase() }];
    const plain = /^([0-9a-fA-F]{32,128}) [ *](.+)$/.exec(body);
    return plain === null ? [] : [{ name: unescaped(plain[2]!, isEscaped), algorithm: undefined, hex: plain[1]!.toLowerCase() }];
  });
}

function unescaped(name: string, isEscaped: boolean): string {
  return isEscaped ? name.replace(/\\([\\nr])/g, (_, character: string) => ({ "\\": "\\", n: "\n", r: "\r" })[character]!) : name;
}

/**
 * All digests that a list has of a file: of the very path, seen from where the list lies, or else of its name.
 * Throws NO_MATCH where it has none, AMBIGUOUS where it has two that cannot both be right.
 */
export function digestsFor(path: string, { path: listPath, lines }: DigestList): Digest[] {
  const shown = path === "-" ? "standard input" : `"${path}"`;
  const named = lines.filter(({ name }) => basename(name) === basename(path));
  const exact = named.filter(({ name }) => path !== "-" && resolve(dirname(listPath), name) === resolve(path));
  const found = exact.length > 0 ? exact : named;
  if (found.length === 0) {
    throw new UnzipxError("NO_MATCH", `Cannot verify ${shown}: "${listPath}" has no line for it`, { expected: `a line that ends with "${basename(path)}"`, hint: path === "-" ? "--checksum sha256:HEX" : `grep -F ${basename(path)} ${listPath}` });
  }
  const digests = new Map<Algorithm, string>();
  const weak = new Set<string>();
  for (const { algorithm: given, hex } of found) {
    const algorithm = algorithmOf(given, hex, listPath);
    if (algorithm === undefined) {
      weak.add(given ?? WEAK[hex.length] ?? `a digest of ${hex.length} digits`);
      continue;
    }
    if ((digests.get(algorithm) ?? hex) !== hex) throw new UnzipxError("AMBIGUOUS", `Cannot verify ${shown}: "${listPath}" names two different digests of it`, { expected: `${algorithm}:${digests.get(algorithm)!}`, found: `${algorithm}:${hex}` });
    digests.set(algorithm, hex);
  }
  if (digests.size === 0) throw new UnzipxError("UNSUPPORTED_METHOD", `Cannot verify ${shown}: "${listPath}" has only ${[...weak].join(", ")} of it, which ${weak.size === 1 ? "is" : "are"} not enough`, { expected: `one of ${Object.keys(ALGORITHMS).join(", ")}`, hint: "--checksum sha256:HEX" });
  return [...digests].map(([algorithm, hex]) => ({ algorithm, hex }));
}

const WEAK: Readonly<Record<number, string>> = { 32: "md5", 40: "sha1", 56: "sha224" };

/** BSD says SHA256, openssl SHA2-256, b2sum BLAKE2b; a list without names is by SHA-2, unless it is called after b2sum. */
function algorithmOf(given: string | undefined, hex: string, listPath: string): Algorithm | undefined {
  const isBlake = /b2|blake/i.test(basename(listPath));
  const name = given === undefined ? ({ 64: "sha256", 96: "sha384", 128: isBlake ? "blake2b512" : "sha512" } as Record<number, string>)[hex.length] : given.replace(/^sha2?-/, "sha").replace(/^blake2b(-512)?$/, "blake2b512");
  if (name === undefined || !Object.hasOwn(ALGORITHMS, name)) return undefined;
  const algorithm = name as Algorithm;
  return ALGORITHMS[algorithm] === hex.length ? algorithm : undefined;
}
