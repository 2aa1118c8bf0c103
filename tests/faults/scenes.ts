/** What the faults are tried on: each verb, with each way that bytes take. */
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { noise, prose } from "../create/sample.ts";
import { buildTar, buildZip, DEFLATE, MTIME } from "../helpers/build.ts";
import { fixture } from "../helpers/filters.ts";
import type { Scene } from "../helpers/fault.ts";

const SYMLINK = 0o120777;
/** Larger than what is read and inflated in one call (4 MiB). */
const LARGE = prose((4 << 20) + 100);
const INPUTS = ["in"];

const zip = buildZip([
  { name: "d/", mode: 0o040755 }, { name: "d/a", content: "some text\n", method: DEFLATE }, { name: "d/e/b", content: "b" }, { name: "d/l", content: "a", mode: SYMLINK },
]);
const largeZip = buildZip([{ name: "small", content: "x" }, { name: "large", content: LARGE, method: DEFLATE }]);
const tar = buildTar([
  { name: "d/", type: "5", mode: 0o755 }, { name: "d/a", content: "some text\n" }, { name: "d/e/b", content: "b" },
  { name: "d/h", type: "1", link: "d/a" }, { name: "d/l", type: "2", link: "a" },
]);
const tgz = gzipSync(tar);

function archive(name: string, bytes: Uint8Array, more: (folder: string) => void = () => {}): Scene["prepare"] {
  return (folder) => {
    writeFileSync(join(folder, name), bytes);
    more(folder);
  };
}

/** A destination with a file that has another content in the archive, and one that the archive does not know. */
function existing(folder: string): void {
  mkdirSync(join(folder, "out/d"), { recursive: true });
  writeFileSync(join(folder, "out/d/a"), "the old one\n");
  writeFileSync(join(folder, "out/d/mine"), "stays\n");
}

const extractScenes = {
  "x of a zip into a new folder": { prepare: archive("a.zip", zip), args: ["x", "a.zip", "-C", "out"], isWhole: true },
  "x of a zip into a folder that is there": { prepare: archive("a.zip", zip, (folder) => mkdirSync(join(folder, "out"))), args: ["x", "a.zip", "-C", "out"] },
  "x -f of a zip over files that are there": { prepare: archive("a.zip", zip, existing), args: ["x", "a.zip", "-C", "out", "-f"] },
  "x of a large entry": { prepare: archive("a.zip", largeZip), args: ["x", "a.zip", "-C", "out"], isWhole: true },
  "x of a zip from standard input": { prepare() {}, input: zip, args: ["x", "-", "-C", "out"], isWhole: true },
  "x of a tar.gz with links into a new folder": { prepare: archive("a.tgz", tgz), args: ["x", "a.tgz", "-C", "out"], isWhole: true },
  "x -f of a tar.gz over files that are there": { prepare: archive("a.tgz", tgz, existing), args: ["x", "a.tgz", "-C", "out", "-f"] },
  "x of a tar from standard input, into an own folder": { prepare() {}, input: buildTar([{ name: "a", content: "a" }, { name: "b", content: "b" }]), args: ["x", "-"], isWhole: true },
  "x of a 7z": { prepare: archive("a.7z", fixture("7z/good-lzma2.7z")), args: ["x", "a.7z", "-C", "out"], isWhole: true },
  "x of a rar": { prepare: archive("a.rar", fixture("rar/good-stored-5.rar")), args: ["x", "a.rar", "-C", "out"], isWhole: true },
  "x -R of a zip in a tar": { prepare: archive("a.tar", buildTar([{ name: "d/in.zip", content: zip }, { name: "d/two.tgz", content: tgz }, { name: "d/x", content: "x" }])), args: ["x", "-R", "a.tar", "-C", "out"], instead: /^out\/d\/(in\.zip|two\.tgz)$/, again: "elsewhere" },
  "x --atomic -f of a zip over files that are there": { prepare: archive("a.zip", zip, existing), args: ["x", "a.zip", "-C", "out", "-f", "--atomic"], isWhole: true, again: [] },
  "x --atomic of a tar.gz into a folder that is there": { prepare: archive("a.tgz", tgz, (folder) => mkdirSync(join(folder, "out/d"), { recursive: true })), args: ["x", "a.tgz", "-C", "out", "--atomic"], isWhole: true, again: ["-f"] },
  "x of two archives": { prepare: archive("a.zip", zip, (folder) => writeFileSync(join(folder, "b.tgz"), tgz)), args: ["x", "a.zip", "b.tgz", "--into", "always"], alsoRight: [11] },
} satisfies Record<string, Scene>;

/** Files, folders and a link, always of the same time. */
function inputs(folder: string): void {
  const root = join(folder, "in");
  mkdirSync(join(root, "d"), { recursive: true });
  writeFileSync(join(root, "a"), "some text\n");
  writeFileSync(join(root, "d/b"), prose(3000));
  writeFileSync(join(root, "d/large"), Buffer.concat([prose(1 << 20), noise(150_000)]));
  symlinkSync("a", join(root, "l"));
  for (const path of ["a", "d/b", "d/large", "d", ""]) utimesSync(join(root, path), MTIME, MTIME);
}

function packing(out: string, more: Partial<Scene> & { readonly flags?: readonly string[] } = {}): Scene {
  const { flags = [], ...rest } = more;
  return { prepare: inputs, args: ["c", out, ...INPUTS, "--reproducible", "--threads", "1", ...flags], isWhole: true, archive: out, again: ["-f"], ...rest };
}

/** An archive that is there already. */
function replacing(out: string): Partial<Scene> & { readonly flags: readonly string[] } {
  return {
    flags: ["-f"],
    prepare(folder) {
      inputs(folder);
      writeFileSync(join(folder, out), "the old archive");
    },
  };
}

const createScenes = {
  "c of a zip": packing("a.zip"),
  "c -f of a zip that is there": packing("a.zip", replacing("a.zip")),
  "c of a tar.gz": packing("a.tar.gz"),
  "c -f of a tar that is there": packing("a.tar", replacing("a.tar")),
  "c of a 7z": packing("a.7z"),
  "c of a zip in parts": packing("a.zip", { flags: ["-s", "64K"], isWhole: false }),
  "c of a 7z in parts": packing("a.7z", { flags: ["-s", "64K"], isWhole: false, archive: "a.7z.001" }),
  "c of a tar.xz": packing("a.tar.xz"),
  "c of a zip to standard output": packing("-", { flags: ["--format", "zip"], alone: true }),
  "c of a 7z to standard output": packing("-", { flags: ["--format", "7z"], alone: true }),
} satisfies Record<string, Scene>;

const readingScenes = {
  "l of a zip": { prepare: archive("a.zip", zip), args: ["l", "a.zip"], isWhole: true },
  "l of a 7z": { prepare: archive("a.7z", fixture("7z/good-lzma2.7z")), args: ["l", "a.7z"], isWhole: true },
  "l -R of a zip in a tar": { prepare: archive("a.tar", buildTar([{ name: "in.zip", content: zip }])), args: ["l", "-R", "a.tar"], isWhole: true },
  "t of a zip": { prepare: archive("a.zip", largeZip), args: ["t", "a.zip", "-q"], isWhole: true },
  "t of a tar.gz": { prepare: archive("a.tgz", tgz), args: ["t", "a.tgz", "-q"], isWhole: true },
  "t -R of a zip in a tar": { prepare: archive("a.tar", buildTar([{ name: "in.zip", content: zip }])), args: ["t", "-R", "a.tar", "-q"], isWhole: true },
  "x -O of a zip": { prepare: archive("a.zip", largeZip), args: ["x", "-O", "a.zip"], alone: true, isWhole: true },
} satisfies Record<string, Scene>;

export const SCENES: Record<string, Scene> = { ...extractScenes, ...createScenes, ...readingScenes };
