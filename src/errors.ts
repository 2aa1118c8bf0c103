/**
 * What can go wrong, in one table: the stable id of an error, the exit code it leads to, and how far it reaches.
 *
 * `ends` says what is over once it happened: one entry (an outcome value, the run goes on), the archive, or the whole run
 * (both are thrown). The order of the rows is their severity, mildest first: of several errors the lowest row decides the exit code.
 */
export const ERRORS = {
  ODDITY: { exit: 0, ends: "entry" }, // worth a word, harmless: everything was done all the same
  SPECIAL_FILE: { exit: 1, ends: "entry" }, // a device, a FIFO, a socket: skipped
  LEFT_BEHIND: { exit: 1, ends: "entry" }, // all is done, but a temporary file or folder, or what was to be deleted, is still there
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
  /** A temporary file or folder of ours that could not be removed after the error. */
  readonly left?: string;
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

  /** The same error with the entry or the archive it happened in; what is already known stays. A hint that says `ARCHIVE` then says which. */
  in(where: { entry?: string; archive?: string }): UnzipxError {
    const details = { ...where, ...this.details };
    const { hint, archive } = details;
    if (hint !== undefined && archive !== undefined) details.hint = hint.replace(/\bARCHIVE$/, () => typed(archive));
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

/** What the system's words mean, and what to type to see more or to make room; `PATH` is where it happened. */
const SYSTEM: Readonly<Record<string, readonly [state: string, hint?: string]>> = {
  ENOSPC: ["no space left on the device", "df -h PATH; df -i PATH"],
  EDQUOT: ["the quota of disk space or files is used up", "quota -s"],
  EFBIG: ["the file would be larger than the system allows", "ulimit -f unlimited"],
  EROFS: ["the file system is read-only", "findmnt -T PATH"],
  EACCES: ["permission denied", "ls -ld PATH"],
  EPERM: ["the system does not permit it", "ls -ld PATH"],
  EIO: ["the device reports an input/output error", "dmesg | tail"],
  ENXIO: ["there is no such device any more"],
  ENODEV: ["there is no such device any more"],
  ESTALE: ["the network file system has lost it", "ls -ld PATH"],
  ENOENT: ["no such file or folder", "ls PARENT"],
  ENOTDIR: ["what should be a folder on the way to it is none", "ls -ld PATH"],
  EISDIR: ["it is a folder", "ls -ld PATH"],
  ELOOP: ["a link lies where none may be, or links lead in a circle", "ls -ld PATH"],
  ENAMETOOLONG: ["the name is longer than the file system allows", "getconf NAME_MAX ."],
  EEXIST: ["something is there already", "ls -ld PATH"],
  ENOTEMPTY: ["the folder is not empty", "ls -A PATH"],
  EXDEV: ["it lies on another file system", "df PATH"],
  EMLINK: ["the file system allows no more links to it"],
  EBUSY: ["something else is using it", "fuser -v PATH"],
  ETXTBSY: ["it is a program that is running", "fuser -v PATH"],
  EMFILE: ["too many open files", "ulimit -n 1024"],
  ENFILE: ["the system has too many open files"],
  ENOMEM: ["the system is out of memory", "free -h"],
  ENOTSUP: ["the file system cannot do that", "findmnt -T PATH"],
  EOPNOTSUPP: ["the file system cannot do that", "findmnt -T PATH"],
  EPIPE: ["whoever read it is gone"],
  ETIMEDOUT: ["the device does not answer"],
};

/** System calls that only make, change or remove; others depend on who asks. */
const WRITING = new Set([
  "write", "writev", "mkdir", "mkdtemp", "rename", "link", "symlink", "unlink", "rmdir", "rm", "copyfile", "chmod", "fchmod", "utime", "futime", "lutime", "ftruncate", "fsync",
]);
const READING = new Set(["read", "readv", "scandir", "readlink"]);

/** Whether the system failed to read or to write; where its call does not tell, `otherwise`. */
export function sideOf(error: unknown, otherwise: "read" | "write"): "read" | "write" {
  const syscall = (error as NodeJS.ErrnoException | undefined)?.syscall ?? "";
  return WRITING.has(syscall) ? "write" : READING.has(syscall) ? "read" : otherwise;
}

/** What the operating system said, as ours: `action` is a verb phrase with what it was done to. */
export function fromSystem(error: unknown, side: "read" | "write", action: string, details: ErrorDetails = {}): UnzipxError {
  if (error instanceof UnzipxError) return error;
  if (isOutOfMemory(error)) return new UnzipxError("MEMORY", `Cannot ${action}: there is not enough memory`, { hint: "--threads 1", ...details, cause: error });
  const { path } = (error ?? {}) as NodeJS.ErrnoException;
  const code = nameOf(error);
  const known = Object.hasOwn(SYSTEM, code) ? SYSTEM[code] : undefined;
  const state = known?.[0] ?? (error instanceof Error ? error.message : String(error));
  const hint = known?.[1]?.replaceAll("PATH", () => typed(path)).replace("PARENT", () => typed(path?.replace(/[^/\\]+[/\\]*$/, "") || "."));
  return new UnzipxError(codeOf(code, sideOf(error, side)), `Cannot ${action}: ${state}`, { ...(hint === undefined ? {} : { hint }), ...details, cause: error });
}

/** Node does not know all of them by name: an exceeded quota is "Unknown system error -122". */
function nameOf(error: unknown): string {
  const { code = "", errno } = (error ?? {}) as NodeJS.ErrnoException;
  if (errno === undefined || !String(code).startsWith("Unknown system error")) return String(code);
  return Object.entries(process.getBuiltinModule("node:os").constants.errno).find(([, number]) => number === -errno)?.[0] ?? code;
}

function codeOf(code: string, side: "read" | "write"): ErrorCode {
  if (code === "ENOSPC" || code === "EDQUOT") return "DISK_FULL";
  if (code === "ENAMETOOLONG" && side === "write") return "UNSAFE_PATH"; // an entry's name
  if (side === "write") return "WRITE_FAILED";
  return ["ENOENT", "EACCES", "EPERM", "ENAMETOOLONG", "ENOTDIR", "ELOOP"].includes(code) ? "NO_INPUT" : "READ_FAILED";
}

/** A thread's heap is full, or the system gives no more for a buffer or for WebAssembly. */
function isOutOfMemory(error: unknown): boolean {
  const { code, message = "" } = (error ?? {}) as NodeJS.ErrnoException;
  return code === "ERR_WORKER_OUT_OF_MEMORY" || code === "ERR_MEMORY_ALLOCATION_FAILED" || (error instanceof RangeError && /allocation failed|allocate memory|out of memory/i.test(message));
}

/** An error with what could not be cleaned up after it. */
export function withLeft(error: unknown, left: UnzipxError | undefined): unknown {
  const path = left?.details.left;
  if (path === undefined) return error;
  const known = fromSystem(error, sideOf(error, "read"), "do what was asked");
  return new UnzipxError(known.code, known.message, { ...known.details, left: path });
}

/** For a temporary file or folder that could not be removed: where it lies. */
export function leftBehind(path: string, cause: unknown): UnzipxError {
  const { message } = fromSystem(cause, "write", `remove the temporary "${path}"`);
  return new UnzipxError("LEFT_BEHIND", message, { left: path, hint: `rm -r ${typed(path)}`, cause });
}

/** For a shell. Paths of descriptors mean nothing to anybody else, nor do those from the folder that files are staged in (Staging). */
export function typed(path: string | undefined): string {
  if (path === undefined || path.startsWith("/proc/") || path.startsWith("././")) return ".";
  return /^[\w./@:+-]+$/.test(path) && !path.startsWith("-") ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
