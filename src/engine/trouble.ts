/** What 7-Zip says on its error stream, as errors of ours. */
import { UnzipxError, type ErrorCode } from "../errors.ts";

const TABLE: readonly (readonly [pattern: RegExp, code: ErrorCode, state: string])[] = [
  [/Wrong password|in encrypted (file|archive)/i, "PASSWORD", "the password is missing or wrong"],
  [/Can'?t allocate|E_OUTOFMEMORY|not enough memory|Memory allocation/i, "MEMORY", "its decoder needs more memory than there is for it"],
  [/CRC Failed|CRC Error/i, "BAD_CHECKSUM", "its checksum does not match, so its content is damaged"],
  [/Unsupported (Method|feature)|E_NOTIMPL|not implemented/i, "UNSUPPORTED_METHOD", "its compression method is not supported"],
  [/Missing volume|Cannot find volume|Unavailable data/i, "TRUNCATED", "a part of the set is missing"],
  [/Unexpected end of (data|archive|file)/i, "TRUNCATED", "the data ends too early"],
  [/Data Error/i, "BAD_DATA", "its compressed data is damaged"],
  [/Headers Error|Unconfirmed start|Unavailable start/i, "BAD_HEADER", "its headers are damaged"],
  [/Dangerous (symbolic )?link/i, "UNSAFE_LINK", "it is a link that leads out of the archive"],
  [/(after the end of (the )?(payload )?(data|archive))/i, "TRAILING_DATA", "it is followed by bytes that belong to nothing"],
  [/(Cannot open|Can not open|is not) .*archive|Is not archive/i, "BAD_HEADER", "its structure is damaged"],
];

/** The error that a line means; undefined for a line that says nothing. */
export function troubleOf(line: string, what: string, password: boolean): UnzipxError | undefined {
  // Behind the first colon stand names, of which nothing may be read; only the archive's own stands in front.
  const said = /^(ERROR|WARNING):? ?\/in\//.test(line) ? line : line.split(" : ")[0]!;
  for (const [pattern, code, state] of TABLE) {
    if (!pattern.test(said)) continue;
    if (code === "TRAILING_DATA") return new UnzipxError(code, `${what[0]!.toUpperCase()}${what.slice(1)} is followed by bytes that belong to nothing`);
    if (code === "PASSWORD") {
      return password
        ? new UnzipxError(code, `Cannot read ${what}: the password is wrong, or its content is damaged`)
        : new UnzipxError(code, `Cannot read ${what}: it is encrypted, and there is no password`, { hint: "--password-file FILE" });
    }
    return new UnzipxError(code, `Cannot read ${what}: ${state}`);
  }
  return undefined;
}

/** For a run that failed and did not say why. */
export function unexplained(code: number, said: string, what: string): UnzipxError {
  const found = said.trim().split("\n").filter((line) => line.trim() !== "").at(-1);
  return new UnzipxError("BAD_DATA", `Cannot read ${what}: its decoder failed`, { found: found ?? `exit code ${code}` });
}
