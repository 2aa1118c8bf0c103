/** Digests that tell whether two tools did the same. */
import { createHash } from "node:crypto";
import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync } from "node:fs";
import { join } from "node:path";

/** SHA-256 over paths, types, contents, and where asked for permission bits, in the order of the paths. */
export function digestTree(root, { modes }) {
  const hash = createHash("sha256");
  const visit = (folder, name) => {
    for (const child of readdirSync(folder).sort()) {
      const path = join(folder, child);
      const inside = name === "" ? child : `${name}/${child}`;
      const stat = lstatSync(path);
      const mode = modes ? (stat.mode & 0o777).toString(8) : "";
      if (stat.isDirectory()) {
        hash.update(`d ${mode} ${inside}\0`);
        visit(path, inside);
      } else if (stat.isSymbolicLink()) {
        hash.update(`l ${inside} ${readlinkSync(path)}\0`);
      } else {
        hash.update(`f ${mode} ${inside} ${stat.size}\0`).update(digestFile(path));
      }
    }
  };
  visit(root, "");
  return hash.digest("hex");
}

const CHUNK = Buffer.alloc(1 << 20);

function digestFile(path) {
  const hash = createHash("sha256");
  const fd = openSync(path, "r");
  for (let read; (read = readSync(fd, CHUNK, 0, CHUNK.length, null)) > 0; ) hash.update(CHUNK.subarray(0, read));
  closeSync(fd);
  return hash.digest();
}

/** The same digest of files that nobody wrote: `entries` as entries.mjs makes them, unpacked. */
export function digestEntries(entries, { modes }) {
  const hash = createHash("sha256");
  for (const { path, content } of entries) {
    const inside = path.slice(path.indexOf("/") + 1);
    if (!path.includes("/")) continue; // the root has no line of its own
    if (content === undefined) hash.update(`d ${modes ? "755" : ""} ${inside}\0`);
    else hash.update(`f ${modes ? "644" : ""} ${inside} ${content.length}\0`).update(createHash("sha256").update(content).digest());
  }
  return hash.digest("hex");
}
