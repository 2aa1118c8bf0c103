/** What the tools work on: made once in a work folder, the same every time. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { cutBinaries, installPackages, MIB, writeDeepTree, writeHugeFile, writeMedia, writeTextFiles, writeTinyFiles } from "./fillers.mjs";

/** Pinned, and without dependencies but for tslib: the same files on every machine. About 23,000 files, 210 MB. */
const PACKAGES = [
  "typescript@5.9.3", "date-fns@4.1.0", "core-js@3.45.0", "lodash@4.17.21", "rxjs@7.8.2", "tslib@2.8.1", "three@0.180.0",
  "monaco-editor@0.52.2", "highlight.js@11.11.1", "ramda@0.31.3", "@fortawesome/fontawesome-free@7.0.0",
];
/** About 7,700 files, 50 MB. */
const SOME_PACKAGES = ["typescript@5.9.3", "date-fns@4.1.0", "rxjs@7.8.2", "tslib@2.8.1"];
/** About 4,900 files, 11 MB; and 2,300 files, 5 MB. */
const QUICK_PACKAGES = ["rxjs@7.8.2", "lodash@4.17.21", "highlight.js@11.11.1", "tslib@2.8.1"];
const QUICK_SOME_PACKAGES = ["rxjs@7.8.2", "tslib@2.8.1"];

export const SIZES = {
  quick: {
    packages: QUICK_PACKAGES, somePackages: QUICK_SOME_PACKAGES, tiny: 5_000, largeFiles: 2, textFiles: 1, largeBytes: 8 * MIB,
    mediaFiles: 16, mediaBytes: 2 * MIB, hugeBytes: 48 * MIB, chains: 30, depth: 40,
  },
  full: {
    packages: PACKAGES, somePackages: SOME_PACKAGES, tiny: 100_000, largeFiles: 6, textFiles: 2, largeBytes: 64 * MIB,
    mediaFiles: 100, mediaBytes: 3 * MIB, hugeBytes: 1024 * MIB, chains: 250, depth: 40,
  },
};

const count = (number) => number.toLocaleString("en-US");

const MAKERS = {
  tree: { about: (size) => `npm packages: ${size.packages.join(", ")}`, fill: (into, size) => installPackages(into, size.packages) },
  some: { about: (size) => `npm packages: ${size.somePackages.join(", ")}`, fill: (into, size) => installPackages(into, size.somePackages) },
  large: {
    about: (size) => `${size.largeFiles} files of ${size.largeBytes / MIB} MiB, cut from this machine's programs and shared libraries, and ${size.textFiles} of text from a seed`,
    fill(into, size) {
      cutBinaries(into, size);
      writeTextFiles(into, size);
    },
  },
  media: { about: (size) => `${size.mediaFiles} files of ${size.mediaBytes / MIB} MiB that do not shrink, from a seed`, fill: writeMedia },
  huge: { about: (size) => `one file of ${size.hugeBytes / MIB} MiB, text from a seed`, fill: (into, size) => writeHugeFile(join(into, "huge.txt"), size.hugeBytes) },
  tiny: { about: (size) => `${count(size.tiny)} files of 20 to 300 bytes, from a seed`, fill: (into, size) => writeTinyFiles(into, size.tiny) },
  deep: { about: (size) => `${size.chains} chains of ${size.depth} folders, each in the one before, with a small file in each`, fill: writeDeepTree },
};

/** Whether an input of this name is kept in the work folder; others are made in the run folder. */
export const isKept = (name) => Object.hasOwn(MAKERS, name);

/**
 * Makes the inputs of these names that are missing in `folder`, and tells what each one is. A part that was not
 * finished is made anew: every input is made under another name first.
 */
export function makeInputs(names, folder, size, say) {
  mkdirSync(folder, { recursive: true });
  const make = (name) => {
    const { about, fill } = MAKERS[name];
    const path = join(folder, name);
    if (!existsSync(path)) {
      say(`making ${name}: ${about(size)}`);
      const partial = `${path}.partial`;
      rmSync(partial, { recursive: true, force: true });
      mkdirSync(partial);
      fill(partial, size);
      renameSync(partial, path);
    }
    return { name, path, about: about(size), ...measure(path) };
  };
  return Object.fromEntries(Object.keys(MAKERS).filter((name) => names.has(name)).map((name) => [name, make(name)]));
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
