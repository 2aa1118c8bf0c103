/** How a verb ends: all was done, or its promise is rejected. */
import { fromSystem, mostSevere, sideOf, UnzipxError } from "../errors.ts";
import type { Summary } from "../core/summary.ts";

/**
 * Not everything that was asked for was done and verified: an entry was refused, damaged, or left out. `code` is that of the worst,
 * `summary.failures` has all of them, each with its entry in `details.entry`, and `summary.destination` tells whether anything was put there.
 */
export class IncompleteError extends UnzipxError {
  readonly summary: Summary;

  constructor(worst: UnzipxError, summary: Summary) {
    const others = summary.failures.length - 1;
    const also = others < 1 ? "" : ` (and ${others} ${others === 1 ? "other failure" : "other failures"}: see summary.failures)`;
    super(worst.code, worst.message + also, worst.details);
    this.summary = summary;
  }
}

export interface OutcomeOptions {
  /** Stops the work: the promise is rejected with the signal's reason, and nothing half-written stays. */
  readonly signal?: AbortSignal | undefined;
  /** Resolve although entries failed: they are in `failures` of the summary. Default: reject with an IncompleteError. */
  readonly allowFailures?: boolean | undefined;
}

/** The summary where the command would exit with 0, or its caller looks at the failures himself. */
export async function assertComplete(summary: Summary, { allowFailures = false }: OutcomeOptions): Promise<void> {
  if (allowFailures) return;
  const { exitCodeOf } = await import("../core/summary.ts");
  if (exitCodeOf([summary]) === 0) return;
  const audited = new UnzipxError("AMBIGUOUS", "The audit found an error: see summary.audit");
  const counted = summary.failures.length > 0 ? summary.failures : summary.warnings.filter(({ exitCode }) => exitCode !== 0);
  throw new IncompleteError(mostSevere(counted) ?? audited, summary);
}

/** One call of the library. */
export interface Run {
  /** Of this call alone, and forgotten with it. */
  readonly signal: AbortSignal;
  /** A function of the caller's: what it throws ends the work, and is what the promise is rejected with. */
  guard<Arguments extends unknown[], Result>(callback: (...given: Arguments) => Result): (...given: Arguments) => Result;
}

/**
 * Does `work`, which is an `action`, and then `release`, whatever comes of it. Rejects with the reason of the caller's signal, with what a
 * function of his threw, or with an UnzipxError.
 */
export async function begin<Result>(action: string, signal: AbortSignal | undefined, work: (run: Run) => Promise<Result>, release: () => void): Promise<Result> {
  const { run, end } = startRun(signal);
  try {
    run.signal.throwIfAborted();
    return await work(run);
  } catch (error) {
    throw known(error, action, run.signal);
  } finally {
    end();
    release();
  }
}

export interface StartedRun {
  readonly run: Run;
  /** Ends what is under way. */
  stop(reason: unknown): void;
  /** Forgets the caller's signal. */
  end(): void;
}

/** For work that lasts until `end` is called. */
export function startRun(signal: AbortSignal | undefined): StartedRun {
  const own = new AbortController();
  const stop = (): void => own.abort(signal!.reason);
  if (signal?.aborted === true) stop();
  signal?.addEventListener("abort", stop, { once: true });
  const failed = (error: unknown): never => {
    own.abort(error);
    throw error;
  };
  const guard: Run["guard"] = (callback) => (...given) => {
    try {
      const result = callback(...given);
      return result instanceof Promise ? (result.catch(failed) as typeof result) : result;
    } catch (error) {
      return failed(error);
    }
  };
  return { run: { signal: own.signal, guard }, stop: (reason) => own.abort(reason), end: () => signal?.removeEventListener("abort", stop) };
}

/** The error as the caller gets it. */
export function known(error: unknown, action: string, { aborted, reason }: AbortSignal): unknown {
  if (!aborted) return fromSystem(error, sideOf(error, "read"), action);
  const left = error instanceof UnzipxError ? error.details.left : undefined;
  return left === undefined ? reason : new UnzipxError("INTERRUPTED", "Stopped, and something temporary could not be removed", { left, hint: `rm -r ${left}`, cause: reason });
}
