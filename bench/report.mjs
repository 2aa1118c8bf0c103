/** The results as a page to read and as data. No host name and no path of this machine gets into either. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { isMemory, reachedOf } from "./goals.mjs";
import { amount, mib, seconds, summaryTable } from "./tables.mjs";

/** Writes both files; a run of the same day and label gets a number, because results are not overwritten. */
export function writeReport(results, folder) {
  mkdirSync(folder, { recursive: true });
  const name = (number) => `${results.date}-${results.label}${number === 1 ? "" : `-${number}`}`;
  let number = 1;
  while (existsSync(join(folder, `${name(number)}.json`))) number += 1;
  const base = join(folder, name(number));
  writeFileSync(`${base}.json`, `${JSON.stringify({ schema: 2, ...results }, undefined, 1)}\n`);
  writeFileSync(`${base}.md`, page(results));
  return [`${base}.md`, `${base}.json`].map((file) => relative(process.cwd(), file));
}

function page({ label, date, quick, places, remarks, rows, inputs, machine, versions }) {
  const lines = [
    `# unzipx against other tools, ${date} (${label})`,
    "",
    `${quick ? "A quick run: small inputs and few repetitions, good for a first look only. " : ""}Ratios are medians: below 1 unzipx takes less time than the fastest` +
      " peer of that row, above 1 it takes more. In the start-up rows it is compared with `node -e 0`, the least that a program in Node can take.",
    "",
    `Goals of time and size: ${reachedOf(rows, (goal) => !isMemory(goal))} reached. Peak memory: ${reachedOf(rows, isMemory)} within the goal.`,
    ...places.flatMap((place) => {
      const here = rows.filter((row) => row.place === place && row.series === undefined);
      return here.length === 0 ? [] : ["", `## On ${place === "tmpfs" ? "a tmpfs" : "a disk"}`, "", ...summaryTable(here)];
    }),
    ...growth(rows),
    "",
    "Spread is the larger of (slowest − fastest run) ÷ median of the two: where it is large, other work was going on and the ratio means little.",
    "",
    "## Machine and versions",
    "",
    `- ${machine.processor}, ${machine.cores} cores, ${amount(Math.round(machine.memory / 2 ** 20))} MiB of memory, ${machine.system}; load before the first run ${machine.loadBefore.toFixed(2)}; ${machine.seconds} s in all`,
    `- run on: ${places.join(", ")}; caches warm; umask 022; ${places.includes("disk") ? "on a disk, what waits to be written is written before each run, not after it" : "no disk"}`,
    ...Object.entries(versions).map(([tool, version]) => `- ${tool}: ${version}`),
    ...remarks.map((remark) => `- ${remark}`),
    "",
    "Inputs:",
    "",
    ...inputs.map(({ name, about, files, bytes }) => `- ${name}: ${about}; ${amount(files)} file${files === 1 ? "" : "s"}, ${mib(bytes)}`),
    ...rows.flatMap((row) => rowSection(row, places.length > 1)),
  ];
  return `${lines.join("\n")}\n`;
}

/** Time and memory for an entry, by the number of entries: what grows in a straight line stays the same. */
function growth(rows) {
  const series = [...new Set(rows.map((row) => row.series))].filter((name) => name !== undefined);
  if (series.length === 0) return [];
  const lines = ["", "## Growth", "", "| work | entries | unzipx | for an entry | peak memory | more for each entry more | fastest peer |", "|---|---:|---:|---:|---:|---:|---:|"];
  for (const name of series) {
    let before;
    for (const row of rows.filter((one) => one.series === name)) {
      const own = row.runs.find(({ tool }) => tool === "unzipx");
      const peer = row.runs.find(({ line }) => line === row.fastest);
      if (own === undefined) continue;
      const more = before?.own.peak === undefined ? "–" : `${amount(Math.round((own.peak - before.own.peak) / (row.entries - before.entries)))} bytes`;
      const cells = [name, amount(row.entries), seconds(own.median), `${((own.median / row.entries) * 1e6).toFixed(1)} µs`, own.peak === undefined ? "–" : mib(own.peak), more, peer === undefined ? "–" : `${peer.name} ${seconds(peer.median)}`];
      lines.push(`| ${cells.join(" | ")} |`);
      before = { own, entries: row.entries };
    }
  }
  return lines;
}

function rowSection(row, severalPlaces) {
  const archives = row.archives.map(({ archive, tool, bytes }) => `${archive} (${mib(bytes)}, made by ${tool})`).join(", ");
  const fastest = row.runs.find((one) => one.line === row.fastest)?.median;
  return [
    "",
    `## ${row.title}${severalPlaces ? ` (${row.place})` : ""}`,
    "",
    `${amount(row.files)} file${row.files === 1 ? "" : "s"}, ${mib(row.bytes)}${archives === "" ? "" : `; ${archives}`}. ${row.rounds} run${row.rounds === 1 ? "" : "s"} each, alternating${row.runs.some(({ walls }) => walls.length < row.rounds) ? "; one of whoever is far behind" : ""}.`,
    "",
    "| command | median | fastest – slowest | ratio | CPU | peak memory | output | verified |",
    "|---|---:|---:|---:|---:|---:|---:|---|",
    ...row.runs.map((one) => {
      const cells = [
        `\`${one.line.replaceAll("|", "\\|")}\``, seconds(one.median), `${seconds(one.least)} – ${seconds(one.most)}`, fastest === undefined ? "–" : (one.median / fastest).toFixed(2),
        one.cpu === undefined ? "–" : seconds(one.cpu), one.peak === undefined ? "–" : mib(one.peak),
        one.outputBytes === undefined ? "–" : `${(one.outputBytes / 1e6).toFixed(2)} MB`, one.verified,
      ];
      return `| ${cells.join(" | ")} |`;
    }),
    ...row.left.map(({ line, why }) => `\nLeft out: \`${line}\`: ${why}.`),
  ];
}
