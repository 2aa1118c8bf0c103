/**
 * Paths below the folder that the engine unpacks to, found without walking down from the root: for every file 7-Zip asks for its
 * path a dozen times, and to split and join it each time, as Emscripten does, takes longer than to decode what is in the file.
 */
import { ERRNO, type DiskNode, type Emscripten } from "./module.ts";

export interface QuickPaths {
  /** A folder was taken away, or something put in the place of one. */
  forget(): void;
  /** Puts things back as they were. */
  end(): void;
}

/** `root` is that folder: an absolute path of one component, and the current folder. */
export function quickPaths(FS: Emscripten, root: string): QuickPaths {
  const walk = FS.lookupPath;
  const inside = `${root}/`;
  const dotted = `${root}/./`;
  /** As they were found by walking. */
  const folders = new Map<string, DiskNode>();
  const folderAt = (path: string): DiskNode | undefined => {
    const known = folders.get(path);
    if (known !== undefined) return known;
    const { path: found, node } = walk.call(FS, path, { follow: true });
    // By way of a link, or of a path that could be shorter, it is not to be found again like that.
    if (node === undefined || found !== path || !FS.isDir(node.mode)) return undefined;
    folders.set(path, node);
    return node;
  };
  FS.lookupPath = (path, options = {}) => {
    let absolute = path.startsWith("/") ? path : inside + path;
    if (absolute.startsWith(dotted)) absolute = inside + absolute.slice(dotted.length); // as 7-Zip puts it
    const cut = absolute.lastIndexOf("/");
    const name = absolute.slice(cut + 1);
    const isPlain = absolute.startsWith(inside) && name !== "" && name !== "." && name !== "..";
    const parent = isPlain ? folderAt(absolute.slice(0, cut)) : undefined;
    if (parent === undefined) return walk.call(FS, path, options);
    if (options.parent === true) return { path: absolute.slice(0, cut), node: parent };
    let node: DiskNode;
    try {
      node = FS.lookupNode(parent, name);
    } catch (error) {
      if (options.noent_okay === true && (error as { errno?: number }).errno === ERRNO.ENOENT) return { path: absolute };
      throw error;
    }
    return FS.isLink(node.mode) ? walk.call(FS, path, options) : { path: absolute, node };
  };
  return {
    forget: () => folders.clear(),
    end() {
      FS.lookupPath = walk;
    },
  };
}
