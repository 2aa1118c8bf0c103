/** create: packs files, and content from memory, into one archive. */
import { Writable } from "node:stream";
import type { WritableStream } from "node:stream/web";
import { fileURLToPath } from "node:url";
import type { WritableFormat } from "../core/create-formats.ts";
import type { PackInput } from "../core/roots.ts";
import type { Summary } from "../core/summary.ts";
import type { GivenStream } from "../core/given-input.ts";
import { UnzipxError, withLeft } from "../errors.ts";
import type { KeptContent } from "../safe/kept-content.ts";
import type { Output } from "../safe/output.ts";
import { assertComplete, begin, type OutcomeOptions, type Run } from "./outcome.ts";
import { reporterOf, type ProgressOptions } from "./progress.ts";
import { oneOf, passwordOf, selectionOf, whole, type Password } from "./reading.ts";
import { givenStream, pathOf } from "./source.ts";

export type { WritableFormat } from "../core/create-formats.ts";

/** A file that lies nowhere, or is to be called otherwise than it lies. */
export interface NewEntry {
  /** In the archive. */
  readonly path: string;
  /** Text becomes UTF-8. What comes as a stream is kept in a private temporary folder until the archive is whole, and so is the rest. */
  readonly content: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** Permission bits; its owner must be able to read it. Default: 0o644. */
  readonly mode?: number | undefined;
  /** Default: now. */
  readonly mtime?: Date | undefined;
}

/** A path, relative to `cwd`, of a file or of a folder with all that is in it; or an entry that is made here. */
export type CreateInput = string | URL | NewEntry;

export interface CreateOptions extends ProgressOptions, OutcomeOptions {
  /** By default what the target's name says; a stream has none. */
  readonly format?: WritableFormat | undefined;
  /** 0 (store) to 9 (smallest). Default: what the usual tool of the format takes. */
  readonly level?: number | undefined;
  /** The folder that inputs are relative to. Default: the process's own. */
  readonly cwd?: string | URL | undefined;
  /** Replace the file that is there. Default: a CONFLICT. */
  readonly overwrite?: boolean | undefined;
  /** Globs of what is left out, as in `include`; a folder that is left out is not looked into. */
  readonly exclude?: string | readonly string[] | undefined;
  /** Of the path in the archive: false leaves it out. */
  readonly filter?: ((path: string) => boolean) | undefined;
  /** Store what links point at, not the links. */
  readonly dereference?: boolean | undefined;
  /** Leave out what git would: .git, and what .gitignore files and info/exclude name. */
  readonly gitignore?: boolean | undefined;
  /** false: leave out names that begin with a dot, and what lies in such folders. */
  readonly hidden?: boolean | undefined;
  /** false: leave out .DS_Store, ._*, __MACOSX, Thumbs.db and desktop.ini. */
  readonly junk?: boolean | undefined;
  /** A folder of the archive that all entries lie in; `exclude` and `filter` go by the paths without it. */
  readonly prefix?: string | undefined;
  /** Sorted, no owners, normal modes, one time for all: the same files give the same bytes. */
  readonly reproducible?: boolean | undefined;
  /** For every entry; `reproducible` without it takes 1980-01-01. */
  readonly mtime?: Date | undefined;
  /** Encrypts (zip, 7z) by AES-256, or in a zip by what old programs know and anybody can break. */
  readonly password?: Password | undefined;
  readonly encryption?: "aes256" | "zipcrypto" | undefined;
  /** Names, sizes and times too (7z). */
  readonly encryptNames?: boolean | undefined;
  /** Of a zip. */
  readonly method?: "deflate" | "zstd" | "store" | undefined;
  /** The most bytes of one file; the archive then is a set of them (zip, 7z). */
  readonly split?: number | undefined;
  readonly threads?: number | undefined;
}

/**
 * Packs `inputs` into `target`, a path or a stream. A file appears only when it is whole; a stream is ended when all was written, and destroyed when that
 * was not possible. Resolves when everything was packed; rejects with an IncompleteError when something could not be read.
 */
export async function create(target: string | URL | Writable | WritableStream, inputs: CreateInput | readonly CreateInput[], options: CreateOptions = {}): Promise<Summary> {
  const stream = streamOf(target);
  stream?.on("error", () => {}); // told by whoever writes
  const prepared: Prepared[] = [];
  const release = (): void => {
    for (const input of prepared) if (typeof input !== "string" && "stream" in input) input.stream.abandon();
  };
  try {
    for (const input of isList(inputs) ? inputs : [inputs]) prepared.push(preparedInput(input));
    return await begin("create the archive", options.signal, async (run) => {
      const { KeptContent } = await import("../safe/kept-content.ts");
      const output = stream === undefined ? undefined : (await import("../safe/output-writable.ts")).openOutputWritable(stream, "the stream", run.signal);
      const kept = new KeptContent();
      let summary: Summary;
      try {
        summary = await pack(stream === undefined ? fileOf(target as string | URL) : undefined, output, await inputsOf(prepared, kept, run), options, run);
      } catch (error) {
        throw withLeft(error, kept.discard());
      }
      const left = kept.discard();
      if (left !== undefined) summary.warnings.push(left);
      await assertComplete(summary, options);
      await output?.end();
      return summary;
    }, release);
  } catch (error) {
    release();
    stream?.destroy(error instanceof Error ? error : new Error("The archive is not whole", { cause: error }));
    throw error;
  }
}

async function pack(file: string | undefined, output: Output | undefined, inputs: readonly PackInput[], options: CreateOptions, run: Run): Promise<Summary> {
  const { create: make, formatForName, WRITABLE_FORMATS } = await import("../core/create.ts");
  const { format, level, split, mtime, threads, method, dereference, reproducible, encryptNames, gitignore, hidden, junk, prefix, cwd, password } = options;
  if (format === undefined && file === undefined) throw new UnzipxError("USAGE", "Cannot tell what to write: a stream has no name that says so", { hint: 'format: "tar.gz"' });
  const encrypts = password !== undefined || options.encryption !== undefined;
  const selection = await selectionOf({ exclude: options.exclude, filter: options.filter }, run);
  return make(file ?? "the stream", inputs, {
    format: format === undefined ? formatForName(file!) : oneOf("format", format, WRITABLE_FORMATS as [WritableFormat, ...WritableFormat[]]),
    level: level === undefined ? undefined : whole("level", level, 0, 9), threads: threads === undefined ? undefined : whole("threads", threads, 1),
    split, mtime: mtime?.getTime(), dereference, gitignore, hidden, junk, prefix, reproducible, encryptNames, force: options.overwrite, output,
    method: options.method === undefined ? undefined : oneOf("method", method, ["deflate", "zstd", "store"]),
    base: cwd instanceof URL ? fileURLToPath(cwd) : cwd,
    exclude: (path) => !selection.wants(path),
    encryption: encrypts ? oneOf("encryption", options.encryption, ["aes256", "zipcrypto"]) : undefined, password: passwordOf(password, run),
    signal: run.signal, reporter: reporterOf(options, run),
  });
}

/** As CreateInput; a stream is held from the first moment on, because it may fail before its turn. */
type Prepared = string | NewFile & ({ readonly bytes: Uint8Array } | { readonly stream: GivenStream });
type NewFile = { readonly path: string; readonly mode: number; readonly mtime: number };

function preparedInput(input: CreateInput): Prepared {
  if (typeof input === "string") return input;
  if (input instanceof URL) return fileURLToPath(input);
  if (typeof input !== "object" || input === null) throw new UnzipxError("USAGE", "Cannot pack what is neither a path nor an entry", { found: String(input), hint: 'create("a.zip", ["folder", { path: "notes.txt", content: "…" }])' });
  const { path, content, mode = 0o644, mtime = new Date() } = input;
  if (typeof path !== "string" || /^[./]*$/.test(path)) throw new UnzipxError("USAGE", "Cannot pack an entry: it has no name", { hint: '{ path: "notes.txt", content: "…" }' });
  const file = { path, mode: whole("mode", mode, 0, 0o7777), mtime: mtime.getTime() };
  if (typeof content === "string") return { ...file, bytes: Buffer.from(content) };
  return content instanceof Uint8Array ? { ...file, bytes: content } : { ...file, stream: givenStream(content) };
}

async function inputsOf(inputs: readonly Prepared[], kept: KeptContent, { signal }: Run): Promise<readonly PackInput[]> {
  const all: PackInput[] = [];
  for (const input of inputs) {
    if (typeof input === "string") {
      all.push(input);
      continue;
    }
    const { path } = input;
    const content = "bytes" in input ? [input.bytes] : (await import("../core/given-input.ts")).streamedInput(path, input.stream, signal).source.stream();
    all.push({ path, source: await kept.add({ ...input, content }) });
  }
  return all;
}

function isList(inputs: CreateInput | readonly CreateInput[]): inputs is readonly CreateInput[] {
  return Array.isArray(inputs);
}

function streamOf(target: unknown): Writable | undefined {
  if (typeof target === "string" || target instanceof URL) return undefined;
  if (typeof (target as Partial<Writable> | null)?.write === "function" && typeof (target as Partial<Writable>).on === "function") return target as Writable;
  if (typeof (target as Partial<WritableStream> | null)?.getWriter === "function") return Writable.fromWeb(target as WritableStream);
  throw new UnzipxError("USAGE", "Cannot create the archive: what was given is no place for it", { expected: "a path, a file: URL or a stream to write to", found: target === null ? "null" : typeof target });
}

function fileOf(target: string | URL): string {
  return typeof target === "string" ? pathOf(target) : fileURLToPath(target);
}
