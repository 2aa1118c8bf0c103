/** Other programs as oracles, and folders to work in. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { accessSync, chmodSync, constants, lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, sep } from "node:path";
import { onTestFinished } from "vitest";

/** Whether a program can be run: tests that need one say it.skipIf(!has("unzip")). */
export function has(program: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Standard output; throws, with what the program said, when it fails. */
export function run(program: string, args: readonly string[], options: { cwd?: string; input?: Uint8Array; env?: NodeJS.ProcessEnv } = {}): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { ...options, maxBuffer: 1 << 28 });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: exit ${status}\n${stdout}\n${stderr}`);
  return stdout.toString();
}

/** Gone when the test is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "unzipx-test-"));
  onTestFinished(() => {
    makeRemovable(Buffer.from(folder));
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Folders without any permission are part of what is tested, and names that are no UTF-8. */
function makeRemovable(folder: Buffer): void {
  chmodSync(folder, 0o700);
  for (const name of readdirSync(folder, "buffer")) {
    const path = Buffer.concat([folder, Buffer.from(sep), name]);
    if (lstatSync(path).isDirectory()) makeRemovable(path);
  }
}

/** Everything below a folder, by relative path: "file <mode> <sha256>", "directory <mode>", "symlink <target>". */
export function treeOf(folder: string, prefix = ""): Record<string, string> {
  const tree: Record<string, string> = {};
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    const stats = lstatSync(path);
    const mode = (stats.mode & 0o777).toString(8);
    if (stats.isSymbolicLink()) tree[prefix + name] = `symlink ${readlinkSync(path)}`;
    else if (stats.isDirectory()) Object.assign(tree, { [prefix + name]: `directory ${mode}` }, treeOf(path, `${prefix}${name}/`));
    else tree[prefix + name] = `file ${mode} ${createHash("sha256").update(readFileSync(path)).digest("hex")}`;
  }
  return tree;
}
