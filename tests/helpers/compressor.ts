/** What filters compress with, on this thread, finishing out of order as threads do. */
import { runEncode } from "../../src/core/encode-job.ts";
import { runDeflate } from "../../src/core/pack-job.ts";
import type { Compressor } from "../../src/formats/contract.ts";

export interface Counting extends Compressor {
  /** The most that was under way at once. */
  most: number;
}

export function outOfOrder(width: number): Counting {
  let order = 0;
  let underWay = 0;
  const late = async <Result>(work: () => Result | Promise<Result>): Promise<Result> => {
    underWay += 1;
    counting.most = Math.max(counting.most, underWay);
    await new Promise((resolve) => setTimeout(resolve, (order++ % 3) * 5));
    underWay -= 1;
    return work();
  };
  const counting: Counting = {
    width,
    most: 0,
    deflate: (block, dictionary, level, last) => late(() => runDeflate({ kind: "deflate", block: { bytes: block, dictionary }, level, last, into: new ArrayBuffer(0) }).result),
    encode: (codec, block, level) => late(async () => (await runEncode({ kind: "encode", codec, block, level, into: new ArrayBuffer(0) })).result),
  };
  return counting;
}
