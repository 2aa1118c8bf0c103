/** Rows about growth: the same work with ten and a hundred times as many entries, and one file that is larger than any memory. */
import { CREATE, EXTRACT, NO_OWNER, peer, row, SILENT, ux } from "../contenders.mjs";
import { tarExtract, tarList } from "./tar.mjs";
import { zipList } from "./zip.mjs";

const NAMES = new Map([[1e3, "1k"], [1e4, "10k"], [1e5, "100k"], [1e6, "1M"]]);

export function scaleRows(entries) {
  const input = `entries-${entries}`;
  const short = NAMES.get(entries);
  const about = `${entries.toLocaleString("en-US")} entries`;
  const details = { entries, leastRounds: 1 };
  return [
    { ...zipList(`scale-zip-list-${short}`, `zip list, ${about}`, input, details), series: "zip list" },
    { ...tarList(`scale-tar-list-${short}`, `tar list, ${about}`, input, details), series: "tar list" },
    row(`scale-zip-extract-${short}`, `zip extract, ${about}`, EXTRACT, [
      ux("x", `${input}.zip`, "-C", "out", "-q"), peer("unzip", "-q", `${input}.zip`, "-d", "out"), peer("7zz", "x", `${input}.zip`, "-oout", ...SILENT),
    ], { ...details, series: "zip extract" }),
    tarExtract(`scale-tar-extract-${short}`, `tar extract, ${about}`, input, { ...details, series: "tar extract" }),
  ];
}

/** One file, all of it a hole. What comes out goes nowhere: no disk holds it. Its ratio is that of a bomb, hence --no-limits. */
export function sparseRows(gigabytes) {
  const about = `a sparse file of ${gigabytes} GB`;
  const details = { leastRounds: 1, mostRounds: 1 };
  return [
    row("sparse-zip-create", `zip create, ${about}`, CREATE, [
      ux("c", "made.zip", "sparse", "-q"), peer("zip", "-q", "-r", "-6", "made.zip", "sparse"),
    ], { ...details, made: "made.zip", unchecked: true }),
    row("sparse-zip-extract", `zip extract, ${about}`, EXTRACT, [
      ux("x", "-O", "--no-limits", "sparse.zip").into("/dev/null"), peer("unzip", "-p", "sparse.zip").into("/dev/null"),
    ], { ...details, unchecked: true }),
    row("sparse-tar-create", `tar create, ${about}`, CREATE, [
      ux("c", "-", "--format", "tar", "sparse").into("/dev/null"), peer("bsdtar", "-cf", "-", "--no-read-sparse", "sparse").into("/dev/null"),
    ], { ...details, unchecked: true }),
    row("sparse-tar-extract", `tar extract, ${about}`, EXTRACT, [
      ux("x", "-O", "--no-limits", "sparse.tar").into("/dev/null"), peer("tar", "-xOf", "sparse.tar", NO_OWNER).into("/dev/null"),
    ], { ...details, unchecked: true }),
  ];
}
