// Makes the WebAssembly of each source in C, for whoever changes one, since the result is kept beside it. Needs clang and wasm-ld (Debian: clang, lld), version 14.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const WIDTH = 160;

/** LZMA's uses vectors, which some processors do not have: there 7-Zip stands in for it. Deflate's, a tenth faster with them, is kept without them too, and nothing would stand in for the others. -O2 without longer loops is smaller (two of them are half as large), and no difference in time could be measured. */
export const SOURCES = [
  { source: "src/lzma/lzma.c", code: "code.ts", switches: ["-O2", "-fno-unroll-loops", "-msimd128"] },
  { source: "src/zstd/zstd.c", code: "code.ts", switches: ["-O3"] },
  { source: "src/zstd/encode.c", code: "encode-code.ts", switches: ["-O2", "-fno-unroll-loops"] },
  { source: "src/bzip2/encode.c", code: "code.ts", switches: ["-O2", "-fno-unroll-loops"] },
  { source: "src/deflate/deflate.c", code: "code.ts", switches: ["-O2", "-fno-unroll-loops", "-msimd128"] },
  { source: "src/deflate/inflate.c", code: "inflate-code.ts", switches: ["-O2"] },
  { source: "src/formats/zip/plain.c", code: "plain-code.ts", switches: ["-O2", "-fno-unroll-loops"] },
  { source: "src/deflate/deflate.c", code: "plain-code.ts", switches: ["-O2", "-fno-unroll-loops"] },
];

/** What the compiler makes of it. */
export function compiled({ source, switches }) {
  const folder = mkdtempSync(join(tmpdir(), "wasm-"));
  const out = join(folder, "out.wasm");
  try {
    execFileSync("clang", ["--target=wasm32", ...switches, "-mbulk-memory", "-nostdlib", "-Wall", "-Werror", "-Wl,--no-entry", "-Wl,--strip-all", "-o", out, source], { cwd: ROOT });
    return readFileSync(out);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const one of SOURCES) {
    const text = compiled(one).toString("base64");
    const lines = Array.from({ length: Math.ceil(text.length / WIDTH) }, (_, i) => `  "${text.slice(i * WIDTH, (i + 1) * WIDTH)}"`);
    const name = one.source.split("/").at(-1);
    writeFileSync(join(ROOT, dirname(one.source), one.code), `/** What scripts/wasm.mjs makes of ${name}, in Base64. */\nexport const CODE =\n${lines.join(" +\n")};\n`);
  }
}
