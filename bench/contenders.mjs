/** What the rows are written in: who does a row's work, and with which words. Every path is relative to the run folder. */

export const EXTRACT = "extract";
export const CREATE = "create";
export const LIST = "list";
export const TEST = "test";
/** Ratios of these rows are to Node doing nothing, which is the floor of a program in Node. */
export const START = "start";

/** As root, GNU tar and bsdtar restore owners unless told not to; no other tool here does. */
export const NO_OWNER = "--no-same-owner";
/** 7-Zip without its talk. */
export const SILENT = ["-bso0", "-bsp0"];

/**
 * `details`: `made`, the archive that a row creates; `tests`, the one it tests; `names`, the words by which each tool lists
 * bare names; `unpacks`, for a start-up row that extracts; `flat`, where an archive has no folder around what it holds;
 * `leastRounds` and `mostRounds`, for work that takes minutes; `unchecked`, for results that have no room anywhere.
 */
export function row(id, title, kind, contenders, details = {}) {
  return { id, title, kind, contenders, ...details };
}

export function ux(...args) {
  return contender("unzipx", [], args);
}

export function node() {
  return contender("node", [], ["-e", "0"]).as("node -e 0");
}

/** What makes nothing that could be unpacked. */
const UNCHECKED = new Set(["inflate", "create"]);

/** The least that a program in Node can take, by a program of `floors/`: no peer, but what a goal that is missed is held against. */
export function floor(program, ...args) {
  return { ...contender("floor", [], [program, ...args]), unchecked: UNCHECKED.has(program) || args[0] === "l" };
}

/** `tools`: the one that is run, and others that it needs. */
export function peer(tools, ...args) {
  const [tool, ...needs] = [tools].flat();
  return contender(tool, needs, args);
}

/** Several programs in a pipe: a line for sh. */
export function pipe(tools, shell) {
  return { ...peer(tools), shell };
}

function contender(tool, needs, args) {
  return {
    tool, needs, args, name: tool, shell: undefined, stdout: undefined,
    /** What tables and goals call it, where a row has one tool in two ways. */
    as(name) {
      return { ...this, name };
    },
    into(stdout) {
      return { ...this, stdout };
    },
  };
}

/** The line as it can be typed in the run folder; a floor's program lies in bench/. */
export function lineOf({ tool, args, shell, stdout }) {
  const words = (tool === "floor" ? ["node", `floors/${args[0]}.mjs`, ...args.slice(1)] : [tool, ...args]).map((word) => (/\s/.test(word) ? `'${word}'` : word));
  return `${shell ?? words.join(" ")}${stdout === undefined ? "" : ` > ${stdout}`}`;
}
