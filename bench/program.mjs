/** The program that is measured. */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, realpathSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";

/** The built program as it is now: a build that somebody starts meanwhile changes nothing. */
export function copyProgram(root, into) {
  if (!existsSync(join(root, "dist/main.cjs"))) throw new Error("there is no dist/main.js: npm run build");
  for (const file of ["package.json", ...filesOf(root, "bin"), ...filesOf(root, "dist")]) {
    mkdirSync(dirname(join(into, file)), { recursive: true });
    copyFileSync(join(root, file), join(into, file));
  }
  // Its two dependencies, 7-Zip twice, are found where they are.
  symlinkSync(realpathSync(join(root, "node_modules")), join(into, "node_modules"), "junction");
  return join(into, "bin/unzipx.js");
}

function filesOf(root, folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => `${folder}/${entry.name}`);
}

/** With the commit it was built from, where there is one. */
export function programVersion(root, program, env) {
  const { stdout } = spawnSync(process.execPath, [program, "--version"], { encoding: "utf8", env });
  const git = (...args) => spawnSync("git", args, { cwd: root, encoding: "utf8" }).stdout?.trim();
  const commit = git("rev-parse", "--short", "HEAD");
  const changed = git("status", "--porcelain", "--", "src", "package-lock.json") ? " with changes" : "";
  return commit ? `${stdout.trim()} (${commit}${changed})` : stdout.trim();
}
