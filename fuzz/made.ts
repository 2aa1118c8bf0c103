/** Seeds that are too large to lie about, made when they are asked for: only with so much to do are threads started. */
import { gzipSync } from "node:zlib";
import { buildTar, buildZip, DEFLATE } from "../tests/helpers/build.ts";
import { randomOf } from "./prng.ts";
import type { Seed } from "./seeds.ts";

const MAKERS: Readonly<Record<string, { readonly format: string; readonly make: () => Buffer }>> = {
  "made/many.zip": { format: "zip", make: () => buildZip(Array.from({ length: 2600 }, (_, i) => ({ name: `d${i % 40}/f${i}`, content: `${i}`.repeat(i % 30), method: i % 3 === 0 ? DEFLATE : 0 }))) },
  "made/large.tar.gz": { format: "gzip", make: () => gzipSync(tarOfNoise(), { level: 1 }) },
  "made/large.gz": { format: "gzip", make: () => gzipSync(noise(4.3), { level: 1 }) },
};

export function madeSeeds(): { readonly seeds: readonly Seed[]; bytes(name: string): Buffer | undefined } {
  const made = new Map<string, Buffer>();
  return {
    seeds: Object.entries(MAKERS).map(([name, { format }]) => ({ name, format, path: "", password: undefined })),
    bytes(name) {
      if (!made.has(name) && name in MAKERS) made.set(name, MAKERS[name]!.make());
      return made.get(name);
    },
  };
}

function tarOfNoise(): Buffer {
  const content = noise(1.5);
  return buildTar([{ name: "a", content }, { name: "b/c", content: content.subarray(1) }, { name: "d", content: content.subarray(2) }]);
}

/** Megabytes that do not shrink. */
function noise(size: number): Buffer {
  const bytes = Buffer.alloc(size * 1024 * 1024);
  const random = randomOf("noise", size);
  for (let at = 0; at + 4 <= bytes.length; at += 4) bytes.writeUInt32LE(random.int(2 ** 32), at);
  return bytes;
}
