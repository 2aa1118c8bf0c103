/** Rows about what 7-Zip's engine reads: 7z and rar. 7za is the program of 7zip-bin, version 16.02. */
import { CREATE, EXTRACT, floor, NO_OWNER, peer, row, SILENT, TEST, ux } from "../contenders.mjs";

export function sevenExtract(id, title, archive) {
  return row(id, title, EXTRACT, [
    ux("x", archive, "-C", "out", "-q"),
    peer("7zz", "x", archive, "-oout", ...SILENT),
    peer("7za", "x", archive, "-oout", ...SILENT),
    peer("bsdtar", "-xf", archive, "-C", "out", NO_OWNER),
    peer("unar", "-q", "-D", "-o", "out", archive),
  ]);
}

export function sevenTest(id, title, archive) {
  return row(id, title, TEST, [
    ux("t", archive, "-q"), peer("7zz", "t", archive, ...SILENT), peer("7za", "t", archive, ...SILENT), floor("sevenzip", "t", archive),
  ], { tests: archive });
}

export function sevenCreate(id, title, input) {
  return row(id, title, CREATE, [
    ux("c", "made.7z", input, "-q"),
    peer("7za", "a", "made.7z", input, ...SILENT),
    peer("7zz", "a", "made.7z", input, ...SILENT),
    peer("bsdtar", "-cf", "made.7z", "--format", "7zip", input),
  ], { made: "made.7z" });
}

/** The only rar that is worth timing among those of other projects says that it is a bomb: 242 MB in 177 kB. Hence --no-limits. */
export function rarExtract(id, title, archive) {
  return row(id, title, EXTRACT, [
    ux("x", archive, "-C", "out", "-q", "--no-limits"),
    peer("7zz", "x", archive, "-oout", ...SILENT),
    peer("bsdtar", "-xf", archive, "-C", "out", NO_OWNER),
    peer("unar", "-q", "-D", "-o", "out", archive),
  ], { flat: true });
}
