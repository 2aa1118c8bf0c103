/** Records of a zip where none belongs: another reader may find them, and read another archive. */

const NAMES: ReadonlyMap<number, string> = new Map([
  [0x04034b50, "a local header"], [0x02014b50, "a central record"], [0x06054b50, "an end record"], [0x06064b50, "a zip64 end record"], [0x07064b50, "a zip64 locator"],
]);

/** The first one that begins in `bytes`, which lie at `position` in the file, in words; undefined: there is none. */
export function recordIn(bytes: Buffer, position: number): string | undefined {
  for (let at = bytes.indexOf("PK"); at >= 0 && at + 4 <= bytes.length; at = bytes.indexOf("PK", at + 1)) {
    const name = NAMES.get(bytes.readUInt32LE(at));
    if (name !== undefined) return `${name} at ${position + at}`;
  }
  return undefined;
}
