/** Tables of results, in Markdown: of the page, and of the README. */
import { goalText } from "./summary.mjs";

export function summaryTable(rows) {
  return [
    "| work | unzipx | fastest peer | ratio | goals | spread |",
    "|---|---:|---:|---:|---|---:|",
    ...rows.map((row) => {
      const { own, peer } = pairOf(row);
      const spread = Math.max(...[own, peer].map((one) => (one === undefined ? 0 : (one.most - one.least) / one.median)));
      return `| ${[row.title, timeOf(own), nameAndTime(peer), boldRatio(row.ratio), goalsCell(row.goals), `${(spread * 100).toFixed(0)} %`].join(" | ")} |`;
    }),
  ];
}

/** Rows that lose are in it like all others. What is left out here is said: rows without a goal, of which the page has the rest. */
export function readmeTable(rows) {
  const goals = (row) => row.goals.filter(({ what }) => what !== "memory");
  return [
    "| work | unzipx | fastest peer | ratio | goal |",
    "|---|---:|---:|---:|---|",
    ...rows.filter((row) => goals(row).length > 0).map((row) => {
      const { own, peer } = pairOf(row);
      return `| ${[row.title, timeOf(own), nameAndTime(peer), boldRatio(row.ratio), shortGoals(goals(row))].join(" | ")} |`;
    }),
  ];
}

function pairOf(row) {
  return { own: row.runs.find(({ tool }) => tool === "unzipx"), peer: row.runs.find(({ line }) => line === row.fastest) };
}

function timeOf(one) {
  return one === undefined ? "–" : seconds(one.median);
}

function nameAndTime(one) {
  return one === undefined ? "–" : `${one.name.startsWith("node") ? `\`${one.name}\`` : one.name} ${seconds(one.median)}`;
}

function boldRatio(ratio) {
  if (ratio === undefined) return "–";
  return ratio > 1 ? `**${ratio.toFixed(2)}**` : ratio.toFixed(2);
}

/** Memory is told where it is too much, and where it is a row's only goal. */
function goalsCell(goals) {
  const told = goals.filter(({ what, reached }) => what !== "memory" || !reached);
  return told.map((goal) => `${goalText(goal)}: ${wordOf(goal)}`).join("<br>");
}

function shortGoals(goals) {
  return goals.map((goal) => {
    const { what, value, most, against } = goal;
    const shown = value === undefined ? "?" : value.toFixed(what === "size" ? 3 : 2);
    return `${what === "size" ? "size " : ""}${shown} of ${most} × ${against}: ${wordOf(goal)}`;
  }).join("<br>");
}

function wordOf({ reached }) {
  if (reached === undefined) return "not measured";
  return reached ? "**reached**" : "**not reached**";
}

export function seconds(value) {
  return `${value.toFixed(value < 0.1 ? 3 : 2)} s`;
}

export function mib(bytes) {
  return `${(bytes / 2 ** 20).toLocaleString("en-US", { maximumFractionDigits: bytes < 2 ** 20 ? 2 : 0 })} MiB`;
}

export function amount(value) {
  return value.toLocaleString("en-US");
}
