import { deflateRawSync } from "node:zlib";
import { afterEach, describe, expect, it, vi } from "vitest";

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
async function withoutHandle(): Promise<typeof import("../../src/bytes/raw-inflate.ts")> {
  vi.resetModules();
  vi.doMock("node:zlib", async (original) => ({ ...(await original<typeof import("node:zlib")>()), createInflateRaw: () => ({}) }));
  return import("../../src/bytes/raw-inflate.ts");
}

describe.each([
  ["by the handle", () => import("../../src/bytes/raw-inflate.ts")],
  ["by Node's own functions, where there is no handle", withoutHandle],
])("inflateRaw() %s", (_, load) => {
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
});
