import { spawnSync } from "node:child_process";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { lzip } from "../../src/filters/lzip.ts";
import { acceptedCuts, decode, fixture, letsGo, mixture, noise, silentFlips, textOf, u32 } from "../helpers/filters.ts";
import { has } from "../helpers/tools.ts";

const KIB = 1024;

function u64(value: number): Buffer {
  const field = Buffer.alloc(8);
  field.writeBigUInt64LE(BigInt(value));
  return field;
}

/** The two members of the fixture. */
const both = fixture("lzip/good-members.lz");
const at = both.indexOf("LZIP", 1);
const [first, second] = [both.subarray(0, at), both.subarray(at)];
/** What is behind the header of the second member, and in front of its trailer. */
const stream = second.subarray(6, -20);
const content = await decode(lzip, second).then((decoded) => decoded.content);

interface Member {
  readonly version?: number;
  readonly dictionary?: number;
  readonly stream?: Uint8Array;
  readonly crc?: number;
  readonly size?: number;
  readonly memberSize?: number;
}

/** The second member, with whatever header and trailer may lie about. */
function member(options: Member = {}): Buffer {
  const { version = 1, dictionary = 0x0c, stream: data = stream, crc = crc32(content), size = content.length } = options;
  const trailer = [u32(crc), u64(size), ...(version === 0 ? [] : [u64(options.memberSize ?? 26 + data.length)])];
  return Buffer.concat([Buffer.from("LZIP"), Buffer.from([version, dictionary]), data, ...trailer]);
}

function tool(bytes: Uint8Array, ...args: string[]): Buffer {
  const { stdout, status } = spawnSync("lzip", ["-c", ...args], { input: bytes, maxBuffer: 1 << 28 });
  expect(status).toBe(0);
  return stdout;
}

describe("lzip.decode()", () => {
  it("gives the content of one member, and of none", async () => {
    expect(await textOf(lzip, member())).toBe(content.toString());
    const empty = "4c5a4950010c0083fffbffffc000000000000000000000000000000024000000 00000000".replaceAll(" ", "");
    expect(await textOf(lzip, Buffer.from(empty, "hex"))).toBe("");
  });

  it("joins members, whatever the chunks, also one byte at a time", async () => {
    const expected = (await textOf(lzip, first)) + content.toString();
    for (const chunk of [Infinity, 1, 2, 19, 21, 41, 100]) expect(await textOf(lzip, both, { chunk })).toBe(expected);
    expect(await textOf(lzip, Buffer.concat([member(), both, member()]))).toBe(content.toString() + expected + content.toString());
  });

  it("reads version 0, which has no member size, alone and among others", async () => {
    const old = member({ version: 0 });
    for (const chunk of [Infinity, 1, 30]) expect(await textOf(lzip, Buffer.concat([old, member(), old, old]), { chunk })).toBe(content.toString().repeat(4));
    expect((await decode(lzip, member({ version: 0, size: 1 }))).code).toBe("BAD_SIZE");
  });

  it("takes every dictionary size there is, as much as it may take", async () => {
    // Bits 0 to 4 are a power of two, 5 to 7 sixteenths that are taken off: 0x2d is 8 KiB less one sixteenth.
    for (const dictionary of [0x0c, 0x2d, 0xed, 0x17, 0x37, 0xd4]) expect(await textOf(lzip, member({ dictionary }))).toBe(content.toString());
    for (const dictionary of [0x0b, 0x00, 0x1e, 0x1f, 0x2c]) expect((await decode(lzip, member({ dictionary }))).code).toBe("BAD_HEADER");
  });

  it("names the memory that it needs when it may not have it", async () => {
    const { code, error } = await decode(lzip, member({ dictionary: 0x1d }), { memory: 256 * KIB * KIB });
    expect([code, error?.details.found, error?.details.hint]).toEqual(["MEMORY", "512 MiB", "--max-memory 512M"]);
    expect((await decode(lzip, member({ dictionary: 0x0d }), { memory: 8 * KIB })).code).toBeUndefined();
    expect((await decode(lzip, member({ dictionary: 0x0e }), { memory: 8 * KIB })).code).toBe("MEMORY");
  });

  it("refuses a wrong checksum, a wrong size, and a member that is not as long as it says", async () => {
    expect((await decode(lzip, member({ crc: 1 }))).code).toBe("BAD_CHECKSUM");
    expect((await decode(lzip, member({ size: content.length + 1 }))).code).toBe("BAD_SIZE");
    for (const memberSize of [0, 1, stream.length, 2 ** 40]) expect((await decode(lzip, member({ memberSize }))).code).toBe("TRUNCATED");
    expect((await decode(lzip, Buffer.concat([member({ memberSize: 7 }), member()]))).code).toMatch(/BAD_DATA|TRUNCATED/);
  });

  it("refuses a stream that goes on behind its end marker, or has none", async () => {
    expect((await decode(lzip, member({ stream: Buffer.concat([stream, Buffer.from("more")]) }))).code).toBe("BAD_DATA");
    expect((await decode(lzip, member({ stream: Buffer.concat([stream, stream]) }))).code).toBe("BAD_DATA");
    for (const cut of [1, 5, 20]) expect((await decode(lzip, member({ stream: stream.subarray(0, -cut) }))).code).toMatch(/TRUNCATED|BAD_DATA/);
  });

  it("finds the end where other fields of the trailer look like the size of the member", async () => {
    // The content's size stands 8 bytes earlier, where a member of 8 bytes less would have its own: then the checksums decide nothing yet.
    const odd = member({ size: 26 + stream.length - 8 });
    for (const bytes of [odd, Buffer.concat([odd, Buffer.from("rubbish that follows the member")])]) {
      const { error } = await decode(lzip, bytes);
      // Only the size is wrong: the end was the right one.
      expect([error?.code, error?.details.expected]).toEqual(["BAD_SIZE", `${26 + stream.length - 8} bytes`]);
    }
  });

  it("refuses what is no lzip", async () => {
    for (const bytes of ["", "LZ", "LZIP", "LZIP\x02\x0c", "no lzip at all"]) expect((await decode(lzip, Buffer.from(bytes))).code).toBe("BAD_HEADER");
    expect((await decode(lzip, Buffer.from("LZIP\x01"))).code).toBe("TRUNCATED");
  });

  it("truncated anywhere is an error", async () => {
    expect(await acceptedCuts(lzip, member().subarray(0, 40))).toEqual([]);
    for (const length of [41, 60, 80, member().length - 21, member().length - 20, member().length - 9, member().length - 8, member().length - 1]) {
      expect([length, (await decode(lzip, member().subarray(0, length))).code]).toEqual([length, "TRUNCATED"]);
    }
  });

  it("any bit changed is told", async () => {
    // A larger dictionary serves as well, and the first byte of the stream means nothing.
    expect((await silentFlips(lzip, member(), 11)).filter((byte) => byte !== 5 && byte !== 6)).toEqual([]);
  });

  it("lets its input go, stopped early and after an error", async () => {
    expect(await letsGo(lzip, both)).toBe(true);
    expect(await letsGo(lzip, member({ crc: 1 }))).toBe(true);
  });

  it.skipIf(!has("lzip"))("reads what lzip made, also in many members (needs lzip)", async () => {
    const bytes = mixture(600_000);
    for (const args of [["-0"], ["-6"], ["-1", "-b", "100000"], ["-3", "-s", "5000"]]) {
      const decoded = await decode(lzip, tool(bytes, ...args), { chunk: 10_000 });
      expect([args, decoded.error?.message, decoded.content.equals(bytes)]).toEqual([args, undefined, true]);
    }
    expect((await decode(lzip, tool(noise(100_000)), { chunk: 999 })).content.equals(noise(100_000))).toBe(true);
  });
});

describe("lzip.bid()", () => {
  it("asks for the magic and a version that there is", () => {
    expect([member(), member({ version: 0 }), member({ version: 2 }), Buffer.from("LZIP"), Buffer.alloc(0)].map((head) => lzip.bid({ head, tail: undefined }))).toEqual([39, 39, 0, 0, 0]);
  });
});
