/** Rows about zip files. */
import { CREATE, EXTRACT, floor, LIST, NO_OWNER, peer, row, SILENT, TEST, ux } from "../contenders.mjs";

const SEVEN_LEVELS = { 1: 1, 6: 3, 9: 7 };

/** `least`: the floor's program and arguments. */
export function zipExtract(id, title, input, { unar = false, least = ["zip", "x", `${input}.zip`, "out"] } = {}) {
  return row(id, title, EXTRACT, [
    ux("x", `${input}.zip`, "-C", "out", "-q"),
    peer("unzip", "-q", `${input}.zip`, "-d", "out"),
    peer("7zz", "x", `${input}.zip`, "-oout", ...SILENT),
    peer("bsdtar", "-xf", `${input}.zip`, "-C", "out", NO_OWNER),
    ...(unar ? [peer("unar", "-q", "-D", "-o", "out", `${input}.zip`)] : []),
    floor(...least),
  ]);
}

/** `least`: also the floor of packing all of it. 7-Zip's levels are others: -mx3 is the nearest to zip's 6 in time, and the default, -mx5, the nearest in size, in four times that. */
export function zipCreate(id, title, input, { level = 6, usual = false, least = false } = {}) {
  const seven = `-mx${SEVEN_LEVELS[level]}`;
  return row(id, title, CREATE, [
    ux("c", "made.zip", input, "-q", ...(level === 6 ? [] : [`-${level}`])),
    peer("zip", "-q", "-r", `-${level}`, "made.zip", input).as(`zip -${level}`),
    peer("7zz", "a", "-tzip", seven, "made.zip", input, ...SILENT).as(`7zz ${seven}`),
    ...(usual ? [peer("7zz", "a", "-tzip", "-mx5", "made.zip", input, ...SILENT).as("7zz -mx5")] : []),
    peer("bsdtar", "-cf", "made.zip", "--format", "zip", "--options", `zip:compression-level=${level}`, input),
    ...(least ? [floor("create", "gz", input, "made.zip")] : []),
  ], { made: "made.zip" });
}

export function zipList(id, title, input, details) {
  const archive = `${input}.zip`;
  return row(id, title, LIST, [
    ux("l", archive), peer("unzip", "-l", archive), peer("7zz", "l", archive), peer("bsdtar", "-tvf", archive), floor("zip", "l", archive),
  ], {
    names: { unzipx: ["l", "-q", archive], unzip: ["-Z1", archive], "7zz": ["l", "-ba", "-slt", archive], bsdtar: ["-tf", archive] }, ...details,
  });
}

export function zipTest(id, title, input) {
  const archive = `${input}.zip`;
  return row(id, title, TEST, [
    ux("t", archive, "-q"), peer("unzip", "-tqq", archive), peer("7zz", "t", archive, ...SILENT), floor("zip", "t", archive),
  ], { tests: archive });
}
