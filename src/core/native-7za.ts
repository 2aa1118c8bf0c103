/**
 * The 7za of the package 7zip-bin as a compressor: bytes in by its standard input, an xz stream out by its standard output.
 *
 * It is p7zip 16.02 on most systems, ten years old, with known holes in what it reads. So it sees nothing but bytes that the
 * user wants to have packed: no archive, no file name, no password, and it has no file to write. What goes wrong is an
 * exit code or a closed pipe, and nothing of it is left behind.
 *
 * node-7z makes up the command. Running it is left to us: its runner takes standard output for text, never looks at
 * the exit code, waits for ever for a prompt that nobody answers, and leaves the program running when we are interrupted.
 */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { createRequire } from "node:module";
import { isAbsolute } from "node:path";
import { UnzipxError } from "../errors.ts";
import { runnableProgram } from "../safe/private-program.ts";
import { throwIfAborted } from "./packing.ts";

/** The path of the program; undefined where there is none for this machine, or it may not be run. */
export function find7za(): string | undefined {
  let path: string;
  try {
    ({ path7za: path } = createRequire(import.meta.filename)("7zip-bin") as { path7za: string });
  } catch {
    return undefined; // the package was left out
  }
  // Not absolute: USE_SYSTEM_7ZA is set, and then it is whatever the PATH has by that name.
  if (!isAbsolute(path) || !existsSync(path) || isMusl()) return undefined;
  return runnableProgram(path);
}

/** 7za wants the loader of glibc, and Node names its own loader in its first page (ELF's PT_INTERP). */
function isMusl(): boolean {
  if (process.platform !== "linux") return false;
  const page = Buffer.alloc(4096);
  const fd = openSync(process.execPath, "r");
  try {
    return page.subarray(0, readSync(fd, page, 0, page.length, 0)).includes("/ld-musl-");
  } finally {
    closeSync(fd);
  }
}

export interface Run7za {
  readonly program: string;
  /** Switches of 7-Zip, without their -m. */
  readonly method: readonly string[];
  readonly pieces: Iterable<Uint8Array>;
  /** A piece was taken. */
  readonly taken: (piece: Uint8Array) => void;
  readonly signal: AbortSignal | undefined;
}

/** The xz stream; undefined when it could not do that here, whatever the reason. Throws the signal's reason, and INTERNAL when somebody ended it; it is gone by then. */
export async function run7za({ program, method, pieces, taken, signal }: Run7za): Promise<Uint8Array | undefined> {
  const { _bin, _args } = (await import("node-7z")).default.add("out", [], {
    $bin: program, $defer: true, $raw: ["-si"], archiveType: "xz", toStdout: true, method, outputStreams: ["o0", "p0"], logLevel: "0",
  });
  throwIfAborted(signal);
  const child = start(_bin, _args);
  if (child === undefined) return undefined;
  const output: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr.resume();
  child.stdin.on("error", () => {}); // it ended before it had read all: told by how it ended
  const stop = (): void => void child.kill("SIGKILL"); // it has no files to clean up
  signal?.addEventListener("abort", stop, { once: true });
  const ended = new Promise<{ code: number | null; name: NodeJS.Signals | null }>((resolve) => child.on("close", (code, name) => resolve({ code, name })));
  const gone = ended.then(() => false);
  try {
    for (const piece of pieces) {
      const written = new Promise<boolean>((resolve) => child.stdin.write(piece, (error) => resolve(error == null)));
      if (!(await Promise.race([written, gone]))) break;
      taken(piece);
    }
    child.stdin.end();
    const { code, name } = await ended;
    throwIfAborted(signal);
    if (name !== null) throw new UnzipxError("INTERNAL", "Cannot compress: the compressor was ended from outside", { found: name });
    return code === 0 ? Buffer.concat(output) : undefined;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

/** A process group of its own: Ctrl-C reaches us only, and we end it. When we are killed its input ends, and so does it. */
function start(program: string, words: readonly string[]): ChildProcessWithoutNullStreams | undefined {
  try {
    const child = spawn(program, words, { detached: true, windowsHide: true });
    child.on("error", () => {}); // no loader, no right, no process to be had: there is no number then
    return child.pid === undefined ? undefined : child;
  } catch {
    return undefined; // a program for another machine
  }
}
