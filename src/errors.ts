/**
 * What can go wrong, in one table: the stable id of an error, the exit code it leads to, and how far it reaches.
 *
 * `ends` says what is over once it happened: one entry (an outcome value, the run goes on), the archive, or the whole run
 * (both are thrown). The order of the rows is their severity, mildest first: of several errors the lowest row decides the exit code.
 */
export const ERRORS = {
  ODDITY: { exit: 0, ends: "entry" }, // worth a word, harmless: everything was done all the same
  SPECIAL_FILE: { exit: 1, ends: "entry" }, // a device, a FIFO, a socket: skipped
  TRAILING_DATA: { exit: 0, ends: "entry" }, // bytes behind the archive's end
  NO_MATCH: { exit: 11, ends: "archive" },
  READ_FAILED: { exit: 2, ends: "archive" },
  WRITE_FAILED: { exit: 2, ends: "run" },
  INTERNAL: { exit: 2, ends: "run" },
  CONFLICT: { exit: 5, ends: "archive" },
  NO_INPUT: { exit: 9, ends: "archive" },
  UNKNOWN_FORMAT: { exit: 81, ends: "archive" },
  UNSUPPORTED_FORMAT: { exit: 81, ends: "archive" },
  UNSUPPORTED_METHOD: { exit: 81, ends: "entry" },
  PASSWORD: { exit: 82, ends: "entry" },
  BAD_CHECKSUM: { exit: 3, ends: "entry" },
  BAD_SIZE: { exit: 3, ends: "entry" },
  BAD_DATA: { exit: 3, ends: "entry" },
  BAD_HEADER: { exit: 3, ends: "archive" },
  TRUNCATED: { exit: 51, ends: "archive" },
  UNSAFE_PATH: { exit: 6, ends: "entry" },
  UNSAFE_LINK: { exit: 6, ends: "entry" },
  COLLISION: { exit: 6, ends: "entry" }, // two entries, one place
  AMBIGUOUS: { exit: 6, ends: "entry" }, // two readings of the same bytes
  MEMORY: { exit: 8, ends: "archive" },
  LIMIT: { exit: 12, ends: "archive" },
  DISK_FULL: { exit: 50, ends: "run" },
  USAGE: { exit: 7, ends: "run" },
  TERMS_NOT_ACCEPTED: { exit: 4, ends: "run" },
  INTERRUPTED: { exit: 130, ends: "run" },
  TERMINATED: { exit: 143, ends: "run" },
} as const satisfies Record<string, { exit: number; ends: "entry" | "archive" | "run" }>;

export type ErrorCode = keyof typeof ERRORS;

export interface ErrorDetails {
  /** Something that can be typed. */
  readonly hint?: string;
  /** The archive, as the user named it. */
  readonly archive?: string;
  /** The entry's path: exact, so never print it raw. */
  readonly entry?: string;
  readonly expected?: string;
  readonly found?: string;
  readonly cause?: unknown;
}

/** The one error type of unzipx: a code of the table, a sentence (`Cannot <action> <subject>: <state>`), and what helps. */
export class UnzipxError extends Error {
  override readonly name = "UnzipxError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.details = details;
  }

  get exitCode(): number {
    return ERRORS[this.code].exit;
  }

  /** The same error with the entry or the archive it happened in; what is already known stays. */
  in(where: { entry?: string; archive?: string }): UnzipxError {
    const details = { ...where, ...this.details };
    return new UnzipxError(this.code, this.message, details);
  }
}

/** The plain form in which an error crosses a thread or becomes JSON. */
export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: Omit<ErrorDetails, "cause">;
}

export function toPlain(error: UnzipxError): PlainError {
  const { cause: _, ...details } = error.details;
  return { code: error.code, message: error.message, details };
}

export function fromPlain(plain: PlainError): UnzipxError {
  return new UnzipxError(plain.code, plain.message, plain.details);
}

const SEVERITY = new Map(Object.keys(ERRORS).map((code, rank) => [code, rank]));

/** The error that decides the exit code; undefined for none. */
export function mostSevere(errors: Iterable<UnzipxError>): UnzipxError | undefined {
  let worst: UnzipxError | undefined;
  for (const error of errors) {
    if (worst === undefined || SEVERITY.get(error.code)! > SEVERITY.get(worst.code)!) worst = error;
  }
  return worst;
}

/** What the operating system said, as ours: `action` is a verb phrase, `subject` what it was done to. */
export function fromSystem(error: unknown, side: "read" | "write", action: string, details: ErrorDetails = {}): UnzipxError {
  if (error instanceof UnzipxError) return error;
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const said = { ...details, cause: error };
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return new UnzipxError("DISK_FULL", `Cannot ${action}: no space left on the device`, said);
    case "ENOENT":
      return new UnzipxError(side === "read" ? "NO_INPUT" : "WRITE_FAILED", `Cannot ${action}: no such file or folder`, said);
    case "EACCES":
    case "EPERM":
      return new UnzipxError(side === "read" ? "NO_INPUT" : "WRITE_FAILED", `Cannot ${action}: permission denied`, said);
    case "EROFS":
      return new UnzipxError("WRITE_FAILED", `Cannot ${action}: the file system is read-only`, said);
    case "EFBIG":
      return new UnzipxError("WRITE_FAILED", `Cannot ${action}: the file would be larger than the system allows`, said);
    case "ENAMETOOLONG":
      return new UnzipxError("UNSAFE_PATH", `Cannot ${action}: the name is longer than the file system allows`, said);
    case "EMFILE":
    case "ENFILE":
      return new UnzipxError(side === "read" ? "READ_FAILED" : "WRITE_FAILED", `Cannot ${action}: too many open files`, { ...said, hint: "ulimit -n 1024" });
    default: {
      const text = error instanceof Error ? error.message : String(error);
      return new UnzipxError(side === "read" ? "READ_FAILED" : "WRITE_FAILED", `Cannot ${action}: ${text}`, said);
    }
  }
}
