/** Commands of contenders, as they are run. */
import { join } from "node:path";
import { run } from "./measure.mjs";

/** The program and its arguments. */
export function commandOf({ tool, args, shell }, { program }) {
  if (shell !== undefined) return ["sh", "-c", shell];
  if (tool === "unzipx") return [process.execPath, program, ...args];
  if (tool === "floor") return [process.execPath, join(import.meta.dirname, "floors", `${args[0]}.mjs`), ...args.slice(1)];
  return [tool === "node" ? process.execPath : tool, ...args];
}

/** Runs a contender in the run folder; `measured`: with CPU time and memory. */
export function runContender(contender, bench, { measured }) {
  return run(commandOf(contender, bench), { cwd: bench.folder, env: bench.env, stdout: contender.stdout, meter: measured ? bench.meter : undefined });
}

/** Runs what is not measured; throws when it fails. */
export function must([tool, ...args], bench, stdout) {
  const result = runContender({ tool, args, stdout }, bench, { measured: false });
  if (result.status !== 0) throw new Error(`${[tool, ...args].join(" ")} ended with ${result.status}: ${result.stderr.trim().slice(0, 500)}`);
}
