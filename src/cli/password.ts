/** Where the password comes from: one flag, the environment, or the terminal. Asked for once a run, and only when it is needed. */
import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import { fromSystem, UnzipxError } from "../errors.ts";
import type { Flags } from "./program.ts";

export type Password = () => Promise<string | undefined>;

export interface PasswordOptions {
  /** A new password is asked for twice, and an empty one is a slip of the hand. */
  readonly creating: boolean;
  /** Whether standard input is the archive, or another list that is read from it. */
  readonly stdinIsTaken: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly warn: (message: string) => void;
  /** One line from the terminal, unseen; undefined when there is no terminal. */
  readonly ask: (question: string) => Promise<string | undefined>;
  /** For tests; default: standard input. */
  readonly stdin?: AsyncIterable<Uint8Array>;
}

/** Throws USAGE when two sources are given. Undefined is the answer when there is none: nobody knows a password. */
export function passwordOf(flags: Flags, options: PasswordOptions): Password {
  const { password, passwordFile, passwordStdin } = flags;
  const given = [password !== undefined && "--password", passwordFile !== undefined && "--password-file", passwordStdin === true && "--password-stdin"].filter((flag) => flag !== false);
  if (given.length > 1) throw new UnzipxError("USAGE", `Cannot take the password from two places: ${given.join(" and ")} were given`);
  if (passwordStdin === true && options.stdinIsTaken) {
    throw new UnzipxError("USAGE", 'Cannot take the password from standard input: it is read for "-" already', { hint: "--password-file FILE" });
  }
  if (password !== undefined) {
    options.warn("a password on the command line is visible to everybody on this machine; --password-file FILE keeps it private");
  }
  // By its way from the folder that the user is in: who asks may be elsewhere by then.
  const path = passwordFile === undefined ? "" : fromHere(String(passwordFile));
  let answer: Promise<string | undefined> | undefined;
  return () => (answer ??= find(flags, path, options));
}

function fromHere(name: string): string {
  try {
    return resolve(name);
  } catch {
    return name; // the folder is gone: whoever reads the file says so
  }
}

async function find({ password, passwordFile, passwordStdin }: Flags, path: string, options: PasswordOptions): Promise<string | undefined> {
  if (password !== undefined) return String(password);
  if (passwordFile !== undefined) {
    // A named pipe will do as well: <(pass show archive)
    return firstLine(createReadStream(path, { highWaterMark: MAX_LINE }), `the password file "${String(passwordFile)}"`);
  }
  if (passwordStdin === true) return firstLine(options.stdin ?? process.stdin, "the password from standard input");
  // Unset and empty are the same to whoever writes environment files.
  const { UNZIPX_PASSWORD: fromEnvironment = "" } = options.env;
  if (fromEnvironment !== "") return fromEnvironment;
  return options.creating ? askTwice(options) : options.ask("Password: ");
}

async function askTwice({ ask, warn }: PasswordOptions): Promise<string | undefined> {
  for (;;) {
    const first = await ask("New password: ");
    if (first === undefined) return undefined;
    if (first === "") {
      warn("the password is empty");
      continue;
    }
    const second = await ask("The same again: ");
    if (second === undefined || first === second) return second;
    warn("the two passwords differ");
  }
}

/** More than any password: a wrong file must not be read into memory. */
const MAX_LINE = 4096;

/** The first line, without its end, in UTF-8. */
async function firstLine(input: AsyncIterable<Uint8Array>, what: string): Promise<string> {
  let bytes = Buffer.alloc(0);
  try {
    for await (const chunk of input) {
      bytes = Buffer.concat([bytes, chunk]);
      if (bytes.includes(0x0a) || bytes.length > MAX_LINE) break;
    }
  } catch (error) {
    throw fromSystem(error, "read", `read ${what}`);
  }
  if (bytes.length === 0) throw new UnzipxError("USAGE", `Cannot read ${what}: there is nothing to read`);
  const newline = bytes.indexOf(0x0a);
  let line = newline < 0 ? bytes : bytes.subarray(0, newline);
  if (line.at(-1) === 0x0d) line = line.subarray(0, -1);
  if (line.length > MAX_LINE) throw new UnzipxError("USAGE", `Cannot read ${what}: its first line is longer than ${MAX_LINE} bytes`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(line); // without the mark that some editors put in front
  } catch {
    throw new UnzipxError("USAGE", `Cannot read ${what}: its first line is not UTF-8`);
  }
}
