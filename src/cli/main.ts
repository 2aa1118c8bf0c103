/** From the command line to the exit code: the only catch-all, and the only place where the process ends. */
import { fromSystem, UnzipxError } from "../errors.ts";
import { keepCompiled } from "../safe/compile-cache.ts";
import { sizeHeap } from "./heap.ts";
import { letCompilersEnd } from "./last-threads.ts";
import { stderr, stdout } from "./streams.ts";
import { VERSION } from "./version.ts";

/**
 * So long a second signal is taken for an echo of the first, in milliseconds: whoever sends one to a process and to its group
 * (timeout of GNU, a terminal that closes) sends two, and the second must not end the cleaning up.
 */
const ECHO = 1000;

/** What was woken up has this long to return: turns of so many milliseconds. */
const [TURNS, TURN] = [10, 20];

/** Runs one command line; resolves to the exit code and never rejects. */
export async function run(argv: readonly string[]): Promise<number> {
  if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V")) {
    stdout.write(`${VERSION}\n`); // not worth loading a parser for
    return 0;
  }
  const interruption = new AbortController();
  const stop = (error: UnzipxError) => (): void => {
    if (interruption.signal.aborted) return;
    interruption.abort(error);
    setTimeout(stopListening, ECHO).unref(); // then a second signal ends the process at once
  };
  const listeners: [NodeJS.Signals, () => void][] = [
    ["SIGINT", stop(new UnzipxError("INTERRUPTED", "Interrupted: nothing half-written was left"))],
    ["SIGTERM", stop(new UnzipxError("TERMINATED", "Terminated: nothing half-written was left"))],
    ["SIGHUP", stop(new UnzipxError("TERMINATED", "The terminal was closed: nothing half-written was left"))],
  ];
  const stopListening = (): void => {
    for (const [name, listener] of listeners) process.off(name, listener);
  };
  for (const [name, listener] of listeners) process.on(name, listener);
  keepCompiled(process.env, { hasFlags: sizeHeap(argv) });
  try {
    const { runProgram } = await import("./program.ts");
    return await runProgram(argv, interruption.signal);
  } catch (error) {
    return await tell(error, argv);
  } finally {
    if (!interruption.signal.aborted) stopListening();
    else await endIfStuck(interruption.signal.reason, stopListening);
  }
}

/**
 * A read that waits for another program keeps Node from exiting. All is cleaned up by now and the reason was told; what is left is to end by the signal itself,
 * which a shell shows as the same exit code.
 */
async function endIfStuck(reason: unknown, stopListening: () => void): Promise<void> {
  const { isWaiting } = await import("../bytes/read-ahead.ts");
  for (let turn = 0; turn < TURNS && isWaiting(); turn++) await new Promise((resolve) => setTimeout(resolve, TURN));
  if (!isWaiting()) return;
  stopListening();
  process.kill(process.pid, reason instanceof UnzipxError && reason.code === "INTERRUPTED" ? "SIGINT" : "SIGTERM");
}

async function tell(error: unknown, argv: readonly string[]): Promise<number> {
  try {
    const { renderError } = await import("./render.ts");
    return await renderError(error, argv);
  } catch (trouble) {
    // With no descriptor or no memory left, not even that can be loaded; both then have the same reason.
    const known = fromSystem(error instanceof UnzipxError ? error : trouble, "read", "load the program");
    stderr.write(`unzipx: ${known.message.charAt(0).toLowerCase()}${known.message.slice(1)}\n`);
    if (known.details.hint !== undefined) stderr.write(`hint: ${known.details.hint}\n`);
    return known.exitCode;
  }
}

export async function main(): Promise<void> {
  // Whoever closed our output wants no more of it: no error, and nothing to say.
  let failure: Promise<number> | undefined;
  stdout.onError = (error) => {
    if (error.code === "EPIPE") process.exit(); // with the exit code, where it is known already
    failure ??= tell(fromSystem(error, "write", "write to standard output"), []);
    void failure.then(process.exit); // whoever writes would wait for room that never comes
  };
  const running = run(process.argv.slice(2));
  process.on("exit", letCompilersEnd); // behind the one that keeps what V8 compiled, and may have it compile more
  const code = await running;
  await stdout.flushed();
  process.exit(failure === undefined ? code : await failure);
}
