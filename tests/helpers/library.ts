/** The core in this process: an archive in, its entries or what was extracted out. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { extract, type ExtractOptions } from "../../src/core/extract.ts";
import { list } from "../../src/core/list.ts";
import { EVERYTHING } from "../../src/core/select.ts";
import { exitCodeOf, type Summary } from "../../src/core/summary.ts";
import { test as verify } from "../../src/core/test.ts";
import { UnzipxError, type ErrorCode } from "../../src/errors.ts";
import type { Entry, ReadOptions } from "../../src/formats/contract.ts";
import { DEFAULT_LIMITS, DEFAULT_POLICY, readLimits, type Policy } from "../../src/safe/policy.ts";
import { sandbox, type Sandbox } from "./cli.ts";

export const HEADER_BYTES = 1024 * 1024;

export function readOptions(notes: UnzipxError[] = [], more: Partial<ReadOptions> = {}): ReadOptions {
  return { limits: readLimits(DEFAULT_LIMITS), lenient: false, warn: (note) => void notes.push(note), ...more };
}

export interface Unpacked {
  /** The exit code that the command would have. */
  readonly code: number;
  /** What ended the archive. */
  readonly error: UnzipxError | undefined;
  readonly summary: Summary | undefined;
  /** Codes of the entries that failed, by path. */
  readonly failures: Record<string, ErrorCode>;
  readonly warnings: readonly string[];
  /** As contents() of the sandbox, of the folder that was extracted into. */
  readonly contents: Record<string, string>;
  readonly folder: string;
}

type UnpackOptions = Omit<Partial<ExtractOptions>, "policy"> & { readonly policy?: Partial<Policy>; readonly name?: string; readonly into?: ExtractOptions["into"] };

let runs = 0;

/** Extracts into a new folder, one for each call, and holds the surroundings against what they were. */
export async function unpack(bytes: Uint8Array, options: UnpackOptions = {}, where: Sandbox = sandbox()): Promise<Unpacked> {
  const run = `run${++runs}`;
  const archive = where.file(`${run}-in/${options.name ?? "archive"}`, bytes);
  const folder = join(where.folder, run);
  mkdirSync(folder);
  const { policy, name: _, ...rest } = options;
  let summary: Summary | undefined;
  let error: UnzipxError | undefined;
  try {
    summary = await extract(archive, {
      directory: folder, into: "directory", ownName: "own", selection: EVERYTHING, threads: 1, reporter: {},
      policy: { ...DEFAULT_POLICY, ...policy }, ...rest,
    });
  } catch (thrown) {
    if (!(thrown instanceof UnzipxError)) throw thrown;
    error = thrown;
  }
  where.assertOutsideUntouched();
  return {
    code: exitCodeOf(summary === undefined ? [] : [summary], error === undefined ? [] : [error]),
    error, summary, folder,
    failures: Object.fromEntries((summary?.failures ?? []).map((failure) => [failure.details.entry ?? "", failure.code])),
    warnings: (summary?.warnings ?? []).map((warning) => warning.message),
    contents: where.contents(run),
  };
}

/** Verifies without writing; the exit code. */
export async function codeOfTest(bytes: Uint8Array, where: Sandbox = sandbox(), more: { readonly format?: string; readonly name?: string } = {}): Promise<number> {
  const archive = where.file(more.name ?? "tested", bytes);
  try {
    return exitCodeOf([await verify(archive, { limits: DEFAULT_LIMITS, lenient: false, selection: EVERYTHING, threads: 1, reporter: {}, format: more.format })]);
  } catch (error) {
    if (error instanceof UnzipxError) return error.exitCode;
    throw error;
  }
}

/** The entries as `l` shows them. */
export async function entriesOf(bytes: Uint8Array, name = "listed"): Promise<readonly Entry[]> {
  const where = sandbox();
  const archive = join(where.folder, name);
  writeFileSync(archive, bytes);
  return [...(await list(archive, { limits: DEFAULT_LIMITS, selection: EVERYTHING, threads: 1 })).entries];
}

/** The error that a promise is rejected with. */
export async function errorOf(promise: Promise<unknown>): Promise<UnzipxError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof UnzipxError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
