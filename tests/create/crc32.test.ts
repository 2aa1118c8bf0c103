import { expect, it } from "vitest";
import { crc32, crc32Combine } from "../../src/bytes/crc32.ts";
import { noise } from "./sample.ts";

it("crc32() gives the check value of the CRC-32 catalogue", () => {
  expect(crc32(Buffer.from("123456789"))).toBe(0xcbf43926);
});

it("crc32() goes on from the sum of what came before", () => {
  expect(crc32(Buffer.from("6789"), crc32(Buffer.from("12345")))).toBe(0xcbf43926);
});

it.each([0, 1, 2, 255, 65_536, 100_003])("crc32Combine() joins the sums of two parts, the second of %i bytes", (length) => {
  const data = noise(1000 + length);
  const [a, b] = [data.subarray(0, 1000), data.subarray(1000)];
  expect(crc32Combine(crc32(a), crc32(b), b.length)).toBe(crc32(data));
});

it("crc32Combine() joins three parts in either order", () => {
  const [a, b, c] = [noise(10, 2), noise(70_000, 3), noise(5, 4)];
  const ab = crc32Combine(crc32(a), crc32(b), b.length);
  const bc = crc32Combine(crc32(b), crc32(c), c.length);
  expect(crc32Combine(ab, crc32(c), c.length)).toBe(crc32Combine(crc32(a), bc, b.length + c.length));
});

it("crc32Combine() knows lengths beyond 2^32", () => {
  // Five times the square of 2^31 zero bytes is what 5 · 2^31 zero bytes are.
  const half = 2 ** 31;
  let stepwise = 0x12345678;
  for (let i = 0; i < 5; i++) stepwise = crc32Combine(stepwise, 0, half);
  expect(crc32Combine(0x12345678, 0, 5 * half)).toBe(stepwise);
});
