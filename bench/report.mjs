/** The results as a page to read and as data. No host name and no path of this machine gets into either. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

/** Writes both files; a run of the same day and label gets a number, because results are not overwritten. */
export function writeReport(results, folder) {
  mkdirSync(folder, { recursive: true });
  const name = (number) => `${results.date}-${results.label}${number === 1 ? "" : `-${number}`}`;
  let number = 1;
  while (existsSync(join(folder, `${name(number)}.json`))) number += 1;
  const base = join(folder, name(number));
  writeFileSync(`${base}.json`, `${JSON.stringify({ schema: 1, ...results }, undefined, 1)}\n`);
  writeFileSync(`${base}.md`, page(results));
  return [`${base}.md`, `${base}.json`].map((file) => relative(process.cwd(), file));
}

function page({ label, date, quick, place, remarks, rows, inputs, machine, versions }) {
  const lines = [
    `# unzipx against other tools, ${date} (${label})`,
    "",
    `${quick ? "A quick run: small inputs and few repetitions, good for a first look only. " : ""}Ratios are medians: below 1 unzipx takes less time than the fastest` +
      " peer of that row, above 1 it takes more. In the start-up rows it is compared with `node -e 0`, the least that a program in Node can take.",
    "",
    "| work | unzipx | fastest peer | ratio | spread |",
    "|---|---:|---:|---:|---:|",
    ...rows.map((row) => summaryLine(row)),
    "",
    "Spread is the larger of (slowest − fastest run) ÷ median of the two: where it is large, other work was going on and the ratio means little.",
    "",
    "## Machine and versions",
    "",
    `- ${machine.processor}, ${machine.cores} cores, ${mib(machine.memory)} of memory, ${machine.system}; load before the first run ${machine.loadBefore.toFixed(2)}; ${machine.seconds} s in all`,
    `- run in: ${place}; caches warm; umask 022`,
    ...Object.entries(versions).map(([tool, version]) => `- ${tool}: ${version}`),
    ...remarks.map((remark) => `- ${remark}`),
    "",
    "Inputs:",
    "",
    ...inputs.map((input) => `- ${input.name}: ${input.about}; ${number(input.files)} file${input.files === 1 ? "" : "s"}, ${mib(input.bytes)}`),
    ...rows.flatMap(rowSection),
    "",
  ];
  return lines.join("\n");
}

function summaryLine(row) {
  const own = row.runs.find((one) => one.tool === "unzipx");
  const peer = row.runs.find((one) => one.line === row.fastest);
  const time = (one) => (one === undefined ? "–" : `${seconds(one.median)}`);
  const spread = Math.max(...[own, peer].map((one) => (one === undefined ? 0 : (one.most - one.least) / one.median)));
  const ratio = row.ratio === undefined ? "–" : row.ratio.toFixed(2);
  return `| ${row.title} | ${time(own)} | ${peer === undefined ? "–" : `${peer.tool === "tar" && peer.line.includes("pigz") ? "tar + pigz" : peer.tool} ${time(peer)}`} | ${row.ratio > 1 ? `**${ratio}**` : ratio} | ${(spread * 100).toFixed(0)} % |`;
}

function rowSection(row) {
  const archives = row.archives.map(({ archive, tool, bytes }) => `${archive} (${mib(bytes)}, made by ${tool})`).join(", ");
  const fastest = row.runs.find((one) => one.line === row.fastest)?.median;
  return [
    "",
    `## ${row.title}`,
    "",
    `${number(row.files)} file${row.files === 1 ? "" : "s"}, ${mib(row.bytes)}${archives === "" ? "" : `; ${archives}`}. ${row.rounds} runs each, alternating.`,
    "",
    "| command | median | fastest – slowest | ratio | CPU | peak memory | output | verified |",
    "|---|---:|---:|---:|---:|---:|---:|---|",
    ...row.runs.map((one) => {
      const cells = [
        `\`${one.line}\``, seconds(one.median), `${seconds(one.least)} – ${seconds(one.most)}`, fastest === undefined ? "–" : (one.median / fastest).toFixed(2),
        one.cpu === undefined ? "–" : seconds(one.cpu), one.peak === undefined ? "–" : mib(one.peak),
        one.outputBytes === undefined ? "–" : `${(one.outputBytes / 1e6).toFixed(1)} MB`, one.verified,
      ];
      return `| ${cells.join(" | ")} |`;
    }),
    ...row.left.map(({ line, why }) => `\nLeft out: \`${line}\`: ${why}.`),
  ];
}

function seconds(value) {
  return `${value.toFixed(value < 0.1 ? 3 : 2)} s`;
}

function mib(bytes) {
  return `${(bytes / 2 ** 20).toLocaleString("en-US", { maximumFractionDigits: bytes < 2 ** 20 ? 2 : 0 })} MiB`;
}

function number(value) {
  return value.toLocaleString("en-US");
}
