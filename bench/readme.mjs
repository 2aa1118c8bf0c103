/**
 * The README's section of benchmarks, made from a result: node bench/readme.mjs [RESULTS.json] prints it, with --write it
 * replaces the one in the README. Without a file it is made of the results that the README names.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { isMemory, reachedOf } from "./goals.mjs";
import { readmeTable } from "./tables.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const HEADING = "## Benchmarks\n\n";

/** What stands below the heading. */
export function benchmarksOf(readme) {
  const begin = readme.indexOf(HEADING) + HEADING.length;
  const end = readme.indexOf("\n\n## ", begin);
  if (begin < HEADING.length || end < 0) throw new Error("the README has no section of benchmarks");
  return readme.slice(begin, end);
}

/** The results' file that this text links to. */
export function resultsNamedIn(text) {
  const name = /\(bench\/results\/([\w.-]+)\.md\)/.exec(text)?.[1];
  if (name === undefined) throw new Error("the README names no results");
  return `bench/results/${name}.json`;
}

/** `file` is relative to the project. */
export function benchmarksSection(file, results) {
  const { date, quick, places, machine, rows } = results;
  const shown = rows.filter(({ place, series }) => place === places[0] && series === undefined);
  return [
    `Medians of ${quick ? "a quick run, in which the start of Node counts most" : "a run"}, ${date}, ${machine.cores} cores, in ${places[0] === "tmpfs" ? "memory" : "files on a disk"}. Below 1 unzipx is faster; ${reachedOf(shown, (goal) => !isMemory(goal))} goals are reached.`,
    `[All rows](${file.replace(/json$/, "md")}) with goals, memory, machine, versions and command lines; [bench/](bench/README.md) makes them anew, and this table.`,
    "",
    ...readmeTable(shown),
  ].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [given] = process.argv.slice(2).filter((word) => !word.startsWith("-"));
  const path = join(root, "README.md");
  const readme = readFileSync(path, "utf8");
  const file = given === undefined ? resultsNamedIn(benchmarksOf(readme)) : `bench/results/${given.split("/").at(-1)}`;
  const section = benchmarksSection(file, JSON.parse(readFileSync(join(root, file), "utf8")));
  if (process.argv.includes("--write")) writeFileSync(path, readme.replace(benchmarksOf(readme), () => section));
  else process.stdout.write(`${section}\n`);
}
