/** Where the engine unpacks to: nothing is stored, everything is handed on as it comes. */
import { ERRNO, type DiskNode, type DiskStream, type Emscripten } from "./module.ts";
import { attributes } from "./source-disk.ts";

export interface Sink {
  /** A new file; what is written until close() is its content. `path` is what the engine made of the entry's name. */
  open(path: string): void;
  /** Valid during the call only. */
  write(bytes: Uint8Array): void;
  close(): void;
  /** The file of this path that was opened and closed right before is a link. */
  symlink(path: string, target: string): void;
}

const FOLDER = 0o040777; // always: the engine takes rights away from folders that it then cannot enter
const TYPE = 0o170000;
const DIRECTORY = 0o040000;
const ZEROS = new Uint8Array(64 * 1024);

/** `moved` is told when a folder may no longer be where it was. */
export function sinkDisk(FS: Emscripten, sink: Sink, moved: () => void): { mount(): DiskNode } {
  // A file is asked for once more when its times are set; after that it would only fill the memory.
  let last: DiskNode | undefined;
  const forget = (): void => {
    if (last !== undefined) FS.destroyNode(last);
    last = undefined;
  };
  const pathOf = (node: DiskNode): string => FS.getPath(node).replace(/^\/out\/?/, "");
  const nodeOperations = {
    getattr: (node: DiskNode) => attributes(node, node.written ?? 0),
    setattr() {}, // times and modes are taken from the listing
    lookup() {
      throw new FS.ErrnoError(ERRNO.ENOENT); // what exists is known to Emscripten already
    },
    mknod(parent: DiskNode, name: string, mode: number) {
      forget();
      const isFolder = (mode & TYPE) === DIRECTORY;
      const node = FS.createNode(parent, name, isFolder ? FOLDER : mode, 0);
      Object.assign(node, { node_ops: nodeOperations, stream_ops: streamOperations, written: 0 });
      if (!isFolder) last = node;
      return node;
    },
    symlink(parent: DiskNode, name: string, target: string) {
      forget();
      moved();
      const node = FS.createNode(parent, name, 0o120777, 0);
      last = Object.assign(node, { node_ops: nodeOperations, stream_ops: {} });
      sink.symlink(pathOf(node), target);
      return node;
    },
    unlink() {
      last = undefined; // Emscripten destroys the node itself
    },
    rmdir: moved,
    rename(node: DiskNode, folder: DiskNode, name: string) {
      moved();
      node.parent = folder;
      node.name = name;
    },
    readdir: () => [".", ".."],
    readlink: () => "",
  };
  const streamOperations = {
    open(stream: DiskStream) {
      stream.node.written = 0;
      sink.open(pathOf(stream.node));
    },
    close: () => sink.close(),
    llseek: (stream: DiskStream, offset: number, whence: number) => (whence === 0 ? offset : whence === 1 ? stream.position + offset : stream.node.written! + offset),
    write(stream: DiskStream, heap: ArrayBufferView, offset: number, length: number, position: number) {
      const { node } = stream;
      if (position < node.written!) throw new FS.ErrnoError(ERRNO.EIO); // what was handed on cannot be taken back
      for (let gap = position - node.written!; gap > 0; gap -= ZEROS.length) sink.write(ZEROS.subarray(0, gap));
      sink.write(new Uint8Array(heap.buffer as ArrayBuffer, heap.byteOffset + offset, length));
      node.written = position + length;
      return length;
    },
  };
  return {
    mount: () => Object.assign(FS.createNode(null, "/", FOLDER, 0), { node_ops: nodeOperations, stream_ops: {} }),
  };
}
