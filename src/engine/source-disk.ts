/** The engine's view of the archive: its parts side by side in one folder, seekable, read-only. */
import { readSegments, sizeOf } from "../bytes/segments.ts";
import { fromSystem, toPlain, type PlainError } from "../errors.ts";
import { ERRNO, type DiskNode, type DiskStream, type Emscripten } from "./module.ts";
import type { SourceFile } from "./protocol.ts";

const FOLDER = 0o040555;
const FILE = 0o100444;

/** What is told beside the error number that the engine gets. */
export interface SourceTrouble {
  missing(name: string): void;
  unreadable(error: PlainError): void;
}

export function sourceDisk(FS: Emscripten, files: readonly SourceFile[], trouble: SourceTrouble): { mount(): DiskNode } {
  const byName = new Map(files.map((file) => [file.name, file]));
  const refuse = (): never => {
    throw new FS.ErrnoError(ERRNO.EROFS);
  };
  const nodeOperations = {
    getattr: (node: DiskNode) => attributes(node, node.file === undefined ? 0 : sizeOf(node.file.segments)),
    setattr: refuse,
    lookup(parent: DiskNode, name: string) {
      const file = byName.get(name);
      if (file === undefined) {
        trouble.missing(name);
        throw new FS.ErrnoError(ERRNO.ENOENT);
      }
      const node = FS.createNode(parent, name, FILE, 0);
      return Object.assign(node, { file, node_ops: nodeOperations, stream_ops: streamOperations });
    },
    mknod: refuse, rename: refuse, unlink: refuse, rmdir: refuse, symlink: refuse,
    readdir: () => [".", "..", ...byName.keys()],
  };
  const streamOperations = {
    open() {},
    close() {},
    llseek(stream: DiskStream, offset: number, whence: number) {
      const to = whence === 0 ? offset : whence === 1 ? stream.position + offset : sizeOf(stream.node.file!.segments) + offset;
      if (to < 0) throw new FS.ErrnoError(ERRNO.EINVAL);
      return to;
    },
    read(stream: DiskStream, heap: ArrayBufferView, offset: number, length: number, position: number) {
      try {
        return readSegments(stream.node.file!.segments, new Uint8Array(heap.buffer as ArrayBuffer, heap.byteOffset + offset, length), position);
      } catch (error) {
        trouble.unreadable(toPlain(fromSystem(error, "read", "read the archive")));
        throw new FS.ErrnoError(ERRNO.EIO);
      }
    },
    write: refuse,
  };
  return {
    mount: () => Object.assign(FS.createNode(null, "/", FOLDER, 0), { node_ops: nodeOperations, stream_ops: {} }),
  };
}

/** What stat() says of a node on either disk. */
export function attributes(node: DiskNode, size: number): object {
  const then = new Date(0);
  return { dev: 1, ino: node.id, mode: node.mode, nlink: 1, uid: 0, gid: 0, rdev: 0, size, atime: then, mtime: then, ctime: then, blksize: 4096, blocks: 0 };
}
