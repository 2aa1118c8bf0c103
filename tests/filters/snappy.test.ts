import { describe, expect, it } from "vitest";
import { crc32c } from "../../src/bytes/crc32c.ts";
import { snappy, SNAPPY_MAGIC } from "../../src/filters/snappy.ts";
import { acceptedCuts, decode, fixture, letsGo, silentFlips, textOf, u32 } from "../helpers/filters.ts";

const START = Buffer.from(SNAPPY_MAGIC);

function chunk(type: number, body: Uint8Array, length = body.length): Buffer {
  return Buffer.concat([Buffer.from([type, length & 0xff, (length >>> 8) & 0xff, length >>> 16]), body]);
}

function masked(content: Uint8Array): Buffer {
  const crc = crc32c(content);
  return u32((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
}

function stored(text: string): Buffer {
  return chunk(0x01, Buffer.concat([masked(Buffer.from(text, "latin1")), Buffer.from(text, "latin1")]));
}

/** A compressed chunk of these bytes, which stand for `text`. */
function packed(text: string, ...elements: (number | string)[]): Buffer {
  const size = text.length < 128 ? [text.length] : text.length < 16384 ? [(text.length & 127) | 128, text.length >>> 7] : [(text.length & 127) | 128, ((text.length >>> 7) & 127) | 128, text.length >>> 14];
  const bytes = elements.flatMap((element) => (typeof element === "number" ? [element] : [...Buffer.from(element, "latin1")]));
  return chunk(0x00, Buffer.concat([masked(Buffer.from(text, "latin1")), Buffer.from([...size, ...bytes])]));
}

function stream(...chunks: Uint8Array[]): Buffer {
  return Buffer.concat([START, ...chunks]);
}

describe("crc32c()", () => {
  it("gives the values of RFC 3720, B.4", () => {
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
    expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
    expect(crc32c(Buffer.from(Array.from({ length: 32 }, (_, at) => at)))).toBe(0x46dd794e);
    expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
  });
});

describe("snappy.decode()", () => {
  it("gives the content of stored and compressed chunks", async () => {
    expect(await textOf(snappy, stream())).toBe("");
    expect(await textOf(snappy, stream(stored("one "), packed("two", 2 << 2, "two"), stored("")))).toBe("one two");
  });

  it("joins streams, and skips padding and whatever may be skipped", async () => {
    const bytes = Buffer.concat([stream(stored("one "), chunk(0xfe, Buffer.alloc(5000))), stream(chunk(0x80, Buffer.from("who knows")), stored("two"), chunk(0xfd, Buffer.alloc(0)))]);
    for (const size of [Infinity, 1, 3, 100]) expect(await textOf(snappy, bytes, { chunk: size })).toBe("one two");
  });

  it("follows every kind of element", async () => {
    const long = "l".repeat(61);
    const kinds: Record<string, Buffer> = {
      "a literal of up to 60 bytes": packed("x".repeat(60), 59 << 2, "x".repeat(60)),
      "a literal with a length of 1 byte": packed(long, 60 << 2, 60, long),
      "a literal with a length of 2 bytes": packed("y".repeat(300), 61 << 2, 299 & 255, 299 >> 8, "y".repeat(300)),
      "a literal with a length of 3 bytes": packed("z".repeat(65536), 62 << 2, 0xff, 0xff, 0, "z".repeat(65536)),
      "a literal with a length of 4 bytes": packed("abc", 63 << 2, 2, 0, 0, 0, "abc"),
      "a match of 4 to 11 bytes, with an offset of 11 bits": packed(`${"n".repeat(300)}m${"n".repeat(4)}`, 61 << 2, 300 & 255, 300 >> 8, `${"n".repeat(300)}m`, (1 << 5) | 1, 301 - 256),
      "a match with an offset of 2 bytes": packed("abcabcabca", 2 << 2, "abc", (6 << 2) | 2, 3, 0),
      "a match with an offset of 4 bytes": packed("abcabcabca", 2 << 2, "abc", (6 << 2) | 3, 3, 0, 0, 0),
      "a match of 64 bytes that overlaps itself": packed("a".repeat(65), 0, "a", (63 << 2) | 2, 1, 0),
    };
    for (const [kind, one] of Object.entries(kinds)) expect([kind, (await decode(snappy, stream(one))).code]).toEqual([kind, undefined]);
  });

  it("refuses a match that reaches to before the data, or nowhere", async () => {
    for (const offset of [0, 4, 255]) expect((await decode(snappy, stream(packed("abcabca", 2 << 2, "abc", (3 << 2) | 2, offset, 0)))).code).toBe("BAD_DATA");
    expect((await decode(snappy, stream(packed("abcabca", 2 << 2, "abc", (3 << 2) | 3, 3, 0, 0, 0x80)))).code).toBe("BAD_DATA");
    // The chunk before is no history.
    expect((await decode(snappy, stream(stored("abcd"), packed("abcd", (3 << 2) | 2, 4, 0)))).code).toBe("BAD_DATA");
  });

  it("refuses content that is longer or shorter than it says, and elements that are cut off", async () => {
    expect((await decode(snappy, stream(packed("abcd", 2 << 2, "abc")))).code).toBe("BAD_SIZE");
    expect((await decode(snappy, stream(packed("ab", 2 << 2, "abc")))).code).toBe("BAD_DATA");
    expect((await decode(snappy, stream(packed("abcab", 2 << 2, "abc", (3 << 2) | 2, 3, 0)))).code).toBe("BAD_DATA");
    for (const elements of [[3 << 2, "abc"], [60 << 2], [61 << 2, 9], [2 << 2, "abc", 1], [2 << 2, "abc", 2, 3], [2 << 2, "abc", 3, 3, 0, 0]]) {
      expect([elements, (await decode(snappy, stream(packed("abcabcabca", ...elements)))).code]).toEqual([elements, "BAD_DATA"]);
    }
    for (const size of [[], [0x80], [0xff, 0xff, 0xff, 1], [0xff, 0xff, 0x7f]]) {
      expect((await decode(snappy, stream(chunk(0, Buffer.concat([masked(Buffer.alloc(0)), Buffer.from(size)]))))).code).toBe("BAD_DATA");
    }
  });

  it("refuses a wrong checksum", async () => {
    for (const one of [stored("content"), packed("content", 6 << 2, "content")]) {
      one[4]! ^= 1;
      expect((await decode(snappy, stream(one))).code).toBe("BAD_CHECKSUM");
    }
  });

  it("refuses chunks that are too long or too short, of reserved types, and another identifier", async () => {
    const sizes: [number, number][] = [[0, 3], [1, 0], [1, 65541], [0, 0x12ad1], [0, 0xffffff]];
    for (const [type, length] of sizes) expect((await decode(snappy, stream(chunk(type, Buffer.alloc(9), length)))).code).toBe("BAD_DATA");
    for (const type of [0x02, 0x20, 0x7f]) expect((await decode(snappy, stream(chunk(type, Buffer.alloc(9))))).code).toBe("BAD_DATA");
    for (const body of ["sNaPpX", "sNaPp", "sNaPpYY"]) expect((await decode(snappy, stream(chunk(0xff, Buffer.from(body))))).code).toBe("BAD_HEADER");
  });

  it("takes nothing for padding: zeros are what a file has that was not written to its end", async () => {
    for (const rubbish of [Buffer.alloc(100), Buffer.from("rubbish")]) expect((await decode(snappy, stream(stored("a"), rubbish))).code).toBe("BAD_DATA");
  });

  it("refuses what is no framed snappy", async () => {
    expect((await decode(snappy, Buffer.alloc(0))).code).toBe("BAD_HEADER");
    expect((await decode(snappy, Buffer.from("text"))).code).toBe("BAD_HEADER");
    expect((await decode(snappy, stored("no identifier"))).code).toBe("BAD_HEADER");
  });

  it("reads what another program wrote", async () => {
    const { content, code } = await decode(snappy, fixture("snappy/good-streams.sz"), { chunk: 7 });
    expect([code, content.length]).toEqual([undefined, 1923]);
  });

  it("truncated at any byte is an error, but between two chunks, where nothing in the format could tell", async () => {
    const bytes = stream(stored("one "), packed("twotwotwo", 2 << 2, "two", (5 << 2) | 2, 3, 0), chunk(0xfe, Buffer.alloc(9)));
    const ends = [10, 10 + 12];
    expect(await acceptedCuts(snappy, bytes)).toEqual([...ends, bytes.length - 13]);
  });

  it("any one bit changed is told, but for what is then to be skipped", async () => {
    const bytes = fixture("snappy/good-streams.sz");
    // The types of the chunks: 0x00 and 0x01 become 0x80 and 0x81, which may be skipped.
    const types: number[] = [];
    for (let at = 0; at < bytes.length; at += 4 + bytes.readUIntLE(at + 1, 3)) if (bytes[at]! < 2) types.push(at);
    expect((await silentFlips(snappy, bytes)).filter((at) => !types.includes(at))).toEqual([]);
  });

  it("lets its input go, stopped early and after an error", async () => {
    expect(await letsGo(snappy, stream(stored("a".repeat(5000)), stored("b".repeat(5000))))).toBe(true);
    expect(await letsGo(snappy, stream(chunk(2, Buffer.alloc(500))))).toBe(true);
  });
});

describe("snappy.bid()", () => {
  it("asks for the whole identifier", () => {
    expect([START, START.subarray(0, 9), stored("a")].map((head) => snappy.bid({ head, tail: undefined }))).toEqual([80, 0, 0]);
  });
});
