import { expect, it } from "vitest";
import { formatSize, parseSize } from "../../src/text/size.ts";
import { formatTime } from "../../src/text/time.ts";

it("formatSize() shows bytes exactly and the rest in binary units", () => {
  const shown: [number, string][] = [
    [0, "0 B"], [1, "1 B"], [1023, "1023 B"], [1024, "1.0 KiB"], [1536, "1.5 KiB"], [10 * 1024, "10 KiB"],
    [1024 ** 2, "1.0 MiB"], [5.25 * 1024 ** 3, "5.3 GiB"], [1024 ** 5, "1.0 PiB"], [5000 * 1024 ** 5, "5000 PiB"],
  ];
  for (const [bytes, text] of shown) expect(formatSize(bytes)).toBe(text);
});

it("formatSize() never shows 1024 of a unit where one of the next is meant", () => {
  expect(formatSize(1024 ** 2 - 1)).toBe("1.0 MiB");
  expect(formatSize(1024 ** 3 - 1)).toBe("1.0 GiB");
});

it("parseSize() reads what people write", () => {
  const read: [string, number][] = [
    ["0", 0], ["2048", 2048], ["2048B", 2048], ["10k", 10240], ["10K", 10240], ["10KB", 10240], ["10KiB", 10240], ["1.5 GiB", 1.5 * 1024 ** 3],
    ["10M", 10 * 1024 ** 2], [" 3t ", 3 * 1024 ** 4], ["1P", 1024 ** 5],
  ];
  for (const [text, bytes] of read) expect(parseSize(text), text).toBe(bytes);
});

it("parseSize() takes nothing else for a size", () => {
  for (const text of ["", "x", "-1", "1e9", "10 MX", "1.2.3", "MiB", "0x10", "10 M M"]) expect(parseSize(text), text).toBeUndefined();
});

it("formatTime() gives date and minute in local time, and nothing for a time that no calendar has", () => {
  expect(formatTime(new Date(2026, 10, 2, 9, 5).getTime())).toBe("2026-11-02 09:05");
  expect(formatTime(Number.NaN)).toBe("");
  expect(formatTime(1e20)).toBe("");
});
