/** Trees of files with all that a name, a size or a link may be. */
import { linkSync, lutimesSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { collisionKey } from "../src/safe/path.ts";
import type { Random } from "./prng.ts";

const SIZES = [0, 1, 2, 3, 511, 512, 513, 4095, 4096, 65_535, 65_536, 65_537, 1_048_575, 1_048_576, 1_048_577];
const LETTERS = ["a", "B", "z", "0", " ", ".", "-", "_", "é", "e\u0301", "ß", "日", "本", "Ω", "я", "😀", "%", "'", "\"", "$", "~", "#", "(", "&", ";", "*", "?", "[", "=", "@", "!", "\u200b", "\n", "\t", "\x1b", "\u202e"];
const NAMES = ["__proto__", "constructor", "-rf", "--help", "CON", "aux.txt", "a.", "a ", " a", ".hidden", "...", "%2F", "~root", "PaxHeader", "././@LongLink", "[Content_Types].xml", "con\u00b9", "LICENSE.", "\u00ff", "Ａ"];

export interface Made {
  /** Names in the folder to pack. */
  readonly roots: readonly string[];
  /** Plain files that lie at the root. */
  readonly files: readonly string[];
}

/** Fills `folder`, which is there and empty; `controls` allows control characters in names. */
export function makeTree(folder: string, random: Random, controls: boolean): Made {
  const nameOf = (): string => (controls ? anyName(random) : anyName(random).replace(/[\0-\x1f]/g, "^"));
  const taken = new Set<string>();
  const folders = [""];
  const files: string[] = [];
  const roots: string[] = [];
  for (let count = random.chance(0.04) ? 500 + random.int(400) : random.few(9) * random.few(4); count > 0; count--) {
    const parent = random.pick(folders);
    const name = nameOf();
    const path = parent === "" ? name : `${parent}/${name}`;
    const key = path.split("/").map(collisionKey).join("/");
    if (Buffer.byteLength(path) > 1200 || taken.has(key)) continue;
    taken.add(key);
    const full = join(folder, path);
    const time = new Date(Date.UTC(1980, 0, 2) + random.int(57 * 365 * 24 * 3600) * 1000);
    const kind = random.int(10);
    if (kind < 2) {
      mkdirSync(full);
      folders.push(path);
    } else if (kind === 2) {
      symlinkSync(files.length > 0 && random.chance(0.7) ? relative(dirname(full), join(folder, random.pick(files))) : `nowhere-${[...nameOf()].slice(0, 20).join("")}`, full);
      lutimesSync(full, time, time);
    } else if (kind === 3 && files.length > 0) {
      linkSync(join(folder, random.pick(files)), full);
    } else {
      writeFileSync(full, contentOf(random), { mode: random.chance(0.2) ? 0o755 : 0o644 });
      utimesSync(full, time, time);
      files.push(path);
    }
    if (parent === "") roots.push(name);
  }
  if (roots.length === 0) {
    writeFileSync(join(folder, "only"), contentOf(random));
    return { roots: ["only"], files: ["only"] };
  }
  return { roots, files: files.filter((file) => !file.includes("/")) };
}

/** Not what would be refused on the way out: no drive letter, no backslash. */
function anyName(random: Random): string {
  if (random.chance(0.15)) return random.pick(NAMES).replaceAll("/", ":").replace(/^([A-Za-z]):/, "$1");
  const length = random.chance(0.1) ? 60 + random.int(190) : random.few(12);
  let name = "";
  while (name.length < length) name += random.chance(0.8) ? random.pick(LETTERS.slice(0, 6)) : random.pick(LETTERS);
  while (Buffer.byteLength(name) > 255) name = [...name].slice(0, -1).join("");
  return name === "." || name === ".." ? "dots" : name;
}

function contentOf(random: Random): Buffer {
  const size = random.chance(0.6) ? random.int(3000) : random.chance(0.85) ? random.pick(SIZES) : random.int(4 * 1024 * 1024);
  const bytes = Buffer.alloc(size);
  if (random.chance(0.1)) return bytes;
  if (random.chance(0.3)) {
    for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32LE(random.int(2 ** 32), at);
    return bytes;
  }
  const words = Array.from({ length: 40 }, () => random.bytes(1 + random.int(9)));
  for (let at = 0; at < size; ) at += random.pick(words).copy(bytes, at);
  return bytes;
}
