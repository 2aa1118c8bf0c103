/** What a group works on, set up in a run folder: an input and its archives. */
import { chmodSync, closeSync, copyFileSync, cpSync, existsSync, ftruncateSync, mkdirSync, openSync, readdirSync, statSync, writeSync } from "node:fs";
import { join, resolve } from "node:path";
import { must } from "./command.mjs";
import { digestEntries, digestTree } from "./digest.mjs";
import { entriesOf, tarHeader, writeTar, writeZip } from "./entries.mjs";
import { measure } from "./inputs.mjs";
import { SILENT } from "./contenders.mjs";

/** The one rar of other projects whose decoding takes longer than the start of a program. */
const RAR = resolve(import.meta.dirname, "../../shared/corpus/libarchive/test_read_format_rar_ppmd_lzss_conversion.rar");

/** Who makes the archives that are read: the first of these that is there. The archive and the input follow the words. */
const MAKERS = {
  zip: [["zip", "-q", "-r", "-6"], ["7zz", "a", "-tzip", "-mx3", ...SILENT], ["unzipx", "c", "-q"]],
  tar: [["tar", "-cf"], ["bsdtar", "-cf"], ["unzipx", "c", "-q"]],
  "tar.gz": [["tar", "-czf"], ["bsdtar", "-czf"], ["unzipx", "c", "-q"]],
  "tar.zst": [["tar", "-I", "zstd -T0", "-cf"], ["unzipx", "c", "-q"]],
  // xz -T0 cuts into blocks: without them nobody can decode on two threads.
  "tar.xz": [["tar", "-I", "xz -T0", "-cf"], ["unzipx", "c", "-q"]],
  "tar.bz2": [["tar", "-cjf"], ["bsdtar", "-cjf"], ["unzipx", "c", "-q"]],
  // One thread, or LZMA2 would be cut inside the block.
  "solid.7z": [["7zz", "a", "-mx5", "-ms=on", "-mmt1", ...SILENT], ["7za", "a", "-mx5", "-ms=on", "-mmt1", ...SILENT]],
  "blocks.7z": [["7zz", "a", "-mx5", "-ms=4m", ...SILENT], ["7za", "a", "-mx5", "-ms=4m", ...SILENT]],
  gz: [["gzip", "-6", "-c"], ["unzipx", "c", "-q"]],
};

/** Why a group cannot be set up here; undefined when it can. */
export function whyNot({ input }) {
  return input === "rar" && !existsSync(RAR) ? "no rar is at hand: nothing free writes them, and the collection of archives beside this project is missing" : undefined;
}

/**
 * { name, about, files, bytes, made, digest, names }: `digest({ modes })` of what unpacking has to give, undefined where only the
 * tools can tell; `names()` are all paths.
 */
export function setUp(group, bench) {
  const { input } = group;
  if (input === "rar") return foundRar(bench);
  if (input === "sparse") return sparse(group, bench);
  if (input.startsWith("entries-")) return generated(input, bench);
  return folder(group, bench);
}

function folder({ input, archives }, bench) {
  const source = join(bench.folder, input);
  if (input === "small") copySmall(bench.inputs.tiny.path, source);
  else cpSync(bench.inputs[input].path, source, { recursive: true });
  setModes(source);
  const made = archives.map((extension) => makeArchive(extension, input, bench));
  const names = [input, ...readdirSync(source, { recursive: true }).map((one) => `${input}/${one}`)];
  // While the source is there: it moves with the group from one place to the next.
  const digests = [true, false].map((modes) => digestTree(source, { modes }));
  return { name: input, ...measure(source), made, digest: ({ modes }) => digests[modes ? 0 : 1], names: () => names };
}

function generated(input, { folder: into, say }) {
  const count = Number(input.split("-")[1]);
  const entries = () => entriesOf(input, count);
  say(`writing ${input}.zip and ${input}.tar`);
  writeZip(join(into, `${input}.zip`), entries());
  writeTar(join(into, `${input}.tar`), entries());
  let [files, bytes] = [0, 0];
  for (const { content } of entries()) if (content !== undefined) [files, bytes] = [files + 1, bytes + content.length];
  const made = ["zip", "tar"].map((extension) => archiveOf(into, `${input}.${extension}`, "the benchmark"));
  return { name: input, files, bytes, made, digest: (options) => digestEntries(entries(), options), names: () => [...entries()].map(({ path }) => path) };
}

function foundRar({ folder: into }) {
  copyFileSync(RAR, join(into, "found.rar"));
  chmodSync(join(into, "found.rar"), 0o644);
  return { name: "found", files: 1, bytes: 241_647_978, made: [archiveOf(into, "found.rar", "WinRAR")], digest: () => undefined, names: () => [] };
}

/** The tar is a head, a hole, and an end. */
function sparse({ gigabytes }, bench) {
  const bytes = gigabytes * 1e9;
  const hole = (path, length, head) => {
    const fd = openSync(path, "w");
    if (head !== undefined) writeSync(fd, head);
    ftruncateSync(fd, length);
    closeSync(fd);
  };
  mkdirSync(join(bench.folder, "sparse"));
  hole(join(bench.folder, "sparse/hole.bin"), bytes);
  hole(join(bench.folder, "sparse.tar"), 512 + Math.ceil(bytes / 512) * 512 + 1024, tarHeader("sparse/hole.bin", bytes, false));
  const made = [makeArchive("zip", "sparse", bench), archiveOf(bench.folder, "sparse.tar", "the benchmark")];
  return { name: "sparse", files: 1, bytes, made, digest: () => undefined, names: () => [] };
}

function copySmall(tiny, into) {
  mkdirSync(into);
  const [first] = readdirSync(tiny);
  for (const name of readdirSync(join(tiny, first)).slice(0, 10)) cpSync(join(tiny, first, name), join(into, name));
}

/** What every tool can keep: no group write, no setuid. */
function setModes(path) {
  for (const entry of readdirSync(path, { withFileTypes: true, recursive: true })) {
    const at = join(entry.parentPath ?? entry.path, entry.name);
    chmodSync(at, entry.isDirectory() || (statSync(at).mode & 0o100) !== 0 ? 0o755 : 0o644);
  }
  chmodSync(path, 0o755);
}

function makeArchive(extension, input, bench) {
  const maker = MAKERS[extension].find((words) => needsOf(words).every((tool) => bench.has(tool)));
  if (maker === undefined) throw new Error(`nobody here makes ${input}.${extension}`);
  // A .gz holds one file: the group's only one.
  const [what, archive] = extension === "gz" ? [`${input}/${input}.txt`, `${input}.txt.gz`] : [input, `${input}.${extension}`];
  bench.say(`making ${archive} with ${maker[0]}`);
  if (maker[0] === "gzip") must([...maker, what], bench, archive);
  else must([...maker, archive, what], bench);
  return archiveOf(bench.folder, archive, maker[0]);
}

/** The tool, and the filter's program where tar runs one. */
function needsOf([tool, option, program]) {
  return option === "-I" ? [tool, program.split(" ")[0]] : [tool];
}

function archiveOf(into, archive, tool) {
  return { archive, tool, bytes: statSync(join(into, archive)).size };
}
