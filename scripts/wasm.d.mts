interface Source {
  /** From the root of the project on. */
  readonly source: string;
  /** Of the compiler. */
  readonly switches: readonly string[];
}

/** All that is compiled; the result of each is code.ts beside it. */
export const SOURCES: readonly Source[];
/** What the compiler makes of it. */
export function compiled(source: Source): Buffer;
