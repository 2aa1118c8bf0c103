/**
 * Node's compile cache for those that have none, 20 and 21: every CommonJS file goes through one function of theirs, which is replaced for ours. It is undocumented, and
 * neither of them will change any more.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { constants, Script, type ScriptOptions } from "node:vm";
import { nodeModule } from "../bytes/node-modules.ts";
import { randomName } from "../bytes/random.ts";

/** In the types neither. */
interface Loader {
  wrap(source: string): string;
  createRequire(filename: string): NodeJS.Require;
  readonly prototype: { _compile(this: NodeJS.Module, source: string, filename: string): unknown };
}

/** With it in the name a file's content is in its name: main.cjs and the workers' own few lines have none, and are not worth it. */
const HASHED = /^(chunk-.+)-[\w-]{8}\.cjs$/;
/** 4 length of the source's file name; 4 what digest() says of the data; the name; the data. */
const HEAD_BYTES = 8;
/** Of a page of the disk that was lost every byte is wrong. */
const STEP = 512;

/** From now on, in `folder`; written when the process ends. Nothing of it ever fails: it is only faster. */
export function keepByHand(folder: string): void {
  const importing = (constants as { readonly USE_MAIN_CONTEXT_DEFAULT_LOADER?: number } | undefined)?.USE_MAIN_CONTEXT_DEFAULT_LOADER;
  // The class of all CommonJS modules is what node:module exports, which Node 20 takes a third of a millisecond to load.
  const { prototype, wrap, createRequire } = (process.mainModule?.constructor ?? nodeModule()) as unknown as Loader;
  if (importing === undefined || typeof prototype._compile !== "function") return;
  const compile = prototype._compile;
  const fresh = new Map<string, { readonly name: string; readonly script: Script }>();
  prototype._compile = function (source, filename) {
    const name = basename(filename);
    const [, title] = dirname(filename) === import.meta.dirname ? (HASHED.exec(name) ?? []) : [];
    if (title === undefined) return compile.call(this, source, filename);
    const path = join(folder, `${title}.bin`);
    const cachedData = read(path, name);
    const script = new Script(wrap(source), { filename, cachedData, importModuleDynamically: importing } as ScriptOptions);
    if (cachedData === undefined || script.cachedDataRejected === true) fresh.set(path, { name, script });
    const run = script.runInThisContext() as (exports: unknown, require: NodeJS.Require, module: NodeJS.Module, filename: string, folder: string) => unknown;
    return run.call(this.exports, this.exports, createRequire(filename), this, filename, dirname(filename));
  };
  process.on("exit", () => {
    for (const [path, { name, script }] of fresh) write(path, name, script);
  });
}

function read(path: string, name: string): Buffer | undefined {
  try {
    const bytes = readFileSync(path);
    const start = HEAD_BYTES + bytes.readUInt32LE(0);
    const data = bytes.subarray(start);
    return bytes.toString("latin1", HEAD_BYTES, start) === name && digest(data) === bytes.readUInt32LE(4) ? data : undefined;
  } catch {
    return undefined; // not there, or cut off
  }
}

function write(path: string, name: string, script: Script): void {
  try {
    const data = script.createCachedData(); // with all functions that this run needed
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUInt32LE(name.length, 0);
    head.writeUInt32LE(digest(data), 4);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const whole = `${path}.${randomName(8)}`;
    writeFileSync(whole, Buffer.concat([head, Buffer.from(name, "latin1"), data]), { flag: "wx", mode: 0o600 });
    renameSync(whole, path);
  } catch {
    // A full disk, say: next time, then.
  }
}

/** V8 believes what it is given. This finds what a crash leaves behind: a file that is cut off, or pages that were never written. */
function digest(data: Buffer): number {
  const words = new DataView(data.buffer, data.byteOffset, data.length); // readUInt32LE() takes ten times as long before V8 has made it fast
  let sum = data.length;
  for (let at = 0; at + 4 <= data.length; at += STEP) sum = (Math.imul(sum, 31) + words.getUint32(at, true)) >>> 0;
  return sum;
}
