/**
 * Damage to archives of every format: cut anywhere, or one bit changed anywhere. What comes out is an error or all of the right content,
 * except where a format has nothing that could tell, which is listed here. UNZIPX_LONG=1 tries every place, otherwise a few, always the same.
 */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openArchive } from "../src/core/open.ts";
import { UnzipxError } from "../src/errors.ts";
import { DEFAULT_LIMITS } from "../src/safe/policy.ts";
import { fixture } from "./helpers/filters.ts";

const LONG = process.env["UNZIPX_LONG"] === "1";
/** Of each kind, for each archive, when there is not much time. */
const FEW = 12;

interface Read {
  /** What failed, or was refused. */
  readonly code: string | undefined;
  readonly notes: number;
  /** Content of files and targets of links, in any order. */
  readonly content: string;
  /** The same with names and types. */
  readonly entries: string;
}

const folder = mkdtempSync(join(tmpdir(), "unzipx-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function read(bytes: Uint8Array, name: string, password: string | undefined): Promise<Read> {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  const content: string[] = [];
  const entries: string[] = [];
  let notes = 0;
  let code: string | undefined;
  try {
    const opened = await openArchive(path, { format: undefined, threads: 1, lenient: false, limits: DEFAULT_LIMITS, warn: () => void (notes += 1), password: async () => password });
    try {
      if (opened.kind !== "stream") throw new Error(`${name} is not read in order`);
      for await (const entry of opened.entries({ listing: false, wants: () => true })) {
        code ??= entry.refusal?.code;
        if (entry.type === "special") code ??= "SPECIAL_FILE";
        const hash = createHash("sha256").update(entry.linkTarget ?? "");
        try {
          for await (const chunk of entry.content()) hash.update(chunk);
        } catch (error) {
          if (!(error instanceof UnzipxError) || !opened.entriesFailAlone) throw error;
          code ??= error.code;
        }
        const digest = hash.digest("base64");
        if (entry.type !== "directory") content.push(digest);
        entries.push(`${entry.type} ${entry.path} ${digest}`);
      }
    } finally {
      await opened.close();
    }
  } catch (error) {
    if (!(error instanceof UnzipxError)) throw error; // a crash is no outcome
    code ??= error.code;
  }
  return { code, notes, content: content.sort().join("\n"), entries: entries.sort().join("\n") };
}

interface Sample {
  readonly path: string;
  readonly password?: string;
  /** Lengths at which a shorter archive is as whole as this one: the format has no end mark, or it says nothing. */
  readonly ends?: readonly number[] | "any";
  /** Why flipped bits may lead to other content without a word; undefined: they never do. */
  readonly unchecked?: string;
}

const SAMPLES: readonly Sample[] = [
  { path: "7z/good-lzma2.7z" }, { path: "7z/good-ppmd.7z" }, { path: "7z/good-bcj2.7z" }, { path: "7z/good-arm64-bzip2.7z" },
  { path: "rar/good-stored-4.rar" }, { path: "rar/good-stored-5.rar" }, { path: "arj/good.arj" }, { path: "cab/good-stored.cab" },
  { path: "wim/good.wim" }, { path: "xar/good.xar" }, { path: "squashfs/good.squashfs", unchecked: "has no checksums" },
  { path: "lzh/good-level0-dos.lzh" }, { path: "lzh/good-level1-unix.lzh" }, { path: "lzh/good-level2.lzh" }, { path: "lzh/good-level3.lzh" }, { path: "lzh/good-lh1.lzh" },
  { path: "gzip/good-members.gz", ends: [22] }, { path: "gzip/good-named.gz" }, { path: "bzip2/good-streams.bz2", ends: [510] }, { path: "xz/good-streams.xz", ends: [384, 388, 392] }, { path: "lzip/good-members.lz", ends: [168] },
  { path: "zstd/good-frames.zst", ends: [13, 158, 223, 236], unchecked: "need not have a checksum, and the second frame has none" }, { path: "lz4/good-frames.lz4", ends: [13, 232, 245] }, { path: "lzop/good-members.lzo", ends: [243] }, { path: "snappy/good-streams.sz", ends: [10, 204, 211, 221], unchecked: "may have chunks that are to be skipped, and a changed type makes one of any" },
  { path: "brotli/good.br", unchecked: "has no checksum" }, { path: "lzma/good.lzma", unchecked: "has no checksum" }, { path: "compress/good-12-bits.Z", ends: "any", unchecked: "has no checksum" },
  { path: "tar/good-gnu.tar", unchecked: "sums its headers only" }, { path: "tar/good-pax-longname.tar", unchecked: "sums its headers only" }, { path: "tar/good-pax-sparse-1.0.tar", unchecked: "sums its headers only" },
  { path: "cpio/good-crc.cpio", unchecked: "sums the content of files, and nothing else" }, { path: "cpio/good-newc.cpio", unchecked: "has no checksum" }, { path: "cpio/good-odc.cpio", unchecked: "has no checksum" }, { path: "cpio/good-bin.cpio", unchecked: "has no checksum" },
  { path: "ar/good-gnu.a", unchecked: "has no checksum" }, { path: "ar/good-bsd.a", unchecked: "has no checksum" },
  { path: "deb/good-xz.deb" }, { path: "deb/good-gzip.deb" }, { path: "rpm/good-gzip.rpm" },
];

/** All places up to `end`, or a few that are scattered evenly and do not depend on anything else. */
function places(end: number, seed: number): number[] {
  if (LONG || end <= FEW) return Array.from({ length: end }, (_, at) => at);
  return Array.from({ length: FEW }, (_, i) => Math.floor(((i + ((seed * 0.618034) % 1)) * end) / FEW));
}

for (const { path, password, ends = [], unchecked } of SAMPLES) {
  const bytes = fixture(path);
  const name = basename(path);
  const seed = bytes.reduce((sum, byte) => (sum * 31 + byte) >>> 0, 7);

  describe(path, () => {
    it("cut anywhere: an error, a word that the end is missing, or all of the content", { timeout: LONG ? 3_600_000 : 120_000 }, async () => {
      const whole = await read(bytes, name, password);
      expect(whole.code).toBeUndefined();
      const silent: number[] = [];
      for (const length of places(bytes.length, seed)) {
        const { code, notes, entries } = await read(bytes.subarray(0, length), name, password);
        if (code === undefined && notes <= whole.notes && entries !== whole.entries) silent.push(length);
      }
      expect(silent.filter((length) => ends !== "any" && !ends.includes(length))).toEqual([]);
    });

    it(`one bit changed anywhere: ${unchecked === undefined ? "an error, or the right content" : `one of our errors, or other content, because the format ${unchecked}`}`, { timeout: LONG ? 3_600_000 : 120_000 }, async () => {
      const whole = await read(bytes, name, password);
      const silent: string[] = [];
      for (const at of places(bytes.length, seed + 1)) {
        const changed = Buffer.from(bytes);
        changed[at]! ^= 1 << ((at * 7 + seed) % 8);
        const { code, notes, content } = await read(changed, name, password);
        if (code === undefined && notes <= whole.notes && content !== whole.content) silent.push(`${at}:${(at * 7 + seed) % 8}`);
      }
      if (unchecked === undefined) expect(silent).toEqual([]);
    });
  });
}
