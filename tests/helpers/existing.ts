/** A destination that is there already, an archive that changes much of it, and how it was. */
import { chmodSync, linkSync, lstatSync, lutimesSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { removeTree } from "../../src/safe/publish.ts";
import { buildTar } from "./build.ts";

const OLD = new Date("2001-02-03T04:05:06Z");

/** Files, a link and folders with old times; made anew where it is. */
export function makeExisting(out: string): void {
  removeTree(out); // in which there may be folders that only root could empty
  mkdirSync(join(out, "sub/deep"), { recursive: true });
  mkdirSync(join(out, "other"));
  const file = (path: string, mode = 0o644): void => {
    writeFileSync(join(out, path), `old ${path}`);
    chmodSync(join(out, path), mode);
    utimesSync(join(out, path), OLD, OLD);
  };
  for (const path of ["keep.txt", "sub/b.txt", "sub/keep.txt", "sub/deep/d.txt", "other/o.txt"]) file(path);
  file("a.txt", 0o640);
  linkSync(join(out, "a.txt"), join(out, "a-too.txt"));
  symlinkSync("keep.txt", join(out, "link"));
  lutimesSync(join(out, "link"), OLD, OLD);
  for (const path of ["sub/deep", "sub", "other", "."]) {
    chmodSync(join(out, path), 0o755);
    utimesSync(join(out, path), OLD, OLD);
  }
}

/** Replaces files and the link, adds files, folders, links, a folder that nobody may write to. */
export const CHANGES = buildTar([
  { name: "a.txt", content: "new a" },
  { name: "new.txt", content: "new" },
  { name: "sub/b.txt", content: "new b" },
  { name: "sub/deep/d.txt", content: "new d" },
  { name: "sub/deep/e.txt", content: "new e" },
  { name: "tree/", type: "5", mode: 0o555 },
  { name: "tree/x.txt", content: "x" },
  { name: "tree/in/y.txt", content: "y" },
  { name: "sub/hard.txt", type: "1", link: "tree/x.txt" },
  { name: "sub/more/z.txt", content: "z" },
  { name: "link", type: "2", link: "new.txt" },
  { name: "link2", type: "2", link: "sub" },
]);

/** By relative path: kind, mode, times, inode, content. Of the folder itself too. */
export function stateOf(folder: string): Record<string, string> {
  const state: Record<string, string> = {};
  const add = (path: string, name: string): void => {
    const stats = lstatSync(path);
    const content = stats.isDirectory() ? "folder" : stats.isSymbolicLink() ? `-> ${readlinkSync(path)}` : readFileSync(path, "utf8");
    state[name] = `${stats.mode.toString(8)} ${Math.round(stats.mtimeMs)} ${stats.ino} ${content}`;
    if (stats.isDirectory()) for (const child of readdirSync(path).sort()) add(join(path, child), `${name}/${child}`);
  };
  add(folder, ".");
  return state;
}

/** Without what no second run can have the same: inodes, and the times of folders. */
export function resultOf(folder: string): Record<string, string> {
  return Object.fromEntries(Object.entries(stateOf(folder)).map(([path, text]) => {
    const [mode, time, , ...content] = text.split(" ");
    return [path, [mode, content[0] === "folder" ? "" : time, ...content].join(" ")];
  }));
}
