/** Finds every field of every header of a good zip, and bends them one at a time. */

export interface Field {
  readonly at: number;
  /** Bytes. */
  readonly size: number;
  /** Such as "central 2: CRC-32". */
  readonly name: string;
}

export interface Bent {
  readonly what: string;
  readonly bytes: Buffer;
}

type Layout = readonly (readonly [offset: number, size: number, name: string])[];

// The offsets of APPNOTE 4.3.7, 4.3.9, 4.3.12, 4.3.14, 4.3.15 and 4.3.16.
const SHARED: Layout = [[0, 2, "version needed"], [2, 2, "flags"], [4, 2, "method"], [6, 2, "time"], [8, 2, "date"], [10, 4, "CRC-32"], [14, 4, "compressed size"], [18, 4, "size"], [22, 2, "name length"], [24, 2, "extra length"]];
const moved = (layout: Layout, by: number): Layout => layout.map(([offset, size, name]) => [offset + by, size, name]);
const LOCAL: Layout = [[0, 4, "signature"], ...moved(SHARED, 4)];
const CENTRAL: Layout = [[0, 4, "signature"], [4, 2, "version made by"], ...moved(SHARED, 6), [32, 2, "comment length"], [34, 2, "disk"], [36, 2, "internal attributes"], [38, 4, "attributes"], [42, 4, "offset"]];
const END: Layout = [[0, 4, "signature"], [4, 2, "disk"], [6, 2, "directory disk"], [8, 2, "entries here"], [10, 2, "entries"], [12, 4, "directory size"], [16, 4, "directory offset"], [20, 2, "comment length"]];
const ZIP64_END: Layout = [[0, 4, "signature"], [4, 8, "record size"], [12, 2, "version made by"], [14, 2, "version needed"], [16, 4, "disk"], [20, 4, "directory disk"], [24, 8, "entries here"], [32, 8, "entries"], [40, 8, "directory size"], [48, 8, "directory offset"]];
const LOCATOR: Layout = [[0, 4, "signature"], [4, 4, "disk"], [8, 8, "offset"], [16, 4, "disks"]];

/** What is said only once and is neither name nor content: it makes another entry of it, and nothing contradicts it. */
const SAID_ONCE = /: (attributes|version made by)$/;

/** The archive has to be good, one file, without a prefix. */
export function fieldsOf(bytes: Buffer): Field[] {
  const fields: Field[] = [];
  const add = (layout: Layout, at: number, record: string): void => {
    for (const [offset, size, name] of layout) fields.push({ at: at + offset, size, name: `${record}: ${name}` });
  };
  const addVariable = (start: number, nameLength: number, extraLength: number, record: string): void => {
    for (let at = 0; at < nameLength; at++) fields.push({ at: start + at, size: 1, name: `${record}: name[${at}]` });
    const end = start + nameLength + extraLength;
    for (let at = start + nameLength; at + 4 <= end; ) {
      const id = bytes.readUInt16LE(at);
      const length = bytes.readUInt16LE(at + 2);
      const extra = `${record}: extra ${id.toString(16).padStart(4, "0")}`;
      fields.push({ at, size: 2, name: `${extra} id` }, { at: at + 2, size: 2, name: `${extra} length` });
      for (let i = 0; i < length; i++) fields.push({ at: at + 4 + i, size: 1, name: `${extra}[${i}]` });
      at += 4 + length;
    }
  };
  const end = bytes.lastIndexOf("PK\x05\x06", undefined, "latin1");
  add(END, end, "end record");
  const locator = end - 20;
  const hasZip64 = locator >= 0 && bytes.readUInt32LE(locator) === 0x07064b50;
  const zip64 = hasZip64 ? Number(bytes.readBigUInt64LE(locator + 8)) : 0;
  if (hasZip64) {
    add(LOCATOR, locator, "locator");
    add(ZIP64_END, zip64, "zip64 end record");
  }
  const number = hasZip64 ? Number(bytes.readBigUInt64LE(zip64 + 32)) : bytes.readUInt16LE(end + 10);
  let at = hasZip64 ? Number(bytes.readBigUInt64LE(zip64 + 48)) : bytes.readUInt32LE(end + 16);
  const directory = at;
  const offsets: number[] = [];
  for (let i = 0; i < number; i++) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => bytes.readUInt16LE(at + offset)) as [number, number, number];
    add(CENTRAL, at, `central ${i}`);
    addVariable(at + 46, nameLength, extraLength, `central ${i}`);
    offsets.push(bytes.readUInt32LE(at + 42));
    at += 46 + nameLength + extraLength + commentLength;
  }
  offsets.forEach((local, i) => {
    if (local === 0xffffffff) return; // in its zip64 field: found as the record that begins the archive, if at all
    const [nameLength, extraLength] = [26, 28].map((offset) => bytes.readUInt16LE(local + offset)) as [number, number];
    add(LOCAL, local, `local ${i}`);
    addVariable(local + 30, nameLength, extraLength, `local ${i}`);
    const next = Math.min(directory, ...offsets.filter((offset) => offset > local));
    const descriptor = bytes.subarray(0, next).lastIndexOf("PK\x07\x08", undefined, "latin1");
    if ((bytes.readUInt16LE(local + 6) & 8) === 0 || descriptor < local) return;
    const long = next - descriptor >= 24;
    add([[0, 4, "signature"], [4, 4, "CRC-32"], [8, long ? 8 : 4, "compressed size"], [long ? 16 : 12, long ? 8 : 4, "size"]], descriptor, `descriptor ${i}`);
  });
  return fields.filter(({ name }) => !SAID_ONCE.test(name));
}

/** Each field with one more and one less, nothing and all ones, something else, one bit flipped, and with what the same field of another record holds. */
export function* bentOf(bytes: Buffer, random: () => number): Generator<Bent> {
  const fields = fieldsOf(bytes);
  for (const field of fields) {
    const { at, size } = field;
    const own = bytes.subarray(at, at + size);
    const value = size === 8 ? own.readBigUInt64LE() : BigInt(own.readUIntLE(0, size));
    const of = (number: bigint): Buffer => {
      const out = Buffer.alloc(8);
      out.writeBigUInt64LE(BigInt.asUintN(8 * size, number));
      return out.subarray(0, size);
    };
    const noise = BigInt(random()) * 0x100000000n + BigInt(random());
    const others = fields.filter((other) => other.size === size && other.at !== at && other.name.replace(/^(\w+) \d+/, "$1") === field.name.replace(/^(\w+) \d+/, "$1"));
    const other = others[random() % Math.max(1, others.length)];
    for (const [how, changed] of [
      ["+1", of(value + 1n)], ["-1", of(value - 1n)], ["0", of(0n)], ["max", of(-1n)], ["random", of(noise)], ["one bit", of(value ^ (1n << BigInt(random() % (8 * size))))],
      ["small", of(BigInt(random() % 300))],
      ...(other === undefined ? [] : [[`of ${other.name}`, Buffer.from(bytes.subarray(other.at, other.at + size))] as const]),
    ] as const) {
      if (changed.equals(own)) continue;
      const bent = Buffer.from(bytes);
      changed.copy(bent, at);
      yield { what: `${field.name} ${how} (at ${at}: ${own.toString("hex")} → ${changed.toString("hex")})`, bytes: bent };
      if (other !== undefined && how.startsWith("of ")) {
        own.copy(bent, other.at);
        yield { what: `${field.name} swapped with ${other.name}`, bytes: Buffer.from(bent) };
      }
    }
  }
}

/** Park and Miller's generator: the same numbers in every run. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647);
}
