/** From the command line to the exit code: the only catch-all, and the only place where the process ends. */
import { fromSystem, UnzipxError } from "../errors.ts";
import { VERSION } from "./version.ts";

/** Runs one command line; resolves to the exit code and never rejects. */
export async function run(argv: readonly string[]): Promise<number> {
  if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V")) {
    process.stdout.write(`${VERSION}\n`); // not worth loading a parser for
    return 0;
  }
  const interruption = new AbortController();
  const stop = (error: UnzipxError) => (): void => {
    for (const [name, listener] of listeners) process.off(name, listener); // a second signal ends the process at once
    interruption.abort(error);
  };
  const listeners: [NodeJS.Signals, () => void][] = [
    ["SIGINT", stop(new UnzipxError("INTERRUPTED", "Interrupted: nothing half-written was left"))],
    ["SIGTERM", stop(new UnzipxError("TERMINATED", "Terminated: nothing half-written was left"))],
    ["SIGHUP", stop(new UnzipxError("TERMINATED", "The terminal was closed: nothing half-written was left"))],
  ];
  for (const [name, listener] of listeners) process.on(name, listener);
  try {
    const { runProgram } = await import("./program.ts");
    return await runProgram(argv, interruption.signal);
  } catch (error) {
    const { renderError } = await import("./render.ts");
    return renderError(error, argv);
  } finally {
    for (const [name, listener] of listeners) process.off(name, listener);
  }
}

export async function main(): Promise<void> {
  // Whoever closed our output wants no more of it: no error, and nothing to say.
  let failure: Promise<number> | undefined;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(); // with the exit code, where it is known already
    failure ??= import("./render.ts").then(({ renderError }) => renderError(fromSystem(error, "write", "write to standard output"), []));
    void failure.then(process.exit); // whoever writes would wait for room that never comes
  });
  process.stderr.on("error", () => {});
  const code = await run(process.argv.slice(2));
  await new Promise((resolve) => process.stdout.write("", resolve));
  process.exit(failure === undefined ? code : await failure);
}
