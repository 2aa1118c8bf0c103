/** Every filter, in the order in which equal bids win. The lists drive detection, --format, `unzipx formats` and the tests. */
import type { Filter } from "../formats/contract.ts";
import { brotli } from "./brotli.ts";
import { bzip2 } from "./bzip2.ts";
import { compress } from "./compress.ts";
import { deb } from "./deb.ts";
import { gzip } from "./gzip.ts";
import { lz4 } from "./lz4.ts";
import { lzip } from "./lzip.ts";
import { lzma } from "./lzma.ts";
import { lzop } from "./lzop.ts";
import { rpm } from "./rpm.ts";
import { snappy } from "./snappy.ts";
import { xz } from "./xz.ts";
import { zstd } from "./zstd.ts";

export const FILTERS: readonly Filter[] = [
  gzip,
  bzip2,
  xz,
  zstd,
  lz4,
  brotli,
  lzip,
  lzma,
  compress,
  lzop,
  snappy,
  deb,
  rpm,
];
