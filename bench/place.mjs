/** Where the tools run: in memory, so that nothing but their work is measured, and on a disk. */
import { existsSync, mkdirSync, statfsSync } from "node:fs";
import { resolve } from "node:path";

/**
 * [{ kind, path }], the first for all rows, the second only for those that write files. `tmpfs` and `disk` are folders;
 * "none" leaves a kind out, undefined leaves it to us: a tmpfs where one has room, and the work folder for a disk.
 */
export function choosePlaces({ tmpfs, disk, work, needed, say }) {
  const places = [];
  const memory = tmpfs ?? (isTmpfs("/dev/shm") ? "/dev/shm" : "none");
  if (memory !== "none") {
    if (room(memory) > needed) places.push({ kind: isTmpfs(memory) ? "tmpfs" : "disk", path: resolve(memory) });
    else say(`note: ${memory} has no room for ${Math.round(needed / 2 ** 20)} MiB: nothing runs there`);
  }
  const folder = disk ?? (places.length === 0 ? work : "none");
  if (folder !== "none") places.push({ kind: isTmpfs(folder) ? "tmpfs" : "disk", path: resolve(folder) });
  for (const { path } of places) mkdirSync(path, { recursive: true });
  return places;
}

/** Input, archives, what is unpacked, and what is made. */
export function roomFor(inputs) {
  const most = Math.max(0, ...inputs.map(({ bytes, files }) => bytes + 4096 * files));
  return 4 * most + (1 << 28);
}

function room(path) {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

function isTmpfs(path) {
  return process.platform === "linux" && existsSync(path) && statfsSync(path).type === 0x01021994;
}
