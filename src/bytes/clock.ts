/** Time that passes. */

/** Milliseconds from some moment on: as performance.now(), which takes a millisecond to load what else is behind `performance`. */
export function now(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

/** After this turn of the event loop: signals and messages are heard in between. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
