/** What can be gone through and asked for by number, as an array can; what is in it may be made when it is asked for, each time anew. */
export interface List<One> extends Iterable<One> {
  readonly length: number;
  /** Undefined behind the last one. */
  at(number: number): One | undefined;
}
