interface Source {
  /** From the root of the project on. */
  readonly source: string;
  /** Beside the source: what keeps the result. */
  readonly code: string;
  /** Of the compiler. */
  readonly switches: readonly string[];
}

/** All that is compiled. */
export const SOURCES: readonly Source[];
/** What the compiler makes of it. */
export function compiled(source: Source): Buffer;
