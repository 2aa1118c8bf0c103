/**
 * 7-Zip, compiled to WebAssembly (the package 7z-wasm): one instance of it, and what it may see of the world.
 *
 * That is: the parts of one archive, read-only (source-disk.ts), a place for what comes out (sink-disk.ts), and three
 * streams. No file system of the machine is ever mounted, so whatever a hostile archive makes of the decoder stays
 * in its own memory.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { SourceFile } from "./protocol.ts";
import { quickPaths } from "./quick-paths.ts";
import { sinkDisk, type Sink } from "./sink-disk.ts";
import { sourceDisk, type SourceTrouble } from "./source-disk.ts";

/** A node of Emscripten's file system; what we keep on it are our own fields. */
export interface DiskNode {
  readonly id: number;
  name: string;
  mode: number;
  parent: DiskNode;
  node_ops: object;
  stream_ops: object;
  /** Of a source file. */
  file?: SourceFile;
  /** Of a sink file: bytes written so far. */
  written?: number;
}
export interface DiskStream {
  readonly fd: number;
  readonly node: DiskNode;
  position: number;
}

/** The part of Emscripten's FS object that is used here. */
export interface Emscripten {
  readonly streams: (DiskStream | null)[];
  readonly ErrnoError: new (errno: number) => Error;
  /** May throw ENOENT; with `noent_okay` there is no node then. */
  lookupPath(path: string, options?: LookupOptions): { readonly path: string; readonly node?: DiskNode };
  lookupNode(parent: DiskNode, name: string): DiskNode;
  isDir(mode: number): boolean;
  isLink(mode: number): boolean;
  createNode(parent: DiskNode | null, name: string, mode: number, device: number): DiskNode;
  destroyNode(node: DiskNode): void;
  getPath(node: DiskNode): string;
  mkdir(path: string): void;
  chdir(path: string): void;
  mount(type: { mount(): DiskNode }, options: object, path: string): void;
  unmount(path: string): void;
  makedev(major: number, minor: number): number;
  registerDevice(device: number, operations: object): void;
  mkdev(path: string, mode: number, device: number): void;
  open(path: string, flags: string): DiskStream;
  close(stream: DiskStream): void;
}

export interface LookupOptions {
  readonly parent?: boolean;
  readonly follow?: boolean;
  readonly noent_okay?: boolean;
}

/** Errors of the engine's C library (wasi-libc's numbers). */
export const ERRNO = { ENOENT: 44, EROFS: 69, EIO: 29, EINVAL: 28 } as const;

export interface Streams {
  /** Fills the buffer from standard input; 0 at its end. */
  read(into: Uint8Array): number;
  /** The bytes are valid during the call only. */
  write(bytes: Uint8Array): void;
  writeError(bytes: Uint8Array): void;
}

interface Wasm {
  readonly FS: Emscripten;
  callMain(words: readonly string[]): number;
}

/** Exports of the WebAssembly itself, which the package's own object does not hand on. */
interface Stack {
  emscripten_stack_get_current(): number;
  _emscripten_stack_restore(pointer: number): void;
}

/** What the types of Node leave out. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
}

export interface Instance {
  /** Runs 7-Zip once. Returns its exit code; throws what it throws when it crashes, and then the instance is not to be used again. */
  run(words: readonly string[], files: readonly SourceFile[], streams: Streams, sink: Sink, trouble: SourceTrouble): number;
}

/** Where the archive's parts lie for the engine, and where it unpacks to. */
const SOURCE = "/in";
const SINK = "/out";

export async function instantiate(): Promise<Instance> {
  const require = createRequire(import.meta.filename);
  // Not import(): where what is compiled is kept by hand, Node 20 would warn of it (src/safe/code-cache.ts).
  const factory = require("7z-wasm") as (options: object) => Promise<Wasm>;
  // Its file is not part of our bundle: who wants to can put another build of 7-Zip in its place.
  const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyApi };
  const compiled = new WebAssembly.Module(readFileSync(require.resolve("7z-wasm/7zz.wasm")));
  let stack: Stack | undefined;
  const wasm = await factory({
    noInitialRun: true,
    quit() {},
    instantiateWasm(imports: object, receive: (instance: object) => object) {
      const instance = new WebAssembly.Instance(compiled, imports);
      stack = instance.exports as Stack;
      return receive(instance);
    },
  });
  const { FS } = wasm;
  let streams: Streams | undefined;
  const device = (name: string, minor: number, operations: object): string => {
    const id = FS.makedev(64, minor);
    FS.registerDevice(id, { open() {}, close() {}, ...operations });
    FS.mkdev(`/dev/${name}`, 0o666, id);
    return `/dev/${name}`;
  };
  type Heap = ArrayBufferView;
  const part = (heap: Heap, offset: number, length: number): Uint8Array => new Uint8Array(heap.buffer as ArrayBuffer, heap.byteOffset + offset, length);
  const writing = (to: "write" | "writeError") => ({
    write(_: DiskStream, heap: Heap, offset: number, length: number) {
      streams![to](part(heap, offset, length));
      return length;
    },
  });
  const standard: [path: string, flags: string][] = [
    [device("unzipx-in", 0, { read: (_: DiskStream, heap: Heap, offset: number, length: number) => streams!.read(part(heap, offset, length)) }), "r"],
    [device("unzipx-out", 1, writing("write")), "w"],
    [device("unzipx-err", 2, writing("writeError")), "w"],
  ];
  standard.forEach(([path, flags], fd) => {
    FS.close(FS.streams[fd]!);
    FS.open(path, flags); // takes the lowest free number: the one just closed
  });
  FS.mkdir(SOURCE);
  FS.mkdir(SINK);
  return {
    run(words, files, given, sink, trouble) {
      streams = given;
      FS.mount(sourceDisk(FS, files, trouble), {}, SOURCE);
      const paths = quickPaths(FS, SINK);
      FS.mount(sinkDisk(FS, sink, paths.forget), {}, SINK);
      FS.chdir(SINK);
      // callMain puts the words on the stack and leaves them there: 64 KiB are full after some 260 runs, and memory is overwritten.
      const pointer = stack!.emscripten_stack_get_current();
      const code = wasm.callMain(words);
      stack!._emscripten_stack_restore(pointer);
      paths.end();
      // What stays open would keep the mounts; 7-Zip closes its files even when it fails.
      FS.chdir("/");
      FS.unmount(SOURCE);
      FS.unmount(SINK);
      return code;
    },
  };
}
