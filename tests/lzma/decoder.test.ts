/** LZMA and LZMA2 by our decoder, next to xz, 7zz and 7-Zip in WebAssembly. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { engineDecode, type EngineCodec } from "../../src/engine/codec.ts";
import { UnzipxError } from "../../src/errors.ts";
import { Damage } from "../../src/lzma/damage.ts";
import { LzmaDecoder, type Source } from "../../src/lzma/decoder.ts";
import { decodeXz } from "../../src/lzma/xz.ts";
import { inChunks } from "../helpers/build.ts";
import { mixture, noise } from "../helpers/filters.ts";
import { has, temporaryFolder } from "../helpers/tools.ts";

/** Given in pieces of up to `most` bytes. */
function sourceOf(bytes: Uint8Array, most = Infinity): Source {
  let at = 0;
  return {
    read(into) {
      const part = bytes.subarray(at, at + Math.min(into.length, most));
      into.set(part);
      at += part.length;
      return part.length;
    },
  };
}

/** What comes out, and how it ends. */
function outcome(decode: (write: (bytes: Uint8Array) => void) => void): { content: Buffer; line: string | undefined } {
  const pieces: Buffer[] = [];
  try {
    decode((bytes) => void pieces.push(Buffer.from(bytes)));
    return { content: Buffer.concat(pieces), line: undefined };
  } catch (error) {
    return { content: Buffer.concat(pieces), line: Damage.of(error).line };
  }
}

function xz(content: Uint8Array, ...args: string[]): Buffer {
  const { stdout, status } = spawnSync("xz", ["-c", ...args], { input: content, maxBuffer: 1 << 28 });
  expect(status).toBe(0);
  return stdout;
}

/** A raw stream, without a container. */
function raw(content: Uint8Array, filter: string): Buffer {
  return xz(content, "--format=raw", filter);
}

async function codeOf(type: EngineCodec, bytes: Uint8Array): Promise<{ code: string | undefined; length: number }> {
  let length = 0;
  let code: string | undefined;
  try {
    const behind = (): never => {
      throw new UnzipxError("TRAILING_DATA", "");
    };
    for await (const chunk of engineDecode(type, inChunks(bytes, 100_000), { what: "it", behind })) length += chunk.length;
  } catch (error) {
    code = (error as UnzipxError).code;
  }
  return { code, length };
}

/** Repeats itself nearby and far away, with bytes of every kind in between. */
function far(length: number): Buffer {
  const base = mixture(300_000);
  const bytes = Buffer.alloc(length);
  const places = noise(4 * Math.ceil(length / 1000), 5);
  for (let at = 0, i = 0; at < length; i += 4) {
    const from = places.readUInt32LE(i) % base.length;
    at += base.copy(bytes, at, from, from + 1 + (from % 3000));
    if (from % 7 === 0 && at > 2_000_000) at += bytes.copy(bytes, at, at - 1_900_000, at - 1_900_000 + (from % 1000));
  }
  return bytes;
}

describe("LZMA2", () => {
  it.skipIf(!has("xz"))("with every dictionary and every property is what it was, also where the dictionary is passed many times (needs xz)", { timeout: 60_000 }, () => {
    const content = far(5_000_000);
    const variants: [string, number][] = [
      ["dict=4KiB", 4096], ["dict=6KiB,lc=0,lp=0,pb=0", 6144], ["dict=64KiB,lc=4,lp=0,pb=4", 65536], ["dict=1MiB,lc=0,lp=4,pb=2", 1 << 20], ["dict=1536KiB,lc=1,lp=3,pb=3", 1.5 * 2 ** 20],
      ["dict=2MiB,mode=fast,nice=5", 2 << 20], ["dict=3MiB,nice=273", 3 << 20], ["dict=8MiB", 8 << 20],
    ];
    const decoder = new LzmaDecoder();
    for (const [options, dictionary] of variants) {
      const bytes = raw(content, `--lzma2=preset=1,${options}`);
      for (const most of [undefined, content.length]) {
        const { content: found, line } = outcome((write) => expect(decoder.lzma2(sourceOf(bytes, 777), dictionary, write, most)).toEqual({ packed: bytes.length, content: content.length }));
        expect([options, line, found.equals(content)]).toEqual([options, undefined, true]);
      }
    }
  });

  it.skipIf(!has("xz"))("of every length, stored or not, is what it was (needs xz)", () => {
    const decoder = new LzmaDecoder();
    for (const length of [0, 1, 2, 3, 100, 65535, 65536, 65537, 200_000, 3_000_000]) {
      for (const content of [noise(length), mixture(length), Buffer.alloc(length), Buffer.alloc(length, "abc")]) {
        const { content: found, line } = outcome((write) => void decoder.lzma2(sourceOf(raw(content, "--lzma2=preset=0")), 1 << 18, write));
        expect([length, line, found.equals(content)]).toEqual([length, undefined, true]);
      }
    }
  });

  it.skipIf(!has("xz"))("ends where more comes out than there may be (needs xz)", () => {
    const bytes = raw(Buffer.alloc(100_000_000), "--lzma2=preset=0");
    const { content, line } = outcome((write) => void new LzmaDecoder().lzma2(sourceOf(bytes), 1 << 18, write, 1000));
    expect([content.length <= 1000, line]).toEqual([true, "ERROR: Data Error"]);
  });

  it.skipIf(!has("xz"))("with the largest dictionary that can be named takes the memory of its content (needs xz)", () => {
    const content = Buffer.alloc(10_000, "abcde");
    for (const dictionary of [2 ** 31, 3 * 2 ** 30, 2 ** 32 - 1]) {
      const { content: found, line } = outcome((write) => void new LzmaDecoder().lzma2(sourceOf(raw(content, "--lzma2=preset=0")), dictionary, write));
      expect([dictionary, found.equals(content), line]).toEqual([dictionary, true, undefined]);
    }
  });

  it.skipIf(!has("xz"))("may not reach behind its dictionary, nor in front of its beginning (needs xz)", () => {
    const decoder = new LzmaDecoder();
    const bytes = raw(far(5_000_000), "--lzma2=preset=1,dict=4MiB");
    for (const dictionary of [4096, 1 << 20, (1 << 21) - 300_000]) expect(outcome((write) => void decoder.lzma2(sourceOf(bytes), dictionary, write)).line).toBe("ERROR: Data Error");
    const begun = Buffer.from(raw(Buffer.alloc(100_000, "abcdefg"), "--lzma2=preset=1"));
    begun[0]! &= 0xdf; // new properties, but no new dictionary
    expect(outcome((write) => void decoder.lzma2(sourceOf(begun), 1 << 20, write)).line).toBe("ERROR: Data Error");
  });

  it("of any bits ends, in content or in damage, and the next one is decoded", { timeout: 60_000 }, () => {
    const decoder = new LzmaDecoder();
    const lines = new Set<string | undefined>();
    const good = Buffer.from([1, 0, 4, ...Buffer.from("hello"), 0]);
    for (let seed = 0; seed < 200; seed++) {
      const bytes = Buffer.concat([Buffer.from([0xe0 | (seed % 32), seed, 0, 0x20, seed, [93, 0, 100, 224][seed % 4]!, 0]), noise(9000, seed)]);
      let length = 0;
      lines.add(outcome((write) => void decoder.lzma2(sourceOf(bytes), 1 << (12 + (seed % 12)), (piece) => write(piece.subarray(0, Math.min(piece.length, (length += 1)))))).line);
      const properties = Buffer.from([seed % 226, 0, 0, 1 << (seed % 8), 0]);
      lines.add(outcome((write) => void decoder.lzma(properties, sourceOf(Buffer.concat([Buffer.alloc(1), noise(5000, seed + 1000)])), 1 << 18, (piece) => write(piece.subarray(0, 1)))).line);
      expect(outcome((write) => void decoder.lzma2(sourceOf(good), 4096, write))).toEqual({ content: Buffer.from("hello"), line: undefined });
    }
    for (const line of lines) expect(line).toMatch(/^ERROR: (Data Error|Unexpected end of data|Unsupported Method)$/);
  });
});

describe("LZMA", () => {
  const properties = (lc: number, lp: number, pb: number, dictionary: number): Buffer => {
    const bytes = Buffer.alloc(5, (pb * 5 + lp) * 9 + lc);
    bytes.writeUInt32LE(dictionary, 1);
    return bytes;
  };

  it.skipIf(!has("xz"))("is what it was, with an end mark or without; more behind it, and less than that, is told (needs xz)", { timeout: 60_000 }, () => {
    const decoder = new LzmaDecoder();
    const content = far(3_000_000);
    for (const [lc, lp, pb, dictionary] of [[3, 0, 2, 1 << 20], [0, 0, 0, 4096], [0, 4, 4, 1 << 16], [4, 0, 0, 1 << 23]] as const) {
      const bytes = raw(content, `--lzma1=preset=1,lc=${lc},lp=${lp},pb=${pb},dict=${dictionary}`); // with an end mark
      const run = (packed: Uint8Array, size: number, most?: number): ReturnType<typeof outcome> => outcome((write) => decoder.lzma(properties(lc, lp, pb, dictionary), sourceOf(packed, most), size, write));
      for (const most of [undefined, 1, 1000]) {
        const { content: found, line } = run(bytes, content.length, most);
        expect([lc, lp, pb, most, line, found.equals(content)]).toEqual([lc, lp, pb, most, undefined, true]);
      }
      expect(run(bytes, content.length - 1).line).toBe("ERROR: Data Error");
      expect(run(Buffer.concat([bytes, Buffer.alloc(1)]), content.length).line).toBe("ERROR: There are some data after the end of the payload data");
      expect(run(bytes, content.length + 1).line).toBe("ERROR: Data Error");
      expect(run(bytes.subarray(0, bytes.length >> 1), content.length).line).toBe("ERROR: Unexpected end of data");
    }
  });

  it.skipIf(!has("7zz"))("as 7zz packs it, without an end mark, is what it was (needs 7zz)", () => {
    const folder = temporaryFolder();
    const content = far(2_000_000);
    writeFileSync(join(folder, "a"), content);
    expect(spawnSync("7zz", ["a", "-m0=LZMA:d=1m:lc=2:lp=2:pb=0", "a.7z", "a"], { cwd: folder }).status).toBe(0);
    const archive = readFileSync(join(folder, "a.7z"));
    const packed = archive.subarray(32, 32 + Number(archive.readBigUInt64LE(12))); // up to the header, which is too short to be packed itself
    const { content: found, line } = outcome((write) => new LzmaDecoder().lzma(properties(2, 2, 0, 1 << 20), sourceOf(packed), content.length, write));
    expect([found.equals(content), line]).toEqual([true, undefined]);
  });
});

describe("xz", () => {
  it.skipIf(!has("xz"))("changed or cut off anywhere ends as with 7-Zip (needs xz)", { timeout: 300_000 }, async () => {
    const content = mixture(60_000);
    const codes = new Map<string, number>();
    for (const args of [["-0", "--check=crc64", "--block-size=20000"], ["-0", "--check=sha256"], ["-1", "-T2", "--check=crc32", "--block-size=30000"], ["-0", "--check=none"]]) {
      const whole = Buffer.concat([xz(content, ...args), Buffer.alloc(4), xz(Buffer.from("second"), "-0")]);
      const random = noise(8 * 120, args.length + 3);
      for (let i = 0; i < 120; i++) {
        let changed = Buffer.from(whole);
        // Every other one at either end, where the structure is.
        const place = random.readUInt32LE(8 * i);
        const at = i % 2 === 0 ? place % whole.length : i % 4 === 1 ? place % 40 : whole.length - 1 - (place % 130);
        if (i % 5 === 0) changed = changed.subarray(0, at);
        else changed[at]! ^= 1 << (random[8 * i + 7]! % 8);
        const [ours, theirs] = [await codeOf("plain-xz", changed), await codeOf("xz", changed)];
        codes.set(ours.code ?? "none", (codes.get(ours.code ?? "none") ?? 0) + 1);
        // Of the index' first byte, changed, 7-Zip makes a bad index; to us it is a block, and a bad one.
        if (ours.code !== "BAD_DATA" || theirs.code !== "BAD_CHECKSUM") expect([args, i, at, ours.code]).toEqual([args, i, at, theirs.code]);
      }
    }
    expect([...codes.keys()].sort()).toEqual(["BAD_CHECKSUM", "BAD_DATA", "BAD_HEADER", "TRAILING_DATA", "TRUNCATED", "none"].filter((code) => codes.has(code)));
    expect(codes.get("none") ?? 0).toBeLessThan(10);
  });

  it.skipIf(!has("xz"))("with each check that is known, and only that, is given (needs xz)", () => {
    const content = far(1_500_000);
    for (const check of ["none", "crc32", "crc64", "sha256"]) {
      const bytes = xz(content, "-1", `--check=${check}`, "--block-size=400000");
      const told = (packed: Uint8Array): unknown[] => {
        const { content: found, line } = outcome((write) => decodeXz(sourceOf(packed, 5000), write));
        return [check, found.equals(content), line];
      };
      expect(told(bytes)).toEqual([check, true, undefined]);
      if (check === "none") continue;
      const sum = Buffer.from(bytes);
      const index = (bytes.readUInt32LE(bytes.length - 8) + 1) * 4;
      sum[bytes.length - 12 - index - 1]! ^= 1;
      expect(told(sum)).toEqual([check, true, "ERROR: CRC Failed"]);
    }
  });
});
