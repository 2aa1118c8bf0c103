/** What the tools work on: made once in a work folder, the same every time. */
import { execFileSync } from "node:child_process";
import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";

const MIB = 1024 * 1024;

/** Pinned, and without dependencies but for tslib: the same files on every machine. About 23,000 files, 210 MB. */
const PACKAGES = [
  "typescript@5.9.3", "date-fns@4.1.0", "core-js@3.45.0", "lodash@4.17.21", "rxjs@7.8.2", "tslib@2.8.1", "three@0.180.0",
  "monaco-editor@0.52.2", "highlight.js@11.11.1", "ramda@0.31.3", "@fortawesome/fontawesome-free@7.0.0",
];
/** About 7,700 files, 50 MB. */
const QUICK_PACKAGES = ["typescript@5.9.3", "date-fns@4.1.0", "rxjs@7.8.2", "tslib@2.8.1"];

export const SIZES = {
  quick: { packages: QUICK_PACKAGES, tiny: 100_000, largeFiles: 4, largeBytes: 32 * MIB, hugeBytes: 128 * MIB },
  full: { packages: PACKAGES, tiny: 100_000, largeFiles: 8, largeBytes: 64 * MIB, hugeBytes: 1024 * MIB },
};

/**
 * Makes the inputs of these names that are missing in `folder`, and tells what each one is. A part that was not
 * finished is made anew: every input is made under another name first.
 */
export function makeInputs(names, folder, size, say) {
  mkdirSync(folder, { recursive: true });
  const make = (name, about, fill) => {
    const path = join(folder, name);
    if (!existsSync(path)) {
      say(`making ${name}: ${about}`);
      const partial = `${path}.partial`;
      rmSync(partial, { recursive: true, force: true });
      mkdirSync(partial);
      fill(partial);
      renameSync(partial, path);
    }
    return { name, path, about, ...measure(path) };
  };
  const makers = {
    tree: [`npm packages: ${size.packages.join(", ")}`, (into) => installPackages(into, size.packages)],
    large: [`${size.largeFiles} files of ${size.largeBytes / MIB} MiB, cut from this machine's programs and shared libraries`, (into) => cutBinaries(into, size)],
    tiny: [`${size.tiny.toLocaleString("en-US")} files of 20 to 300 bytes, from a seed`, (into) => writeTinyFiles(into, size.tiny)],
    huge: [`one file of ${size.hugeBytes / MIB} MiB, text from a seed`, (into) => writeHugeFile(into, size.hugeBytes)],
  };
  return Object.fromEntries(Object.entries(makers).filter(([name]) => names.has(name)).map(([name, [about, fill]]) => [name, make(name, about, fill)]));
}

function installPackages(into, packages) {
  writeFileSync(join(into, "package.json"), '{"private":true}\n');
  // No scripts are run, and no links are made to programs: the tree is files and folders only.
  const flags = ["--ignore-scripts", "--no-bin-links", "--no-audit", "--no-fund", "--no-save", "--no-package-lock"];
  execFileSync("npm", ["install", ...flags, ...packages], { cwd: into, stdio: ["ignore", "ignore", "inherit"], shell: process.platform === "win32" });
}

/** node itself, then shared libraries and programs in a fixed order, from the start again when they are used up. */
function cutBinaries(into, { largeFiles, largeBytes }) {
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
function writeTinyFiles(into, count) {
  const random = randomFrom(0x5eed);
  for (let number = 0; number < count; number++) {
    const folder = join(into, `d${String(number % 100).padStart(2, "0")}`);
    if (number < 100) mkdirSync(folder);
    writeFileSync(join(folder, `file-${String(number).padStart(6, "0")}.txt`), words(random, 20 + (random() % 281)));
  }
}

function writeHugeFile(into, bytes) {
  const random = randomFrom(0xb16);
  // Pieces of 4 MiB of text in another order each time, every one with four bytes of its own: nothing long repeats within
  // the 32 KiB that deflate looks back, and a tool that looks farther gains little.
  const text = Buffer.from(words(random, 4 * MIB));
  const PIECE = 8192;
  const block = Buffer.alloc(MIB);
  const fd = openSync(join(into, "huge.txt"), "w");
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

/** Files and bytes below a folder. */
export function measure(path) {
  let [files, bytes] = [0, 0];
  for (const entry of readdirSync(path, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    files += 1;
    bytes += statSync(join(entry.parentPath ?? entry.path, entry.name)).size;
  }
  return { files, bytes };
}

/** The built program as it is now: a build that somebody starts meanwhile changes nothing. */
export function copyProgram(root, into) {
  const main = join(root, "dist/main.js");
  if (!existsSync(main)) throw new Error("there is no dist/main.js: npm run build");
  rmSync(into, { recursive: true, force: true });
  for (const file of ["package.json", ...filesOf(join(root, "bin"), "bin"), ...filesOf(join(root, "dist"), "dist")]) {
    mkdirSync(dirname(join(into, file)), { recursive: true });
    copyFileSync(join(root, file), join(into, file));
  }
  return join(into, "bin/unzipx.js");
}

function filesOf(folder, name) {
  return readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => `${name}/${entry.name}`);
}
