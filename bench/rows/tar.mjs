/** Rows about tar, bare and in each filter. */
import { CREATE, EXTRACT, floor, LIST, NO_OWNER, peer, pipe, row, ux } from "../contenders.mjs";

/** Who decodes and encodes each filter. GNU tar runs a program for it, bsdtar does it itself. */
const FILTERS = {
  gz: { programs: ["gzip", "pigz"], bsdtar: ["-z"], level: ", level 6" },
  zst: { programs: ["zstd", "zstd -T0"], bsdtar: ["--zstd"], level: ", level 3 of zstd" },
  xz: { programs: ["xz -T0"], bsdtar: ["-J", "--options", "xz:threads=0"], level: ", level 6", seven: "xz" },
  bz2: { programs: ["bzip2", "lbzip2"], bsdtar: ["-j"], level: ", level 9 of bzip2", seven: "bzip2" },
};

/** `zstd -T0` decodes on one thread as `zstd` does. */
const decoders = (filter) => FILTERS[filter].programs.filter((program) => program !== "zstd -T0");

export function tarFilterExtract(filter, input) {
  const archive = `${input}.tar.${filter}`;
  return row(`tar${filter}-extract`, `tar.${filter} extract`, EXTRACT, [
    ux("x", archive, "-C", "out", "-q"),
    ...decoders(filter).map((program) => peer(["tar", program.split(" ")[0]], "-I", program, "-xf", archive, "-C", "out", NO_OWNER).as(`tar + ${program}`)),
    peer("bsdtar", "-xf", archive, "-C", "out", NO_OWNER),
    floor("tar", filter === "bz2" ? `${input}.tar` : archive, "out"), // of bzip2 without decoding
    ...(FILTERS[filter].seven === undefined ? [] : [pipe("7zz", `7zz x -so -bsp0 ${archive} | 7zz x -si -ttar -oout -bso0 -bsp0`)]),
  ]);
}

export function tarFilterCreate(filter, input) {
  const { programs, bsdtar, level, seven } = FILTERS[filter];
  const made = `made.tar.${filter}`;
  return row(`tar${filter}-create`, `tar.${filter} create${level}`, CREATE, [
    ux("c", made, input, "-q"),
    ...programs.map((program) => peer(["tar", program.split(" ")[0]], "-I", program, "-cf", made, input).as(`tar + ${program}`)),
    peer("bsdtar", "-c", ...bsdtar, "-f", made, input),
    ...(filter === "gz" || filter === "zst" ? [floor("create", filter, input, made)] : []),
    ...(seven === undefined ? [] : [pipe("7zz", `7zz a -ttar -so -bsp0 made.tar ${input} | 7zz a -t${seven} -si ${made} -bso0 -bsp0`)]),
  ], { made });
}

export function tarExtract(id, title, input, details) {
  const archive = `${input}.tar`;
  return row(id, title, EXTRACT, [
    ux("x", archive, "-C", "out", "-q"),
    peer("tar", "-xf", archive, "-C", "out", NO_OWNER),
    peer("bsdtar", "-xf", archive, "-C", "out", NO_OWNER),
    floor("tar", archive, "out"),
  ], details);
}

export function tarCreate(id, title, input) {
  return row(id, title, CREATE, [
    ux("c", "made.tar", input, "-q"),
    peer("tar", "-cf", "made.tar", input),
    peer("bsdtar", "-cf", "made.tar", input),
  ], { made: "made.tar" });
}

export function tarList(id, title, input, details) {
  const archive = `${input}.tar`;
  return row(id, title, LIST, [
    ux("l", archive), peer("tar", "-tvf", archive), peer("7zz", "l", archive), peer("bsdtar", "-tvf", archive),
  ], {
    names: { unzipx: ["l", "-q", archive], tar: ["-tf", archive], "7zz": ["l", "-ba", "-slt", archive], bsdtar: ["-tf", archive] }, ...details,
  });
}
