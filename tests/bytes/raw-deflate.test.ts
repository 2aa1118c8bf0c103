import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { afterEach, describe, expect, it, vi } from "vitest";

const LEVELS = [1, 6, 9];
const CONTENTS = [Buffer.alloc(0), Buffer.from("a"), Buffer.from("hello hello hello hello"), Buffer.alloc(300_000, "abc"), noise(70_000), Buffer.concat([noise(100), Buffer.alloc(100_000)])];

/** The same bytes every time, and none that deflate could shrink. */
function noise(length: number): Buffer {
  let state = 1;
  return Buffer.from(Array.from({ length }, () => (state = (state * 48271) % 0x7fffffff) >> 8));
}

afterEach(() => {
  vi.doUnmock("node:zlib");
  vi.resetModules();
});

/** As on a Node whose streams are made another way. */
async function withoutHandle(): Promise<typeof import("../../src/bytes/raw-deflate.ts")> {
  vi.resetModules();
  vi.doMock("node:zlib", async (original) => ({ ...(await original<typeof import("node:zlib")>()), createInflateRaw: () => ({}), createDeflateRaw: () => ({ _handle: {} }) }));
  return import("../../src/bytes/raw-deflate.ts");
}

describe.each([
  ["by the handle", () => import("../../src/bytes/raw-deflate.ts")],
  ["by Node's own functions, where there is no handle", withoutHandle],
])("raw deflate %s", (_, load) => {
  it("inflates one stream after the other, long and short in turn", async () => {
    const { inflateRaw } = await load();
    for (const content of [...CONTENTS, ...[...CONTENTS].reverse()]) {
      const packed = deflateRawSync(content);
      const { bytes, consumed } = inflateRaw(packed, content.length);
      expect(Buffer.compare(bytes, content)).toBe(0);
      expect(consumed).toBe(packed.length);
    }
  });

  it("says how much of the packed bytes was the stream", async () => {
    const { inflateRaw } = await load();
    const packed = deflateRawSync(Buffer.from("content"));
    expect(inflateRaw(Buffer.concat([packed, Buffer.from("behind it")]), 7).consumed).toBe(packed.length);
  });

  it("gives less than the most where the stream ends before", async () => {
    const { inflateRaw } = await load();
    expect(Buffer.from(inflateRaw(deflateRawSync(Buffer.from("short")), 1000).bytes).toString()).toBe("short");
  });

  it("never gives one byte more than the most", async () => {
    const { inflateRaw } = await load();
    for (const most of [0, 1, 299_999]) expect(() => inflateRaw(deflateRawSync(CONTENTS[3]!), most)).toThrow(expect.objectContaining({ code: "ERR_BUFFER_TOO_LARGE" }));
  });

  it("throws zlib's errors, and works on afterwards", async () => {
    const { inflateRaw } = await load();
    const packed = deflateRawSync(CONTENTS[2]!);
    for (let length = 0; length < packed.length; length++) expect(() => inflateRaw(packed.subarray(0, length), 23)).toThrow(expect.objectContaining({ code: "Z_BUF_ERROR" }));
    expect(() => inflateRaw(Buffer.from("ffffffff", "hex"), 23)).toThrow(expect.objectContaining({ code: "Z_DATA_ERROR" }));
    expect(Buffer.from(inflateRaw(packed, 23).bytes).toString()).toBe("hello hello hello hello");
  });

  it("deflates to the same bytes as Node does, at every level, and not at all where nothing is gained", async () => {
    const { deflateRaw } = await load();
    for (const level of [...LEVELS, ...LEVELS]) {
      for (const content of CONTENTS) {
        const expected = deflateRawSync(content, { level, finishFlush: constants.Z_FINISH });
        const packed = deflateRaw(content, level);
        if (expected.length >= content.length) expect(packed).toBeUndefined();
        else {
          expect(Buffer.compare(packed!, expected)).toBe(0);
          expect(Buffer.compare(inflateRawSync(packed!), content)).toBe(0);
        }
      }
    }
  });
});

it("deflateRaw() gives the same bytes whatever was deflated before", async () => {
  const { deflateRaw } = await import("../../src/bytes/raw-deflate.ts");
  // Sizes that go up and down, so that behind one content lie the rests of others.
  const text = Buffer.from(Array.from(noise(100_000), (byte) => ["the ", "then ", "they ", "hen ", "he ", "a", "an ", "and "][byte % 8]).join(""));
  const contents = Array.from({ length: 500 }, (_, i) => text.subarray((i * 7919) % 200_000).subarray(0, i % 10 === 0 ? 30_000 + ((i * 31) % 60_000) : (i * 37) % 8000));
  const differing = contents.filter((content) => {
    const alone = deflateRawSync(content, { level: 6 });
    const packed = deflateRaw(content, 6);
    return packed !== undefined && !alone.equals(packed);
  });
  expect(differing.map(({ length }) => length)).toEqual([]);
});
