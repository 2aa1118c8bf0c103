/** What is wrong with packed data, as 7-Zip says it: so whoever reads one of them reads the other. */

export const LINES = {
  DATA: "ERROR: Data Error",
  END: "ERROR: Unexpected end of data",
  BEHIND: "ERROR: There are some data after the end of the payload data",
  SUM: "ERROR: CRC Failed",
  METHOD: "ERROR: Unsupported Method",
  MEMORY: "ERROR: Can't allocate required memory!",
  NOTHING: "ERROR: Cannot open the file as archive",
} as const;

export class Damage extends Error {
  readonly line: string;

  constructor(kind: keyof typeof LINES) {
    super(LINES[kind]);
    this.line = LINES[kind];
  }

  /** Of what was thrown: where WebAssembly stops by itself, the data made it. */
  static of(error: unknown): Damage {
    if (error instanceof Damage) return error;
    if ((error as Error).name === "RuntimeError") return new Damage("DATA");
    throw error;
  }
}
