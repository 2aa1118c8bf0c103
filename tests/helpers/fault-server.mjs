/**
 * Runs the command again and again in one process, as a start takes longer than all the rest; loaded behind fault-preload.mjs.
 * A message { args, cwd, env, plan } is answered with { code, stdout, stderr }.
 */
import fs from "node:fs";
import { pathToFileURL } from "node:url";

const setPlan = globalThis[Symbol.for("unzipx-fault")];
const { run } = await import(pathToFileURL(process.argv[2]).href);

process.on("message", async ({ args, cwd, env, plan }) => {
  process.chdir(cwd);
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
  const said = { stdout: [], stderr: [] };
  const writes = {};
  const { writeSync } = fs;
  fs.writeSync = (fd, data, ...rest) => {
    if (fd !== 1 && fd !== 2) return writeSync(fd, data, ...rest);
    said[fd === 1 ? "stdout" : "stderr"].push(Buffer.from(data)); // whole: nothing is said in pieces
    return data.length;
  };
  for (const name of ["stdout", "stderr"]) {
    writes[name] = process[name].write;
    process[name].write = (chunk, ...rest) => {
      said[name].push(Buffer.from(chunk));
      const done = rest.at(-1);
      if (typeof done === "function") process.nextTick(done);
      return true;
    };
  }
  process.exitCode = undefined;
  setPlan(plan);
  let code;
  try {
    code = await run(args);
  } finally {
    setPlan({ at: 0 });
    fs.writeSync = writeSync;
    for (const name of ["stdout", "stderr"]) process[name].write = writes[name];
  }
  process.exitCode = undefined;
  process.removeAllListeners("SIGINT").removeAllListeners("SIGTERM").removeAllListeners("SIGHUP");
  process.send({ code, stdout: Buffer.concat(said.stdout), stderr: Buffer.concat(said.stderr).toString() });
});
process.send("ready");
