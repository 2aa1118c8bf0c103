/**
 * The README's table of a result: node bench/readme.mjs [RESULTS.json] prints it, with --write it replaces what stands between
 * the two marks in the README. Without a file it is the one that the README names.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { readmeTable } from "./tables.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const BEGIN = "<!-- bench/readme.mjs writes from here -->";
const END = "<!-- to here -->";

/** The text between the marks. */
export function benchmarksOf(readme) {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error("the README has no place for the benchmarks");
  return readme.slice(begin + BEGIN.length, end).trim();
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
  const judged = shown.flatMap(({ goals }) => goals).filter(({ reached }) => reached !== undefined);
  return [
    `Medians of ${quick ? "a quick run" : "a run"} of ${date} on ${machine.cores} cores, in ${places[0] === "tmpfs" ? "memory" : "files on a disk"}: [all rows](${file.replace(/json$/, "md")}), with machine, versions, spread,`,
    `CPU time, memory and command lines. Ratio below 1: unzipx is faster than the fastest peer. ${judged.filter(({ reached }) => reached).length} of ${judged.length} goals are reached.`,
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
