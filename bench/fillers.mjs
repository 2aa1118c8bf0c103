/** What the inputs are filled with: packages from the registry, this machine's libraries, and bytes from a seed. */
import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, statSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

export const MIB = 1024 * 1024;

export function installPackages(into, packages) {
  writeFileSync(join(into, "package.json"), '{"private":true}\n');
  // No scripts are run, and no links are made to programs: the tree is files and folders only.
  const flags = ["--ignore-scripts", "--no-bin-links", "--no-audit", "--no-fund", "--no-save", "--no-package-lock"];
  execFileSync("npm", ["install", ...flags, ...packages], { cwd: into, stdio: ["ignore", "ignore", "inherit"], shell: process.platform === "win32" });
}

/** node itself, then shared libraries and programs in a fixed order, from the start again when they are used up. */
export function cutBinaries(into, { largeFiles, largeBytes }) {
  const sources = [process.execPath, ...binariesOf(["/usr/lib", "/usr/lib64", "/usr/bin", "/usr/local/lib"])];
  let source = 0;
  let rest = Buffer.alloc(0);
  for (let number = 0; number < largeFiles; number++) {
    const fd = openSync(join(into, `part-${number}.bin`), "w");
    for (let left = largeBytes; left > 0; ) {
      if (rest.length === 0) rest = readFileSync(sources[source++ % sources.length]);
      const piece = rest.subarray(0, left);
      writeSync(fd, piece);
      rest = rest.subarray(piece.length);
      left -= piece.length;
    }
    closeSync(fd);
  }
}

function binariesOf(folders) {
  const found = [];
  const visit = (folder, depth) => {
    let entries;
    try {
      entries = readdirSync(folder, { withFileTypes: true });
    } catch {
      return; // not there, or not ours to read
    }
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && depth > 0) visit(path, depth - 1);
      else if (entry.isFile() && (/\.so(\.|$)/.test(entry.name) || folder.endsWith("bin")) && statSync(path).size > 512 * 1024) found.push(path);
    }
  };
  for (const folder of folders) visit(folder, 2);
  return found.filter((path) => {
    try {
      closeSync(openSync(path, "r"));
      return true;
    } catch {
      return false;
    }
  });
}

/** 100 folders, so that no folder is a measurement of its own. */
export function writeTinyFiles(into, count) {
  const random = randomFrom(0x5eed);
  for (let number = 0; number < count; number++) {
    const folder = join(into, `d${String(number % 100).padStart(2, "0")}`);
    if (number < 100) mkdirSync(folder);
    writeFileSync(join(folder, `file-${String(number).padStart(6, "0")}.txt`), words(random, 20 + (random() % 281)));
  }
}

/** One folder in the other: every path is longer than the one before. */
export function writeDeepTree(into, { chains, depth }) {
  const random = randomFrom(0xdee9);
  for (let chain = 0; chain < chains; chain++) {
    let folder = join(into, `c${String(chain).padStart(3, "0")}`);
    for (let level = 0; level < depth; level++, folder = join(folder, `d${level}`)) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "file.txt"), words(random, 20 + (random() % 281)));
    }
  }
}

/** As photos are for a packer: a head that tells what it is, then nothing that repeats. */
export function writeMedia(into, { mediaFiles, mediaBytes }) {
  const random = randomFrom(0x0ff5e7);
  const numbers = new Uint32Array(mediaBytes / 4);
  for (let number = 0; number < mediaFiles; number++) {
    for (let at = 0; at < numbers.length; at++) numbers[at] = random();
    const bytes = Buffer.from(numbers.buffer);
    bytes.write("\xff\xd8\xff\xe0\0\x10JFIF\0", 0, "latin1");
    writeFileSync(join(into, `img-${String(number).padStart(3, "0")}.jpg`), bytes);
  }
}

export function writeTextFiles(into, { textFiles, largeBytes }) {
  for (let number = 0; number < textFiles; number++) writeHugeFile(join(into, `text-${number}.txt`), largeBytes, number + 1);
}

export function writeHugeFile(path, bytes, seed = 0) {
  const random = randomFrom(0xb16 + seed);
  // Pieces of 4 MiB of text in another order each time, every one with four bytes of its own: nothing long repeats within
  // the 32 KiB that deflate looks back, and a tool that looks farther gains little.
  const text = Buffer.from(words(random, 4 * MIB));
  const PIECE = 8192;
  const block = Buffer.alloc(MIB);
  const fd = openSync(path, "w");
  for (let done = 0; done < bytes; done += MIB) {
    for (let at = 0; at < MIB; at += PIECE) {
      const start = random() % (text.length - PIECE);
      text.copy(block, at, start, start + PIECE);
      block.writeUInt32LE(random(), at);
    }
    writeSync(fd, block);
  }
  closeSync(fd);
}

const WORDS = ("time people way water words long little very after called just where most know get through back much before good new write use man our day same right " +
  "look think also around another came come work three must because does part even place well such here take why help put different away again off went old number").split(" ");

function words(random, length) {
  let text = "";
  while (text.length < length) text += `${WORDS[random() % WORDS.length]}${random() % 12 === 0 ? `, ${random() % 100000}\n` : " "}`;
  return text.slice(0, length);
}

/** xorshift32: the same numbers from the same seed, everywhere. */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>>= 0);
  };
}

