import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { adler32 } from "../../src/bytes/adler32.ts";
import { lzop, LZOP_MAGIC } from "../../src/filters/lzop.ts";
import { acceptedCuts, decode, fixture, letsGo, mixture, noise, silentFlips, textOf } from "../helpers/filters.ts";
import { has, temporaryFolder } from "../helpers/tools.ts";

function be(size: 2 | 4, value: number): Buffer {
  const field = Buffer.alloc(size);
  field.writeUIntBE(value, 0, size);
  return field;
}

interface Member {
  readonly version?: number;
  readonly needed?: number;
  readonly method?: number;
  readonly flags?: number;
  readonly filter?: number;
  readonly name?: string;
  readonly headerSum?: number;
  readonly extra?: Buffer;
  /** As they lie in the file: sizes, sums, bytes. */
  readonly blocks?: readonly Buffer[];
}

const END = be(4, 0);
const ADLER = 0x1;
const ADLER_PACKED = 0x2;
const EXTRA = 0x40;
const CRC = 0x100;
const CRC_PACKED = 0x200;
const FILTER = 0x800;
const HEADER_CRC = 0x1000;

function stored(text: string, ...sums: number[]): Buffer {
  return Buffer.concat([be(4, text.length), be(4, text.length), ...sums.map((sum) => be(4, sum)), Buffer.from(text)]);
}

function packed(size: number, bytes: Uint8Array, ...sums: number[]): Buffer {
  return Buffer.concat([be(4, size), be(4, bytes.length), ...sums.map((sum) => be(4, sum)), bytes]);
}

/** LZO1X, instruction by instruction, and the content that they stand for. */
class Lzo {
  readonly bytes: number[] = [];
  content = "";

  /** As the very first instruction. */
  begin(text: string): this {
    this.bytes.push(17 + text.length);
    return this.#copy(text);
  }

  /** 4 or more, where none were copied by the instruction before. */
  literals(text: string): this {
    this.#length(0, 15, text.length - 3);
    return this.#copy(text);
  }

  /** A match in the form that is named, and up to 3 literals behind it. */
  match(form: "two" | "three" | "near" | "middle" | "far", distance: number, length: number, text = ""): this {
    const state = text.length;
    if (form === "two" || form === "three") {
      const d = distance - (form === "two" ? 1 : 2049);
      this.bytes.push(((d & 3) << 2) | state, d >>> 2);
    } else if (form === "near") {
      const d = distance - 1;
      this.bytes.push(((length - 1) << 5) | ((d & 7) << 2) | state, d >>> 3);
    } else {
      const d = form === "middle" ? distance - 1 : distance - 16384;
      if (form === "middle") this.#length(32, 31, length - 2);
      else this.#length(16 | ((d >>> 14) << 3), 7, length - 2);
      this.bytes.push(((d & 63) << 2) | state, (d >>> 6) & 255);
    }
    for (let at = 0; at < length; at++) this.content += this.content[this.content.length - distance]!;
    return this.#copy(text);
  }

  end(): Buffer {
    return Buffer.from([...this.bytes, 0x11, 0, 0]);
  }

  #copy(text: string): this {
    this.bytes.push(...Buffer.from(text));
    this.content += text;
    return this;
  }

  /** A field that holds lengths up to `most`; above that zeros of 255 each, and a rest. */
  #length(op: number, most: number, length: number): void {
    if (length <= most) {
      this.bytes.push(op | length);
      return;
    }
    const rest = length - most - 1;
    this.bytes.push(op, ...new Array<number>(Math.floor(rest / 255)).fill(0), (rest % 255) + 1);
  }
}

/** One block of it, with these sums in front of the bytes. */
function block(lzo: Lzo, ...sums: number[]): Buffer {
  return packed(lzo.content.length, lzo.end(), ...sums);
}

function member(options: Member = {}): Buffer {
  const { version = 0x1040, needed = 0x940, method = 1, flags = 0, filter, name = "", extra } = options;
  const isNew = version >= 0x940;
  const header = Buffer.concat([
    be(2, version), be(2, 0x20a0), isNew ? be(2, needed) : Buffer.alloc(0), Buffer.from(isNew ? [method, 5] : [method]), be(4, flags),
    filter === undefined ? Buffer.alloc(0) : be(4, filter), be(4, 0o100644), Buffer.alloc(isNew ? 8 : 4), Buffer.from([name.length]), Buffer.from(name),
  ]);
  const sum = options.headerSum ?? ((flags & HEADER_CRC) === 0 ? adler32(header) : crc32(header));
  return Buffer.concat([Buffer.from(LZOP_MAGIC), header, be(4, sum), extra ?? Buffer.alloc(0), ...(options.blocks ?? [stored("content")]), END]);
}

function tool(content: Uint8Array, ...args: string[]): Buffer {
  const { stdout, status, stderr } = spawnSync("lzop", ["-q", "-c", ...args], { input: content, maxBuffer: 1 << 28 });
  expect([status, stderr.toString()]).toEqual([0, ""]);
  return stdout;
}

describe("adler32()", () => {
  it("gives known values, also of more bytes than fit between two reductions", () => {
    expect(adler32(Buffer.from(""))).toBe(1);
    expect(adler32(Buffer.from("Wikipedia"))).toBe(0x11e60398);
    expect(adler32(Buffer.alloc(1_000_000, 0xff))).toBe(0x3843e1be);
  });
});

describe("lzop.decode()", () => {
  it("gives the content of a member, with any name and of older versions too", async () => {
    expect(await textOf(lzop, member())).toBe("content");
    expect(await textOf(lzop, member({ name: "notes.txt", blocks: [stored("one "), stored("two")] }))).toBe("one two");
    expect(await textOf(lzop, member({ version: 0x0900 }))).toBe("content");
    expect(await textOf(lzop, member({ blocks: [] }))).toBe("");
  });

  it("joins any number of members", async () => {
    const bytes = Buffer.concat([member({ blocks: [stored("one ")] }), member({ blocks: [] }), member({ blocks: [stored("two")] })]);
    for (const chunk of [Infinity, 1, 9, 40]) expect(await textOf(lzop, bytes, { chunk })).toBe("one two");
  });

  it("follows every kind of instruction", async () => {
    const start = (): Lzo => new Lzo().begin("abcd").match("middle", 4, 5000);
    const kinds: Record<string, Lzo> = {
      "a match of 3 to 8 bytes from nearby": start().match("near", 1, 3).match("near", 2048, 8).match("near", 9, 5),
      "up to 3 literals behind a match": start().match("near", 3, 4, "x").match("middle", 7, 9, "yz").match("near", 12, 4, "uvw"),
      "2 bytes behind a few literals": start().match("near", 3, 4, "x").match("two", 1, 2, "yz").match("two", 1024, 2, "uvw").match("two", 500, 2),
      "literals, and 3 bytes from 2 to 3 KiB behind them": start().literals("some literals").match("three", 2049, 3).literals("more").match("three", 3072, 3, "xyz"),
      "literals of any number": start().literals("l".repeat(18)).match("near", 5, 3).literals("m".repeat(19)).match("near", 5, 3).literals("n".repeat(300)),
      "lengths of any number of bytes": start().match("middle", 1, 33).match("middle", 2, 34).match("middle", 3, 33 + 255).match("middle", 4, 34 + 255).match("middle", 5, 9999),
      "distances of 16 to 48 KiB": start().literals("here it is").match("middle", 1, 60_000).match("far", 16_385, 3).match("far", 32_768, 9).match("far", 49_151, 300).match("middle", 16_384, 3),
      "1 to 3 literals at the beginning": new Lzo().begin("x").match("two", 1, 2).match("middle", 1, 99),
      "many literals as the first instruction": new Lzo().literals("abcdefgh").match("middle", 8, 99),
    };
    for (const [kind, lzo] of Object.entries(kinds)) {
      const { content, error } = await decode(lzop, member({ blocks: [block(lzo)] }));
      expect([kind, error?.message, content.toString("latin1") === lzo.content]).toEqual([kind, undefined, true]);
    }
  });

  it("refuses a match to before the data, and content of another length", async () => {
    const early = Buffer.from([21, ...Buffer.from("abcd"), 0x22, 4 << 2, 0, 0x11, 0, 0]);
    expect((await decode(lzop, member({ blocks: [packed(100, early)] }))).code).toBe("BAD_DATA");
    const lzo = new Lzo().begin("abcd").match("middle", 4, 96);
    expect(await textOf(lzop, member({ blocks: [packed(100, lzo.end())] }))).toBe("abcd".repeat(25));
    expect((await decode(lzop, member({ blocks: [packed(101, lzo.end())] }))).code).toBe("BAD_SIZE");
    expect((await decode(lzop, member({ blocks: [packed(99, lzo.end())] }))).code).toBe("BAD_DATA");
  });

  it("refuses a block that ends before its end marker, within it, or behind it", async () => {
    const bytes = new Lzo().begin("abcd").match("middle", 4, 500, "x").match("near", 5, 5).literals("more of it").end();
    const codes = new Set<string | undefined>();
    for (let length = 1; length < bytes.length; length++) codes.add((await decode(lzop, member({ blocks: [packed(520, bytes.subarray(0, length))] }))).code);
    for (const more of [[0], [0x11, 0, 0]]) codes.add((await decode(lzop, member({ blocks: [packed(520, Buffer.from([...bytes, ...more]))] }))).code);
    expect([...codes]).toEqual(["BAD_DATA"]);
  });

  it("verifies every checksum there is: of the header, of content, and of what it was packed into", async () => {
    const lzo = new Lzo().begin("abcd").match("middle", 4, 96);
    const flags = ADLER | CRC | ADLER_PACKED | CRC_PACKED;
    const sums = [adler32(Buffer.from(lzo.content)), crc32(lzo.content), adler32(lzo.end()), crc32(lzo.end())];
    expect(await textOf(lzop, member({ flags, blocks: [block(lzo, ...sums)] }))).toBe(lzo.content);
    for (let wrong = 0; wrong < sums.length; wrong++) {
      const changed = sums.map((sum, at) => (at === wrong ? sum ^ 1 : sum) >>> 0);
      expect((await decode(lzop, member({ flags, blocks: [block(lzo, ...changed)] }))).code).toBe("BAD_CHECKSUM");
    }
    // What is stored has no sums of what it was packed into.
    expect(await textOf(lzop, member({ flags: flags | HEADER_CRC, blocks: [stored("ab", adler32(Buffer.from("ab")), crc32("ab"))] }))).toBe("ab");
    expect((await decode(lzop, member({ flags: ADLER, blocks: [stored("ab", 1)] }))).code).toBe("BAD_CHECKSUM");
    expect((await decode(lzop, member({ flags: CRC, blocks: [stored("ab", 1)] }))).code).toBe("BAD_CHECKSUM");
    expect((await decode(lzop, member({ headerSum: 1 }))).code).toBe("BAD_HEADER");
    expect((await decode(lzop, member({ flags: HEADER_CRC, headerSum: 1 }))).code).toBe("BAD_HEADER");
  });

  it("refuses methods, filters and versions that it does not know", async () => {
    for (const method of [0, 4, 128]) expect((await decode(lzop, member({ method }))).code).toBe("UNSUPPORTED_METHOD");
    expect((await decode(lzop, member({ flags: FILTER, filter: 1 }))).code).toBe("UNSUPPORTED_METHOD");
    expect((await decode(lzop, member({ needed: 0x1050 }))).code).toBe("UNSUPPORTED_METHOD");
    expect((await decode(lzop, member({ version: 0x0800 }))).code).toBe("BAD_HEADER");
    expect(await textOf(lzop, member({ flags: FILTER, filter: 0 }))).toBe("content");
  });

  it("skips an extra field whose checksum is right", async () => {
    const field = Buffer.concat([be(4, 5), Buffer.from("extra")]);
    expect(await textOf(lzop, member({ flags: EXTRA, extra: Buffer.concat([field, be(4, adler32(field))]) }))).toBe("content");
    expect((await decode(lzop, member({ flags: EXTRA, extra: Buffer.concat([field, be(4, 1)]) }))).code).toBe("BAD_CHECKSUM");
    expect((await decode(lzop, member({ flags: EXTRA, extra: be(4, 0xffffffff) }))).code).toBe("LIMIT");
  });

  it("refuses blocks whose sizes contradict each other, and sizes that nothing writes, before it takes the memory", async () => {
    for (const [content, bytes, code] of [[7, 8, "BAD_DATA"], [7, 0, "BAD_DATA"], [0x1000001, 7, "UNSUPPORTED_METHOD"], [0xffffffff, 7, "UNSUPPORTED_METHOD"]] as const) {
      expect((await decode(lzop, member({ blocks: [Buffer.concat([be(4, content), be(4, bytes), Buffer.from("content")])] }))).code).toBe(code);
    }
  });

  it("refuses what is no lzop", async () => {
    for (const bytes of ["", "lzop", "no lzop at all"]) expect((await decode(lzop, Buffer.from(bytes))).code).toBe("BAD_HEADER");
  });

  it("truncated at any byte is an error", async () => {
    const bytes = fixture("lzop/good-members.lzo");
    const first = bytes.indexOf(Buffer.from(LZOP_MAGIC), 1);
    expect(await acceptedCuts(lzop, bytes)).toEqual([first]);
  });

  it("any one bit changed is told", async () => {
    expect(await silentFlips(lzop, fixture("lzop/good-members.lzo"))).toEqual([]);
  });

  it("lets its input go, stopped early and after an error", async () => {
    expect(await letsGo(lzop, member({ blocks: [stored("a".repeat(5000)), stored("b".repeat(5000))] }))).toBe(true);
    expect(await letsGo(lzop, member({ flags: ADLER, blocks: [stored("ab", 1)] }))).toBe(true);
  });

  it.skipIf(!has("lzop"))("reads what lzop made, with every method and kind of checksum (needs lzop)", async () => {
    const content = mixture(600_000);
    for (const args of [["-1"], ["-3"], ["-7"], ["-9"], ["-F"], ["--crc32"]]) {
      const bytes = tool(content, ...args);
      for (const chunk of [Infinity, 5000]) {
        const decoded = await decode(lzop, Buffer.concat([bytes, bytes]), { chunk });
        expect([args, decoded.error?.message, decoded.content.equals(Buffer.concat([content, content]))]).toEqual([args, undefined, true]);
      }
    }
    expect((await decode(lzop, tool(noise(300_000)))).content.equals(noise(300_000))).toBe(true);
  });
});

describe("lzop.innerName()", () => {
  const named = (bytes: Uint8Array): string | undefined => lzop.innerName!(bytes);
  it("is the name in the header", () => {
    expect(named(member({ name: "notes.txt" }))).toBe("notes.txt");
    expect(named(fixture("lzop/good-members.lzo"))).toBe("t.txt");
  });
  it("is undefined for none, where the header is an unusual one, and where it is cut off", () => {
    expect(named(member())).toBeUndefined();
    expect(named(member({ name: "notes.txt", version: 0x0900 }))).toBeUndefined();
    expect(named(member({ name: "notes.txt", flags: FILTER, filter: 0 }))).toBeUndefined();
    expect(named(member({ name: "notes.txt" }).subarray(0, 40))).toBeUndefined();
    expect(named(Buffer.alloc(0))).toBeUndefined();
  });
  it.skipIf(!has("lzop"))("is what lzop wrote there (needs lzop)", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "naïve name"), "x");
    expect(named(tool(Buffer.alloc(0), join(folder, "naïve name")))).toBe("naïve name");
  });
});
