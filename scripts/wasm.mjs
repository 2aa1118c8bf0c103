// Makes src/lzma/code.ts from src/lzma/lzma.c: for whoever changes that, since the result is kept beside it. Needs clang and wasm-ld (Debian: clang, lld), version 14.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const WIDTH = 160;

/** What the compiler makes of the source. */
export function compiled() {
  const folder = mkdtempSync(join(tmpdir(), "wasm-"));
  const out = join(folder, "out.wasm");
  try {
    execFileSync("clang", ["--target=wasm32", "-O3", "-msimd128", "-mbulk-memory", "-nostdlib", "-Wall", "-Werror", "-Wl,--no-entry", "-Wl,--strip-all", "-o", out, "src/lzma/lzma.c"], { cwd: ROOT });
    return readFileSync(out);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = compiled().toString("base64");
  const lines = Array.from({ length: Math.ceil(text.length / WIDTH) }, (_, i) => `  "${text.slice(i * WIDTH, (i + 1) * WIDTH)}"`);
  writeFileSync(join(ROOT, "src/lzma/code.ts"), `/** What scripts/wasm.mjs makes of lzma.c, in Base64. */\nexport const CODE =\n${lines.join(" +\n")};\n`);
}
