// The library's types: what tsc declares, without the declarations that nothing public leads to, and with the names that compilers of users look for.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** Between quotes behind "from" or in import("…"): a file of ours. */
const OURS = /(?<=\b(?:from |import\()")(\.{1,2}\/[^"]+)\.ts(?=")/g;

/** Writes `types`, a folder with index.d.ts in it. */
export function writeTypes(root, types) {
  execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", join(root, "tsconfig.build.json"), "--outDir", types], { stdio: "inherit" });
  const needed = new Set([join(types, "index.d.ts")]);
  for (const file of needed) {
    const text = readFileSync(file, "utf8");
    for (const [, path] of text.matchAll(OURS)) needed.add(resolve(dirname(file), `${path}.d.ts`));
    writeFileSync(file, text.replace(OURS, "$1.js"));
  }
  removeOthers(types, needed);
}

/** Returns whether the folder is empty now. */
function removeOthers(folder, needed) {
  let left = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const isNeedless = entry.isDirectory() ? removeOthers(path, needed) : !needed.has(path);
    if (isNeedless) rmSync(path, { recursive: true });
    else left += 1;
  }
  return left === 0;
}
