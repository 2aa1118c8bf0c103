/** What is kept beside the sources in C is what they are compiled to. */
import { spawnSync } from "node:child_process";
import { dirname } from "node:path";
import { expect, it } from "vitest";
import { compiled, SOURCES } from "../scripts/wasm.mjs";
import { has } from "./helpers/tools.ts";

const hasClang = /clang version 14\./.test(has("clang") ? spawnSync("clang", ["--version"], { encoding: "utf8" }).stdout : "");

for (const one of SOURCES) {
  it.skipIf(!hasClang)(`${one.code} beside ${one.source} is what clang 14 makes of it (needs clang 14)`, async () => {
    const { CODE } = (await import(/* @vite-ignore */ new URL(`../${dirname(one.source)}/${one.code}`, import.meta.url).href)) as { CODE: string };
    // Not with toBe(), whose answer would be the whole of it.
    expect(compiled(one).toString("base64") === CODE).toBe(true);
  });
}
