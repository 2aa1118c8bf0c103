/**
 * The rows: what is measured, against whom, with which command lines.
 *
 * A group is set up once in the run folder; every path in a command is relative to it. A contender is
 * { tool, command, stdout? }; `needs` names programs besides the tool itself.
 */

const EXTRACT = "extract";
const CREATE = "create";
const LIST = "list";
const TEST = "test";
const START = "start";

export const TOOLS = {
  zip: ["-v"], unzip: ["-v"], "7zz": ["i"], bsdtar: ["--version"], tar: ["--version"], gzip: ["--version"], pigz: ["--version"],
};

/** As root, GNU tar and bsdtar restore owners unless told not to; no other tool here does. */
const NO_OWNER = "--no-same-owner";

export function groups({ quick }) {
  return [
    {
      input: "tree",
      archives: ["zip", "tar", "tar.gz"],
      rows: [
        row("zip-extract-small", "zip extract, many small files", EXTRACT, [
          ux("x", "tree.zip", "-C", "out", "-q"),
          peer("unzip", "-q", "tree.zip", "-d", "out"),
          peer("7zz", "x", "tree.zip", "-oout", "-bso0", "-bsp0"),
          peer("bsdtar", "-xf", "tree.zip", "-C", "out", NO_OWNER),
        ]),
        row("zip-create", "zip create, level 6", CREATE, [
          ux("c", "made.zip", "tree", "-q"),
          peer("zip", "-q", "-r", "-6", "made.zip", "tree"),
          peer("7zz", "a", "-tzip", "-mx3", "made.zip", "tree", "-bso0", "-bsp0"),
          ...(quick ? [] : [peer("7zz", "a", "-tzip", "-mx5", "made.zip", "tree", "-bso0", "-bsp0")]),
          peer("bsdtar", "-cf", "made.zip", "--format", "zip", "--options", "zip:compression-level=6", "tree"),
        ], { made: "made.zip" }),
        row("zip-test", "zip test", TEST, [
          ux("t", "tree.zip", "-q"),
          peer("unzip", "-tqq", "tree.zip"),
          peer("7zz", "t", "tree.zip", "-bso0", "-bsp0"),
        ], { tests: "tree.zip" }),
        row("targz-extract", "tar.gz extract", EXTRACT, [
          ux("x", "tree.tar.gz", "-C", "out", "-q"),
          peer("tar", "-xzf", "tree.tar.gz", "-C", "out", NO_OWNER),
          peer("bsdtar", "-xf", "tree.tar.gz", "-C", "out", NO_OWNER),
          peer(["tar", "pigz"], "-I", "pigz", "-xf", "tree.tar.gz", "-C", "out", NO_OWNER),
        ]),
        row("targz-create", "tar.gz create, level 6", CREATE, [
          ux("c", "made.tar.gz", "tree", "-q"),
          peer("tar", "-czf", "made.tar.gz", "tree"),
          peer("bsdtar", "-czf", "made.tar.gz", "tree"),
          peer(["tar", "pigz"], "-I", "pigz", "-cf", "made.tar.gz", "tree"),
        ], { made: "made.tar.gz" }),
        row("tar-extract", "tar extract", EXTRACT, [
          ux("x", "tree.tar", "-C", "out", "-q"),
          peer("tar", "-xf", "tree.tar", "-C", "out", NO_OWNER),
          peer("bsdtar", "-xf", "tree.tar", "-C", "out", NO_OWNER),
        ]),
      ],
    },
    {
      input: "large",
      archives: ["zip"],
      rows: [
        row("zip-extract-large", "zip extract, few large files", EXTRACT, [
          ux("x", "large.zip", "-C", "out", "-q"),
          peer("unzip", "-q", "large.zip", "-d", "out"),
          peer("7zz", "x", "large.zip", "-oout", "-bso0", "-bsp0"),
          peer("bsdtar", "-xf", "large.zip", "-C", "out", NO_OWNER),
        ]),
      ],
    },
    {
      input: "tiny",
      archives: ["zip"],
      rows: [
        row("zip-list", "zip list, 100,000 entries", LIST, [
          ux("l", "tiny.zip"),
          peer("unzip", "-l", "tiny.zip"),
          peer("7zz", "l", "tiny.zip"),
          peer("bsdtar", "-tvf", "tiny.zip"),
        ], {
          names: {
            unzipx: ["l", "-q", "tiny.zip"], unzip: ["-Z1", "tiny.zip"], "7zz": ["l", "-ba", "-slt", "tiny.zip"], bsdtar: ["-tf", "tiny.zip"],
          },
        }),
        ...(quick ? [] : [
          row("zip-create-tiny", "zip create, level 6, 100,000 tiny files", CREATE, [
            ux("c", "made.zip", "tiny", "-q"),
            peer("zip", "-q", "-r", "-6", "made.zip", "tiny"),
            peer("7zz", "a", "-tzip", "-mx3", "made.zip", "tiny", "-bso0", "-bsp0"),
            peer("bsdtar", "-cf", "made.zip", "--format", "zip", "--options", "zip:compression-level=6", "tiny"),
          ], { made: "made.zip" }),
        ]),
      ],
    },
    {
      input: "huge",
      archives: ["zip", "gz"],
      rows: [
        row("zip-extract-huge", "zip extract, one huge file", EXTRACT, [
          ux("x", "huge.zip", "-C", "out", "-q"),
          peer("unzip", "-q", "huge.zip", "-d", "out"),
          peer("7zz", "x", "huge.zip", "-oout", "-bso0", "-bsp0"),
          peer("bsdtar", "-xf", "huge.zip", "-C", "out", NO_OWNER),
        ]),
        row("gz-extract-huge", "gz to standard output, one huge file", EXTRACT, [
          ux("x", "-O", "huge.txt.gz").into("out/huge/huge.txt"),
          peer("gzip", "-dc", "huge.txt.gz").into("out/huge/huge.txt"),
          peer("pigz", "-dc", "huge.txt.gz").into("out/huge/huge.txt"),
        ]),
        ...(quick ? [] : [
          row("zip-create-huge", "zip create, level 6, one huge file", CREATE, [
            ux("c", "made.zip", "huge", "-q"),
            peer("zip", "-q", "-r", "-6", "made.zip", "huge"),
            peer("7zz", "a", "-tzip", "-mx3", "made.zip", "huge", "-bso0", "-bsp0"),
            peer("bsdtar", "-cf", "made.zip", "--format", "zip", "--options", "zip:compression-level=6", "huge"),
          ], { made: "made.zip" }),
        ]),
      ],
    },
    {
      input: "small",
      archives: ["zip"],
      rows: [
        row("start-version", "start: --version", START, [ux("--version"), node(), peer("unzip", "-v"), peer("bsdtar", "--version")]),
        row("start-list", "start: list of a zip with 10 entries", START, [
          ux("l", "small.zip"), node(), peer("unzip", "-l", "small.zip"), peer("7zz", "l", "small.zip"), peer("bsdtar", "-tvf", "small.zip"),
        ]),
      ],
    },
  ];
}

/** Ratios of the start-up rows are to Node doing nothing, which is the floor of a program in Node; all others to the fastest peer. */
export const isStart = (row) => row.kind === START;

function row(id, title, kind, contenders, details = {}) {
  return { id, title, kind, contenders, ...details };
}

function ux(...args) {
  return contender("unzipx", [], args);
}

function peer(tools, ...args) {
  const [tool, ...needs] = [tools].flat();
  return contender(tool, needs, args);
}

function node() {
  return contender("node", [], ["-e", "0"]);
}

function contender(tool, needs, args) {
  return {
    tool, needs, args, stdout: undefined,
    into(stdout) {
      return { ...this, stdout };
    },
  };
}

/** The line as it can be typed in the run folder. */
export function lineOf({ tool, args, stdout }) {
  return `${[tool, ...args].join(" ")}${stdout === undefined ? "" : ` > ${stdout}`}`;
}

/** Who makes the archives that are read: the first of these that is there. The archive and the input follow the words. */
export const MAKERS = {
  zip: [["zip", "-q", "-r", "-6"], ["7zz", "a", "-tzip", "-mx3", "-bso0", "-bsp0"], ["unzipx", "c", "-q"]],
  tar: [["tar", "-cf"], ["bsdtar", "-cf"], ["unzipx", "c", "-q"]],
  "tar.gz": [["tar", "-czf"], ["bsdtar", "-czf"], ["unzipx", "c", "-q"]],
  gz: [["gzip", "-6", "-c"], ["unzipx", "c", "-q"]],
};

/** Who unpacks what was made, to hold it against the input: not unzipx, where anybody else is there. */
export const CHECKERS = {
  "made.zip": [["unzip", "-q", "made.zip", "-d", "check"], ["bsdtar", "-xf", "made.zip", "-C", "check"], ["7zz", "x", "made.zip", "-ocheck", "-bso0", "-bsp0"], ["unzipx", "x", "-q", "made.zip", "-C", "check"]],
  "made.tar.gz": [["tar", "-xzf", "made.tar.gz", "-C", "check"], ["bsdtar", "-xf", "made.tar.gz", "-C", "check"], ["unzipx", "x", "-q", "made.tar.gz", "-C", "check"]],
};
