/** LHA archives written byte by byte, honest by default; and packed data of every method, made of tokens and not searched for. */

export type Token = number | { readonly length: number; readonly distance: number };

export interface LzhItem {
  readonly name?: string | Uint8Array;
  readonly level?: 0 | 1 | 2 | 3;
  /** With its hyphens; "-lh0-" unless it is given. */
  readonly method?: string;
  readonly content?: Uint8Array | string;
  /** The content itself unless it is given. */
  readonly packed?: Uint8Array;
  readonly system?: string;
  /** Level 0 and 1: MS-DOS time and date in one; else seconds since 1970. */
  readonly time?: number;
  /** Extended headers: type and data. In level 0, what stands behind the CRC, whatever the type. */
  readonly records?: readonly (readonly [type: number, data: Uint8Array | string])[];
  /** Levels 1 to 3: a record with the header's CRC-16, right unless this says otherwise. */
  readonly headerCrc?: boolean | "wrong";
  readonly crc?: number;
  readonly size?: number;
  readonly packedSize?: number;
  /** What the header says of its own size less what it is. */
  readonly headerSizeOff?: number;
}

/** 22 November 2026, 12:34:56. */
export const DOS_TIME = ((((2026 - 1980) << 9) | (11 << 5) | 22) * 65536 + ((12 << 11) | (34 << 5) | (56 / 2))) >>> 0;
export const UNIX_TIME = 1795350896;

export function buildLzh(items: readonly LzhItem[], end: Uint8Array = new Uint8Array(1)): Buffer {
  return Buffer.concat([...items.map(lzhEntry), end]);
}

export function lzhEntry(item: LzhItem): Buffer {
  const { level = 0, method = "-lh0-", content = "", name = "", system = "U", headerCrc = level > 1, records = [], headerSizeOff = 0 } = item;
  const bytes = Buffer.from(content as string);
  const packed = item.packed ?? bytes;
  const short = level < 2;
  const width = level === 3 ? 4 : 2;
  const size = item.size ?? bytes.length;
  const crc = word(item.crc ?? slowCrc16(bytes));
  const time = item.time ?? (short ? DOS_TIME : UNIX_TIME);
  const all = [...(headerCrc === false ? [] : [[0, word(0)] as const]), ...(short || name.length === 0 ? [] : [[1, name] as const]), ...records];
  // Each record ends with the size of the next one.
  const sizes = all.map(([, data]) => 1 + Buffer.from(data as string).length + width);
  const chain = level === 0 ? records.map(([, data]) => Buffer.from(data as string)) : all.map(([type, data], at) => Buffer.concat([Buffer.of(type), Buffer.from(data as string), number(sizes[at + 1] ?? 0, width)]));
  const extended = Buffer.concat(chain);
  const packedSize = (item.packedSize ?? packed.length) + (level === 1 ? extended.length : 0);
  const fixed = [Buffer.from(method, "latin1"), number(packedSize, 4), number(size, 4), number(time, 4), Buffer.of(0x20, level)];
  let header: Buffer;
  if (short) {
    const ownName = Buffer.from(name as string);
    const base = Buffer.concat([...fixed, Buffer.of(ownName.length), ownName, crc, ...(level === 0 ? [extended] : [Buffer.from(system, "latin1"), number(sizes[0] ?? 0, 2)])]);
    const sum = base.reduce((total, byte) => total + byte, 0) & 0xff;
    header = Buffer.concat([Buffer.of(base.length + headerSizeOff, sum), base, ...(level === 1 ? [extended] : [])]);
  } else {
    const length = (level === 2 ? 26 : 32) + extended.length;
    const body = [...fixed, crc, Buffer.from(system, "latin1"), ...(level === 3 ? [number(length + headerSizeOff, 4)] : []), number(sizes[0] ?? 0, width), extended];
    // A level 2 header whose size is a multiple of 256 would begin with the mark of the end: it is padded.
    const padding = level === 2 && length % 256 === 0 ? Buffer.alloc(1) : Buffer.alloc(0);
    header = Buffer.concat([word(level === 3 ? 4 : length + padding.length + headerSizeOff), ...body, padding]);
  }
  if (headerCrc !== false && level > 0) {
    const chainStart = level === 1 ? header.length - extended.length : level === 2 ? 26 : 32;
    header.writeUInt16LE(slowCrc16(header) ^ (headerCrc === "wrong" ? 1 : 0), chainStart + 1);
  }
  return Buffer.concat([header, packed]);
}

export function word(value: number): Buffer {
  return number(value, 2);
}

function number(value: number, width: number): Buffer {
  const bytes = Buffer.alloc(width);
  bytes.writeUIntLE(value, 0, width);
  return bytes;
}

/** Bit by bit, and so another way than that of what is tested. */
export function slowCrc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  return crc;
}

/** What tokens stand for; in front of the content lie spaces, unless `past` gives something else. */
export function contentOf(tokens: readonly Token[], past?: Uint8Array): Buffer {
  const out: number[] = [];
  const before = past ?? new Uint8Array(2 ** 19).fill(0x20);
  for (const token of tokens) {
    if (typeof token === "number") out.push(token);
    else for (let i = 0; i < token.length; i++) out.push(out.length < token.distance ? before[before.length - token.distance + out.length]! : out[out.length - token.distance]!);
  }
  return Buffer.from(out);
}

class BitWriter {
  #bits: number[] = [];

  put(value: number, count: number): void {
    for (let bit = count - 1; bit >= 0; bit--) this.#bits.push(Math.floor(value / 2 ** bit) & 1);
  }

  putBits(bits: readonly number[]): void {
    this.#bits.push(...bits);
  }

  done(): Buffer {
    const bytes = Buffer.alloc(Math.ceil(this.#bits.length / 8));
    this.#bits.forEach((bit, at) => (bytes[at >>> 3]! |= bit << (7 - (at & 7))));
    return bytes;
  }
}

/** Lengths of a complete code of `count` symbols, as equal as can be: the first ones are one bit shorter. */
function evenLengths(count: number): number[] {
  const short = Math.floor(Math.log2(count));
  const long = 2 * (count - 2 ** short);
  return Array.from({ length: count }, (_, symbol) => (symbol < count - long ? short : short + 1));
}

/** Writes a symbol in the code of these lengths, which must not fall. */
function putSymbol(out: BitWriter, lengths: readonly number[], symbol: number): void {
  let code = 0;
  let length = lengths.find((one) => one > 0)!;
  for (let at = 0; at < symbol; at++) {
    const next = lengths[at + 1]!;
    code = (code + 1) * 2 ** (next - length);
    length = next;
  }
  out.put(code, lengths[symbol]!);
}

const STATIC = { "-lh4-": [13, 4], "-lh5-": [13, 4], "-lh6-": [15, 5], "-lh7-": [16, 5], "-lhx-": [19, 5] } as const;
export type StaticMethod = keyof typeof STATIC;
export const STATIC_METHODS = Object.keys(STATIC) as StaticMethod[];
export const windowOf = (method: StaticMethod): number => 2 ** STATIC[method][0];

/** Blocks of `perBlock` tokens, each with even codes in front. */
export function packStatic(method: StaticMethod, tokens: readonly Token[], perBlock = 1000): Buffer {
  const [windowBits, countBits] = STATIC[method];
  const out = new BitWriter();
  const [codes, positions] = [evenLengths(510), evenLengths(windowBits + 1)];
  for (let start = 0; start < tokens.length; start += perBlock) {
    const block = tokens.slice(start, start + perBlock);
    out.put(block.length, 16);
    // The lengths of lengths: only 8 and 9 exist, as numbers 10 and 11, with a bit each.
    out.put(12, 5);
    for (let i = 0; i < 12; i++) {
      out.put(i >= 10 ? 1 : 0, 3);
      if (i === 2) [out.put(3, 2), (i += 3)];
    }
    out.put(510, 9);
    for (const length of codes) out.put(length - 8, 1);
    out.put(positions.length, countBits);
    for (const length of positions) out.put(length, 3);
    for (const token of block) {
      if (typeof token === "number") putSymbol(out, codes, token);
      else {
        putSymbol(out, codes, 256 + token.length - 3);
        const value = token.distance - 1;
        const bits = value === 0 ? 0 : Math.floor(Math.log2(value)) + 1;
        putSymbol(out, positions, bits);
        if (bits > 1) out.put(value - 2 ** (bits - 1), bits - 1);
      }
    }
  }
  return out.done();
}

/** One block with one symbol only: a single token again and again, which takes no bits at all. */
export function packSingle(symbol: number, count: number): Buffer {
  const out = new BitWriter();
  out.put(count, 16);
  for (const bits of [5, 9, 4]) [out.put(0, bits), out.put(bits === 9 ? symbol : 0, bits)];
  return out.done();
}

/** lh3, with even codes for tokens and the usual one for distances. */
export function packLh3(tokens: readonly Token[], ownPositions = false): Buffer {
  const out = new BitWriter();
  const codes = evenLengths(286);
  const usual = [1, 0, 2, 3, 7, 18, 47, 50].flatMap((count, more) => new Array<number>(count).fill(2 + more));
  const positions = ownPositions ? evenLengths(128) : usual;
  out.put(tokens.length, 16);
  for (const length of codes) [out.put(1, 1), out.put(length - 1, 4)];
  out.put(ownPositions ? 1 : 0, 1);
  if (ownPositions) for (const length of positions) out.put(length, 4);
  for (const token of tokens) {
    if (typeof token === "number") putSymbol(out, codes, token);
    else {
      putLh2Length(token.length, (symbol) => putSymbol(out, codes, symbol), out);
      putSymbol(out, positions, (token.distance - 1) >>> 6);
      out.put((token.distance - 1) & 63, 6);
    }
  }
  return out.done();
}

function putLh2Length(length: number, put: (symbol: number) => void, out: BitWriter): void {
  const symbol = 256 + length - 3;
  put(Math.min(symbol, 285));
  if (symbol >= 285) out.put(symbol - 285, 8);
}

/** A node of an adaptive Huffman code, as objects in a list: slow and plain. */
interface Node {
  weight: number;
  parent: Node | undefined;
  /** The later one in the list first. */
  children: [Node, Node] | undefined;
  symbol: number;
}

/** The writing half of an adaptive Huffman code, by the rules of LZHUF. */
class Adaptive {
  /** Lightest first; the root is the last one. */
  #nodes: Node[];
  #count: number;

  constructor(symbols: number) {
    this.#nodes = [];
    this.#rebuild(Array.from({ length: symbols }, (_, symbol): Node => ({ weight: 1, parent: undefined, children: undefined, symbol })));
    this.#count = symbols === 1 ? 0 : symbols;
  }

  put(symbol: number, out: BitWriter): void {
    const bits: number[] = [];
    const leaf = this.#nodes.find((node) => node.children === undefined && node.symbol === symbol)!;
    for (let node = leaf; node.parent !== undefined; node = node.parent) bits.unshift(node.parent.children![1] === node ? 1 : 0);
    out.putBits(bits);
    this.#increment(leaf);
  }

  add(symbol: number): void {
    const light = this.#nodes[0]!;
    const stays: Node = { weight: light.weight, parent: light, children: undefined, symbol: light.symbol };
    const added: Node = { weight: 0, parent: light, children: undefined, symbol };
    light.children = [added, stays];
    this.#nodes.unshift(added, stays);
    this.#increment(added);
  }

  #increment(leaf: Node): void {
    if (this.#count === 0x8000) this.#rebuild(this.#nodes.filter((node) => node.children === undefined).map((node) => Object.assign(node, { weight: (node.weight + 1) >>> 1 })), true);
    this.#count++;
    for (let node: Node = leaf; node.parent !== undefined; node = node.parent) {
      const at = this.#nodes.indexOf(node);
      let last = at;
      while (last + 1 < this.#nodes.length - 1 && this.#nodes[last + 1]!.weight === node.weight) last++;
      const other = this.#nodes[last]!;
      if (other !== node) {
        [this.#nodes[at], this.#nodes[last]] = [other, node];
        const [mine, its] = [node.parent, other.parent!];
        const [i, j] = [mine.children!.indexOf(node), its.children!.indexOf(other)];
        [mine.children![i], its.children![j]] = [other, node];
        [node.parent, other.parent] = [its, mine];
      }
      node.weight++;
    }
  }

  #rebuild(leaves: Node[], counts = false): void {
    const nodes = [...leaves];
    for (let i = 0; i + 1 < nodes.length; i += 2) {
      const [one, two] = [nodes[i]!, nodes[i + 1]!];
      const parent: Node = { weight: one.weight + two.weight, parent: undefined, children: [one, two], symbol: -1 };
      one.parent = two.parent = parent;
      let at = nodes.length;
      while (nodes[at - 1]!.weight > parent.weight) at--;
      nodes.splice(at, 0, parent);
    }
    this.#nodes = nodes;
    if (counts) this.#count = nodes.at(-1)!.weight;
  }
}

const LH1_POSITIONS = [1, 3, 8, 12, 24, 16].flatMap((count, more) => new Array<number>(count).fill(3 + more));

export function packLh1(tokens: readonly Token[]): Buffer {
  const out = new BitWriter();
  const code = new Adaptive(314);
  for (const token of tokens) {
    if (typeof token === "number") code.put(token, out);
    else {
      code.put(256 + token.length - 3, out);
      putSymbol(out, LH1_POSITIONS, (token.distance - 1) >>> 6);
      out.put((token.distance - 1) & 63, 6);
    }
  }
  return out.done();
}

export function packLh2(tokens: readonly Token[]): Buffer {
  const out = new BitWriter();
  const [code, positions] = [new Adaptive(286), new Adaptive(1)];
  let known = 1;
  let at = 0;
  for (const token of tokens) {
    if (typeof token === "number") code.put(token, out);
    else {
      putLh2Length(token.length, (symbol) => code.put(symbol, out), out);
      for (; known < 128 && at > known * 64; known++) positions.add(known);
      positions.put((token.distance - 1) >>> 6, out);
      out.put((token.distance - 1) & 63, 6);
    }
    at += typeof token === "number" ? 1 : token.length;
  }
  return out.done();
}

export function packLzs(tokens: readonly Token[]): Buffer {
  const out = new BitWriter();
  let at = 2048 - 17;
  for (const token of tokens) {
    if (typeof token === "number") out.put(0x100 | token, 9);
    else [out.put(0, 1), out.put((at - token.distance + 2048) % 2048, 11), out.put(token.length - 2, 4)];
    at = (at + (typeof token === "number" ? 1 : token.length)) % 2048;
  }
  return out.done();
}

export function packLz5(tokens: readonly Token[]): Buffer {
  const out: number[] = [];
  let at = 4096 - 18;
  for (let start = 0; start < tokens.length; start += 8) {
    const group = tokens.slice(start, start + 8);
    out.push(group.reduce<number>((flags, token, i) => flags | (typeof token === "number" ? 1 << i : 0), 0));
    for (const token of group) {
      if (typeof token === "number") out.push(token);
      else {
        const place = (at - token.distance + 4096) % 4096;
        out.push(place & 0xff, ((place >>> 8) << 4) | (token.length - 3));
      }
      at = (at + (typeof token === "number" ? 1 : token.length)) % 4096;
    }
  }
  return Buffer.from(out);
}
