/** Rows about starting: work so small that only the start counts. */
import { node, NO_OWNER, peer, row, SILENT, START, ux } from "../contenders.mjs";

export const startRows = [
  row("start-version", "start: --version", START, [ux("--version"), node(), peer("unzip", "-v"), peer("bsdtar", "--version")]),
  row("start-help", "start: --help", START, [ux("--help"), node(), peer("unzip", "--help"), peer("bsdtar", "--help")]),
  row("start-list", "start: list of a zip with 10 entries", START, [
    ux("l", "small.zip"), node(), peer("unzip", "-l", "small.zip"), peer("7zz", "l", "small.zip"), peer("bsdtar", "-tvf", "small.zip"),
  ]),
  row("start-extract", "start: extract of a zip with 10 entries", START, [
    ux("x", "small.zip", "-C", "out", "-q"), node(), peer("unzip", "-q", "small.zip", "-d", "out"),
    peer("7zz", "x", "small.zip", "-oout", ...SILENT), peer("bsdtar", "-xf", "small.zip", "-C", "out", NO_OWNER),
  ], { unpacks: true }),
];
