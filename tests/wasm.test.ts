/** What is kept beside the sources in C is what they are compiled to. */
import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { compiled, SOURCES } from "../scripts/wasm.mjs";
import { CODE as BZIP2 } from "../src/bzip2/code.ts";
import { CODE as LZMA } from "../src/lzma/code.ts";
import { has } from "./helpers/tools.ts";

const hasClang = /clang version 14\./.test(has("clang") ? spawnSync("clang", ["--version"], { encoding: "utf8" }).stdout : "");

const KEPT: Readonly<Record<string, string>> = { "src/lzma/lzma.c": LZMA, "src/bzip2/encode.c": BZIP2 };

for (const one of SOURCES) {
  it.skipIf(!hasClang)(`the WebAssembly beside ${one.source} is what clang 14 makes of it (needs clang 14)`, () => {
    // Not with toBe(), whose answer would be the whole of it.
    expect(compiled(one).toString("base64") === KEPT[one.source]).toBe(true);
  });
}
