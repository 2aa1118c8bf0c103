import { spawnSync } from "node:child_process";
import { brotliCompressSync, constants } from "node:zlib";
import { describe, expect, it } from "vitest";
import { brotli } from "../../src/filters/brotli.ts";
import { detect } from "../../src/formats/detect.ts";
import { buildTar } from "../helpers/build.ts";
import { acceptedCuts, decode, fixture, letsGo, mixture, noise, textOf } from "../helpers/filters.ts";
import { unpack } from "../helpers/library.ts";
import { has } from "../helpers/tools.ts";

const level = (quality: number): { params: Record<number, number> } => ({ params: { [constants.BROTLI_PARAM_QUALITY]: quality } });

describe("brotli.decode()", () => {
  it("gives the content, of nothing too", async () => {
    expect(await textOf(brotli, brotliCompressSync("content"))).toBe("content");
    expect(await textOf(brotli, brotliCompressSync(""))).toBe("");
  });

  it("gives the same whatever the chunks, also one byte at a time", async () => {
    const content = mixture(300_000);
    const bytes = brotliCompressSync(content, level(4));
    for (const chunk of [Infinity, 65_536, 1000]) expect((await decode(brotli, bytes, { chunk })).content.equals(content)).toBe(true);
    expect(await textOf(brotli, fixture("brotli/good.br"), { chunk: 1 })).toContain("Line 24 of");
  });

  it("truncated at any byte is an error", async () => {
    expect(await acceptedCuts(brotli, fixture("brotli/good.br"))).toEqual([]);
    expect(await acceptedCuts(brotli, brotliCompressSync(noise(200)))).toEqual([]);
    for (const length of [0, 1, 50]) expect((await decode(brotli, fixture("brotli/good.br").subarray(0, length))).code).toBe("TRUNCATED");
  });

  it("refuses what is no brotli, and windows that the RFC does not have", async () => {
    expect((await decode(brotli, Buffer.from("\xff\xff\xff no brotli at all", "latin1"))).code).toBe("BAD_DATA");
    const large = brotliCompressSync(noise(1000), { params: { [constants.BROTLI_PARAM_LARGE_WINDOW]: 1, [constants.BROTLI_PARAM_LGWIN]: 28 } });
    expect((await decode(brotli, large)).code).toBe("BAD_DATA");
  });

  it("any bits changed end in content or in an error", async () => {
    const bytes = fixture("brotli/good.br");
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = new Uint8Array(bytes);
      changed[bit >>> 3]! ^= 1 << (bit & 7);
      expect([undefined, "BAD_DATA", "TRUNCATED"]).toContain((await decode(brotli, changed)).code);
    }
  });

  it("lets its input go, stopped early and after an error", async () => {
    expect(await letsGo(brotli, brotliCompressSync(noise(2_000_000), level(1)))).toBe(true);
    expect(await letsGo(brotli, Buffer.alloc(1000, 0xff))).toBe(true);
  });

  it.skipIf(!has("brotli"))("reads what brotli made (needs brotli)", async () => {
    const content = mixture(300_000);
    for (const args of [["-q", "0"], ["-q", "5"], ["-q", "9", "-w", "24"]]) {
      const { stdout } = spawnSync("brotli", ["-c", ...args, "-"], { input: content, maxBuffer: 1 << 28 });
      expect((await decode(brotli, stdout)).content.equals(content)).toBe(true);
    }
  });
});

describe("brotli is known by its name only", () => {
  const bytes = brotliCompressSync("content");
  it("in any case, and as the short form of a tar", () => {
    const named = (name: string): string | undefined => detect({ head: bytes, tail: undefined }, name)?.name;
    expect(["a.br", "a.BR", "a.tar.br", "a.tbr"].map(named)).toEqual(["brotli", "brotli", "brotli", "brotli"]);
    expect(["a", "a.txt", "abr", "-"].map(named)).toEqual([undefined, undefined, undefined, undefined]);
    expect(detect({ head: Buffer.alloc(0), tail: undefined }, "a.br")).toBeUndefined();
  });
  it("and the name does not win against what the bytes say", () => {
    expect(detect({ head: buildTar([{ name: "a" }]), tail: undefined }, "a.br")?.name).toBe("tar");
  });
  it("a tar inside is found, whatever else is one file", async () => {
    expect(Object.keys((await unpack(brotliCompressSync(buildTar([{ name: "inside", content: "x" }])), { name: "a.tbr" })).contents)).toEqual(["inside"]);
    expect((await unpack(bytes, { name: "notes.txt.br" })).contents).toEqual({ "notes.txt": "content" });
  });
});
