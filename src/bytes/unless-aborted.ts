/** Waiting that ends when the user wants to stop. */

/** The promise's outcome, or a rejection with the signal's reason as soon as it is aborted. The promise's own failure is then nobody's. */
export async function unlessAborted<Result>(signal: AbortSignal | undefined, result: Promise<Result>): Promise<Result> {
  if (signal === undefined) return result;
  const over = new AbortController();
  try {
    return await Promise.race([result, new Promise<never>((_, reject) => {
      if (signal.aborted) reject(signal.reason as Error);
      else signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true, signal: over.signal });
    })]);
  } finally {
    over.abort();
  }
}
