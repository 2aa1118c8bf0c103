/** What the runs of a row come to: medians, the ratio, and what became of the goals. */
import { START } from "./contenders.mjs";
import { isPeer, judge } from "./goals.mjs";
import { median } from "./measure.mjs";

/** `row` is for the results, `sentence` for who watches. */
export function summarise(row, { runs, left, rounds, subject, place }) {
  const summaries = runs.map(({ tool, name, line, verified, walls, cpus, peaks, bytes }) => ({
    tool, name, line, verified, outputBytes: bytes,
    median: median(walls), least: Math.min(...walls), most: Math.max(...walls), walls,
    cpu: cpus.length > 0 ? median(cpus) : undefined, peak: peaks.length > 0 ? Math.max(...peaks) : undefined,
  }));
  const own = summaries.find(({ tool }) => tool === "unzipx");
  const peers = summaries.filter(({ tool }) => (row.kind === START ? tool === "node" : isPeer({ tool })));
  const fastest = peers.reduce((best, one) => (best === undefined || one.median < best.median ? one : best), undefined);
  const ratio = own === undefined || fastest === undefined ? undefined : own.median / fastest.median;
  const goals = judge(row.id, summaries);
  return {
    row: {
      id: row.id, title: row.title, place, rounds, fastest: fastest?.line, ratio, goals, left, runs: summaries,
      files: subject.files, bytes: subject.bytes, series: row.series, entries: row.entries,
      // Only what the row reads.
      archives: subject.made.filter(({ archive }) => runs.some((one) => one.line.includes(archive))),
    },
    sentence: sentenceOf(own, fastest, ratio, goals),
  };
}

function sentenceOf(own, fastest, ratio, goals) {
  const compared = fastest === undefined ? "nobody to compare with" : `${fastest.name} ${fastest.median.toFixed(3)} s · ratio ${ratio?.toFixed(2)}`;
  const missed = goals.filter(({ reached }) => reached === false).map(goalText);
  return `unzipx ${own?.median.toFixed(3) ?? "left out"} s · ${compared}${missed.length > 0 ? ` · not reached: ${missed.join(", ")}` : ""}`;
}

/** "time 0.61 × bsdtar (goal: at most 0.55, floor 0.50)" */
export function goalText({ what, value, most, against, floor }) {
  if (what === "memory") return `${Math.round(value / 1e6)} MB of memory (goal: at most ${Math.round(most / 1e6)})`;
  // Sizes differ in the third decimal place.
  const digits = what === "size" ? 3 : 2;
  return `${what} ${value === undefined ? "?" : value.toFixed(digits)} × ${against} (goal: at most ${most}${floor === undefined ? "" : `, floor ${floor.toFixed(digits)}`})`;
}
