/** What can be gone through and asked for by number, as an array can; what is in it may be made when it is asked for, each time anew. */
export interface List<One> extends Iterable<One> {
  readonly length: number;
  /** Undefined behind the last one. */
  at(number: number): One | undefined;
}

/** As an array's some(), without making an array: each is made, asked about and forgotten. */
export function someOf<One>(all: Iterable<One>, test: (one: One) => boolean): boolean {
  for (const one of all) if (test(one)) return true;
  return false;
}
