/** Every command is run once before anything is timed, and what it did is held against the input. */
import { closeSync, mkdirSync, openSync, readFileSync, readSync, rmSync, statSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { must, runContender } from "./command.mjs";
import { CREATE, EXTRACT, LIST, START, TEST } from "./contenders.mjs";
import { digestTree } from "./digest.mjs";

/** Who unpacks what was made, to hold it against the input: not unzipx, where anybody else is there. */
const CHECKERS = {
  "made.zip": [["unzip", "-q", "made.zip", "-d", "check"], ["bsdtar", "-xf", "made.zip", "-C", "check"], ["7zz", "x", "made.zip", "-ocheck", "-bso0", "-bsp0"], ["unzipx", "x", "-q", "made.zip", "-C", "check"]],
  "made.7z": [["7zz", "x", "made.7z", "-ocheck", "-bso0", "-bsp0"], ["7za", "x", "made.7z", "-ocheck", "-bso0", "-bsp0"], ["unzipx", "x", "-q", "made.7z", "-C", "check"]],
  tar: [["tar", "-xf"], ["bsdtar", "-xf"], ["unzipx", "x", "-q"]].map((words) => (made) => [...words, made, "-C", "check"]),
};

function checkerOf(made, { has }) {
  const words = CHECKERS[made] ?? CHECKERS.tar.map((wordsFor) => wordsFor(made));
  return words.find(([tool]) => has(tool));
}

/** An empty place for what the contender makes. */
export function prepare(row, { stdout }, { folder }) {
  if (row.kind === EXTRACT || row.unpacks) {
    rmSync(join(folder, "out"), { recursive: true, force: true });
    mkdirSync(join(folder, "out"));
    if (stdout !== undefined && !stdout.startsWith("/")) mkdirSync(dirname(join(folder, stdout)), { recursive: true });
  }
  if (row.made !== undefined) rmSync(join(folder, row.made), { force: true });
}

/** Removes what the rows' commands make. */
export function clear(row, { folder }) {
  for (const name of ["out", "check", "names", row.made]) if (name !== undefined) rmSync(join(folder, name), { recursive: true, force: true });
}

/** The first run, which also warms the caches: { wall, wrong }, or { wall, verified, bytes }. */
export function check(row, contender, subject, bench) {
  prepare(row, contender, bench);
  const { status, stderr, wall } = runContender(contender, bench, { measured: false });
  if (status !== 0) return { wall, wrong: `ended with ${status}: ${firstLine(stderr, bench)}` };
  try {
    return { wall, ...verify(row, contender, subject, bench) };
  } catch (error) {
    return { wall, wrong: firstLine(error.message, bench) };
  }
}

function verify(row, contender, subject, bench) {
  const bytes = row.made === undefined ? undefined : statSync(join(bench.folder, row.made)).size;
  if (row.unchecked || contender.unchecked) return { verified: "exit code 0", bytes };
  switch (row.kind) {
    case EXTRACT:
      return compare(join(bench.folder, "out", row.flat ? "" : subject.name), subject, contender.stdout !== undefined);
    case CREATE: {
      const words = checkerOf(row.made, bench);
      rmSync(join(bench.folder, "check"), { recursive: true, force: true });
      mkdirSync(join(bench.folder, "check"));
      must(words, bench);
      const found = compare(join(bench.folder, "check", subject.name), subject, false);
      return { ...found, ...(found.verified && { verified: `${found.verified}, unpacked with ${words[0]}` }), bytes };
    }
    case LIST:
      return compareNames(row.names[contender.tool], contender.tool, subject, bench);
    case TEST:
      return testDamaged(row, contender, bench);
    case START:
      if (row.unpacks && contender.tool !== "node") return compare(join(bench.folder, "out", subject.name), subject, false);
  }
  return { verified: "exit code 0" };
}

/** Where only the tools can tell what comes out, the first one's result is the measure of the others'. */
function compare(path, subject, contentOnly) {
  const expected = (modes) => subject.digest({ modes }) ?? subject.first;
  const content = digestTree(path, { modes: false });
  subject.first ??= content;
  if (content !== expected(false)) return { wrong: "its result differs from the input" };
  const hasModes = !contentOnly && subject.digest({ modes: true }) !== undefined && digestTree(path, { modes: true }) === expected(true);
  return { verified: `paths, contents${hasModes ? ", modes" : ""}` };
}

function compareNames(args, tool, subject, bench) {
  must([tool, ...args], bench, "names");
  const text = readFileSync(join(bench.folder, "names"), "utf8");
  const lines = tool === "7zz" ? [...text.matchAll(/^Path = (.*)$/gm)].map(([, name]) => name) : text.split("\n");
  const found = lines.map((line) => line.replace(/\/$/, "")).filter((line) => line !== "").sort();
  const expected = subject.names().sort();
  if (found.length === expected.length && found.every((one, i) => one === expected[i])) return { verified: `${found.length} names` };
  return { wrong: `it lists ${found.length} names, expected ${expected.length}` };
}

/** Longer than the header of a file in a zip, of which some bytes (a time) may be anything. */
const FLIPPED = 256;

/** A test that passes everything is fast: some flipped bytes must be found. */
function testDamaged(row, contender, bench) {
  const path = join(bench.folder, row.tests);
  const at = Math.floor(statSync(path).size / 3);
  const flip = () => {
    const fd = openSync(path, "r+");
    const bytes = Buffer.alloc(FLIPPED);
    const read = readSync(fd, bytes, 0, FLIPPED, at);
    writeSync(fd, bytes.map((byte) => byte ^ 0xff), 0, read, at);
    closeSync(fd);
  };
  flip();
  try {
    const { status } = runContender(contender, bench, { measured: false });
    return status === 0 ? { wrong: `it does not find ${FLIPPED} flipped bytes` } : { verified: `whole archive passes, ${FLIPPED} flipped bytes do not` };
  } finally {
    flip();
  }
}

/** Results name no folder of this machine. */
export function firstLine(text, { folder }) {
  return text.replaceAll(folder, ".").trim().split("\n")[0].slice(0, 200);
}
