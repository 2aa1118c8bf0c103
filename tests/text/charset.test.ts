import { expect, it } from "vitest";
import { decodeCp437, decodeUtf8, decodeUtf8Escaping, isAscii } from "../../src/text/charset.ts";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

it("isAscii() is true up to 0x7f and false from there on", () => {
  expect(isAscii(bytes(0, 0x41, 0x7f))).toBe(true);
  expect(isAscii(bytes(0x41, 0x80))).toBe(false);
  expect(isAscii(bytes())).toBe(true);
});

it("decodeUtf8() gives text for UTF-8 and undefined for what is none", () => {
  expect(decodeUtf8(Buffer.from("naïve 名前 🙂"))).toBe("naïve 名前 🙂");
  const wrong = { "a lone continuation": [0x80], "a cut sequence": [0xe2, 0x82], "an overlong slash": [0xc0, 0xaf], "a surrogate": [0xed, 0xa0, 0x80], "beyond Unicode": [0xf4, 0x90, 0x80, 0x80] };
  for (const [what, values] of Object.entries(wrong)) expect(decodeUtf8(bytes(...values)), what).toBeUndefined();
});

it("decodeUtf8() keeps a byte order mark, which is part of the name", () => {
  expect(decodeUtf8(Buffer.from("\ufeffa"))).toBe("\ufeffa");
});

it("decodeCp437() gives every byte a character of its own", () => {
  const all = decodeCp437(Uint8Array.from({ length: 256 }, (_, byte) => byte));
  expect(all).toHaveLength(256);
  expect(new Set(all).size).toBe(256);
  expect(all.slice(0x20, 0x7f)).toBe(" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~");
});

it("decodeCp437() reads the names that DOS wrote", () => {
  expect(decodeCp437(bytes(0x81, 0x62, 0x65, 0x72))).toBe("über");
  expect(decodeCp437(bytes(0xe1))).toBe("ß");
  expect(decodeCp437(bytes(0xff))).toBe("\u00a0");
});

it("decodeUtf8Escaping() writes bytes that are no UTF-8 as %XX and keeps the rest", () => {
  expect(decodeUtf8Escaping(bytes(0x61, 0xff, 0x62))).toBe("a%FFb");
  expect(decodeUtf8Escaping(Buffer.concat([Buffer.from("ü"), bytes(0xe9), Buffer.from("名🙂")]))).toBe("ü%E9名🙂");
  expect(decodeUtf8Escaping(bytes(0xe2, 0x82))).toBe("%E2%82");
  expect(decodeUtf8Escaping(bytes(0xc0, 0xaf))).toBe("%C0%AF");
});

it("decodeUtf8Escaping() never makes two names of bytes into one, as U+FFFD would", () => {
  const names = Array.from({ length: 128 }, (_, at) => decodeUtf8Escaping(bytes(0x61, 0x80 + at, 0x2e)));
  expect(new Set(names).size).toBe(128);
  expect(names.join("")).not.toContain("\ufffd");
});
