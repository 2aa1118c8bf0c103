import { createGzip, crc32, deflateRawSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { UnzipxError } from "../../src/errors.ts";
import { gzip } from "../../src/filters/gzip.ts";
import { inChunks } from "../helpers/build.ts";
import { has, run, temporaryFolder } from "../helpers/tools.ts";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface Decoded {
  readonly text: string;
  readonly code: string | undefined;
  readonly notes: string[];
}

async function decode(bytes: Uint8Array, chunk = Infinity): Promise<Decoded> {
  const pieces: Buffer[] = [];
  const notes: string[] = [];
  let code: string | undefined;
  try {
    for await (const piece of gzip.decode(inChunks(bytes, chunk), { memory: 0, warn: (note) => void notes.push(note.message) })) pieces.push(Buffer.from(piece));
  } catch (error) {
    if (!(error instanceof UnzipxError)) throw error;
    code = error.code;
  }
  return { text: Buffer.concat(pieces).toString("latin1"), code, notes };
}

interface Header {
  readonly flags?: number;
  readonly extra?: Uint8Array;
  readonly name?: string;
  readonly comment?: string;
  readonly headerCrc?: boolean;
  readonly crc?: number;
  readonly size?: number;
  readonly method?: number;
}

/** One member with whatever its header may hold, or lie about. */
function member(content: string | Uint8Array, header: Header = {}): Buffer {
  const { extra, name, comment, headerCrc = false } = header;
  const flags = header.flags ?? (headerCrc ? 2 : 0) | (extra ? 4 : 0) | (name === undefined ? 0 : 8) | (comment === undefined ? 0 : 16);
  const length = Buffer.alloc(2);
  length.writeUInt16LE(extra?.length ?? 0);
  const head = Buffer.concat([
    Buffer.from([0x1f, 0x8b, header.method ?? 8, flags, 0, 0, 0, 0, 0, 3]), ...(extra ? [length, extra] : []),
    ...[name, comment].filter((text) => text !== undefined).map((text) => Buffer.from(`${text}\0`, "latin1")),
  ]);
  const check = Buffer.alloc(headerCrc ? 2 : 0);
  if (headerCrc) check.writeUInt16LE(crc32(head) & 0xffff);
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(header.crc ?? crc32(content));
  trailer.writeUInt32LE(header.size ?? Buffer.byteLength(content), 4);
  return Buffer.concat([head, check, deflateRawSync(content), trailer]);
}

/** Bytes that deflate cannot shrink, so that a member is longer than any buffer on its way. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0, state = 1; at < length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

describe("gzip.decode()", () => {
  it("gives the content of one member", async () => {
    expect(await decode(gzipSync("content"))).toEqual({ text: "content", code: undefined, notes: [] });
  });

  it("joins any number of members, empty ones too", async () => {
    const bytes = Buffer.concat([member("one "), member(""), member("two "), member(""), member("three"), member("")]);
    expect(await decode(bytes)).toEqual({ text: "one two three", code: undefined, notes: [] });
    expect(await decode(member(""))).toEqual({ text: "", code: undefined, notes: [] });
  });

  it("skips everything a header may hold", async () => {
    const full: Header = { extra: Buffer.from("BC\x02\0ab"), name: "na\u00efve.txt", comment: "a comment", headerCrc: true };
    for (const header of [full, { extra: new Uint8Array(0) }, { extra: new Uint8Array(65535) }, { name: "" }, { comment: "" }, { headerCrc: true }]) {
      expect(await decode(Buffer.concat([member("a", header), member("b", header)]))).toEqual({ text: "ab", code: undefined, notes: [] });
    }
  });

  it("gives the same whatever the chunks, also one byte at a time", async () => {
    const bytes = Buffer.concat([member("one ".repeat(50), { name: "n", extra: Buffer.from("abcd") }), member(""), member(noise(3000)), gzipSync("three")]);
    const whole = await decode(bytes);
    expect(whole.code).toBeUndefined();
    for (const chunk of [1, 2, 3, 10, 18, 100, 1000]) expect(await decode(bytes, chunk), `${chunk}`).toEqual(whole);
  });

  it("finds the next member wherever the chunks are cut", async () => {
    const first = member("first");
    const bytes = Buffer.concat([first, member("second")]);
    for (let at = 1; at < bytes.length; at++) {
      const cut = async function* (): AsyncGenerator<Uint8Array> {
        yield bytes.subarray(0, at);
        yield new Uint8Array(0);
        yield bytes.subarray(at);
      };
      let text = "";
      for await (const piece of gzip.decode(cut(), { memory: 0, warn: () => {} })) text += Buffer.from(piece).toString();
      expect([at, text]).toEqual([at, "firstsecond"]);
    }
  });

  it("joins members that are larger than every buffer on the way", async () => {
    const [a, b] = [noise(3_000_000), noise(1_500_000)];
    const { text, code } = await decode(Buffer.concat([gzipSync(a), gzipSync(Buffer.alloc(0)), gzipSync(b)]), 64 * 1024);
    expect(code).toBeUndefined();
    expect(Buffer.from(text, "latin1").equals(Buffer.concat([a, b]))).toBe(true);
  });

  it("joins thousands of small members, as bgzip makes them", async () => {
    const bytes = Buffer.concat(Array.from({ length: 3000 }, (_, at) => member(`${at}\n`, { extra: Buffer.from("BC\x02\0\0\0") })));
    expect((await decode(bytes, 5000)).text.split("\n")).toHaveLength(3001);
  });

  it("refuses a wrong checksum, of any member", async () => {
    expect((await decode(member("content", { crc: 1 }))).code).toBe("BAD_CHECKSUM");
    expect((await decode(Buffer.concat([member("one"), member("two", { crc: 1 }), member("three")]))).code).toBe("BAD_CHECKSUM");
  });

  it("refuses a wrong size", async () => {
    expect((await decode(member("content", { size: 8 }))).code).toBe("BAD_SIZE");
    expect((await decode(member("content", { size: 7 }))).code).toBeUndefined();
  });

  it("refuses what is no gzip, another method, and flags that no version defines", async () => {
    expect((await decode(Buffer.from("no gzip at all"))).code).toBe("BAD_HEADER");
    expect((await decode(new Uint8Array(0))).code).toBe("BAD_HEADER");
    expect((await decode(member("a", { method: 7 }))).code).toBe("BAD_HEADER");
    expect((await decode(member("a", { flags: 0x20 }))).code).toBe("BAD_HEADER");
  });

  it("refuses a name without an end", async () => {
    expect((await decode(member("a", { name: "x".repeat(70_000) }))).code).toBe("LIMIT");
  });

  it("refuses damaged data", async () => {
    const bytes = gzipSync(noise(1000));
    bytes.fill(0xff, 20, 60);
    expect((await decode(bytes)).code).toMatch(/^BAD_/);
  });

  it("truncated at any byte is an error", async () => {
    const one = member("some content, some content", { name: "name", extra: Buffer.from("abcd"), comment: "c", headerCrc: true });
    const bytes = Buffer.concat([one, member("more")]);
    for (const chunk of [Infinity, 5]) {
      for (let length = 0; length < bytes.length; length++) {
        if (length === one.length) continue; // one whole member
        const { code } = await decode(bytes.subarray(0, length), chunk);
        // The beginning of a header is no header.
        if (length > one.length && length < one.length + 3) expect([length, code]).toEqual([length, "BAD_DATA"]);
        else expect([length, code]).toEqual([length, length < 3 ? "BAD_HEADER" : "TRUNCATED"]);
      }
    }
  });

  it("any one byte changed in data or trailer is an error", async () => {
    const bytes = gzipSync("some content, some other content");
    for (let at = 10; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 0x10;
      const { code, text, notes } = await decode(changed);
      expect(code !== undefined || (text === "some content, some other content" && notes.length > 0), `byte ${at}`).toBe(true);
    }
  });

  it("stopped early, lets its input go", async () => {
    for (const enough of [1, 2]) {
      let ended = 0;
      let pieces = 0;
      for await (const _ of gzip.decode(inChunks(gzipSync(noise(4_000_000)), 10_000, () => (ended += 1)), { memory: 0, warn: () => {} })) if (++pieces === enough) break;
      expect(ended).toBe(1);
    }
  });

  it("lets its input go when the data is damaged, and when there is rubbish behind it", async () => {
    for (const bytes of [member("x", { crc: 1 }), Buffer.concat([member("x"), Buffer.alloc(50_000, "r")])]) {
      let ended = 0;
      try {
        for await (const _ of gzip.decode(inChunks(bytes, 100, () => (ended += 1)), { memory: 0, warn: () => {} }));
      } catch (error) {
        expect(error).toBeInstanceOf(UnzipxError);
      }
      expect(ended).toBe(1);
    }
  });

  it("passes an error of its input on as it is", async () => {
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield gzipSync(noise(100_000)).subarray(0, 50_000);
      throw new UnzipxError("READ_FAILED", "the disk is gone");
    };
    await expect((async () => { for await (const _ of gzip.decode(broken(), { memory: 0, warn: () => {} })); })()).rejects.toMatchObject({ code: "READ_FAILED" });
  });

  it("reads what a stream flushed in between", async () => {
    const stream = createGzip();
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.write("one ");
    await new Promise<void>((resolve) => stream.flush(resolve));
    stream.end("two");
    await new Promise((resolve) => stream.on("end", resolve));
    expect((await decode(Buffer.concat(chunks), 3)).text).toBe("one two");
  });

  it.skipIf(!has("gzip"))("reads what gzip made, at every level, and two of them joined (needs gzip)", async () => {
    const folder = temporaryFolder();
    const content = Buffer.concat([noise(50_000), Buffer.alloc(100_000, "text ")]);
    writeFileSync(join(folder, "a"), content);
    for (const level of ["-1", "-6", "-9"]) {
      run("gzip", ["-kf", level, join(folder, "a")]);
      const bytes = readFileSync(join(folder, "a.gz"));
      expect(Buffer.from((await decode(Buffer.concat([bytes, bytes]))).text, "latin1").equals(Buffer.concat([content, content]))).toBe(true);
    }
  });
});

describe("gzip.innerName()", () => {
  const named = (bytes: Uint8Array): string | undefined => gzip.innerName!(bytes);
  it("is the name in the header, UTF-8 or Latin-1", () => {
    expect(named(member("x", { name: "notes.txt" }))).toBe("notes.txt");
    expect(named(member("x", { name: "na\u00efve", extra: Buffer.from("abcd") }))).toBe("naïve");
    expect(named(member("x", { name: Buffer.from("名前").toString("latin1") }))).toBe("名前");
  });
  it("is undefined for none, an empty one, and one that is cut off", () => {
    expect(named(member("x"))).toBeUndefined();
    expect(named(member("x", { name: "" }))).toBeUndefined();
    expect(named(member("x", { name: "notes" }).subarray(0, 13))).toBeUndefined();
    expect(named(new Uint8Array(0))).toBeUndefined();
  });
});
