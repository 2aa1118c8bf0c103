// Makes code.ts from each source in C: for whoever changes one, since the result is kept beside it. Needs clang and wasm-ld (Debian: clang, lld), version 14.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const WIDTH = 160;

/** Source, result, and what the source asks of the processor. */
export const SOURCES = [
  ["src/lzma/lzma.c", "src/lzma/code.ts", ["-msimd128"]],
  ["src/zstd/zstd.c", "src/zstd/code.ts", []],
];

/** What the compiler makes of one of the sources. */
export function compiled([source, , features]) {
  const folder = mkdtempSync(join(tmpdir(), "wasm-"));
  const out = join(folder, "out.wasm");
  try {
    execFileSync("clang", ["--target=wasm32", "-O3", ...features, "-mbulk-memory", "-nostdlib", "-Wall", "-Werror", "-Wl,--no-entry", "-Wl,--strip-all", "-o", out, source], { cwd: ROOT });
    return readFileSync(out);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const one of SOURCES) {
    const [source, result] = one;
    const text = compiled(one).toString("base64");
    const lines = Array.from({ length: Math.ceil(text.length / WIDTH) }, (_, i) => `  "${text.slice(i * WIDTH, (i + 1) * WIDTH)}"`);
    writeFileSync(join(ROOT, result), `/** What scripts/wasm.mjs makes of ${basename(source)}, in Base64. */\nexport const CODE =\n${lines.join(" +\n")};\n`);
  }
}
