/** Tables of results, in Markdown: of the page, and of the README. */
import { isMemory } from "./goals.mjs";
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

/** Variations of rows that are in the README: the page has them. */
const PAGE_ONLY = new Set(["zip-extract-tiny", "zip-extract-deep", "zip-create-tiny", "zip-create-1", "zip-create-9", "7z-extract-solid"]);

/** All rows that have a goal, whoever wins, but for variations; two in a line. */
export function readmeTable(rows) {
  const cells = rows.filter(({ id, goals }) => goals.some((goal) => !isMemory(goal)) && !PAGE_ONLY.has(id)).map((row) => {
    const { own, peer } = pairOf(row);
    return [row.title, timeOf(own), peer === undefined ? "–" : `${boldRatio(row.ratio)} × ${nameOf(peer)}, ${outcome(row.goals)}`];
  });
  const head = ["work", "unzipx", "against the fastest"];
  const lines = [];
  for (let at = 0; at < cells.length; at += 2) lines.push([...cells[at], ...(cells[at + 1] ?? ["", "", ""])]);
  return [[...head, ...head], ["---", "---:", "---", "---", "---:", "---"], ...lines].map((line) => `| ${line.join(" | ")} |`);
}

function outcome(goals) {
  if (goals.some(({ reached }) => reached === false)) return "**goal missed**";
  return goals.some(({ reached }) => reached === undefined) ? "goal not measured" : "goal reached";
}

function pairOf(row) {
  return { own: row.runs.find(({ tool }) => tool === "unzipx"), peer: row.runs.find(({ line }) => line === row.fastest) };
}

function timeOf(one) {
  return one === undefined ? "–" : seconds(one.median);
}

function nameAndTime(one) {
  return one === undefined ? "–" : `${nameOf(one)} ${seconds(one.median)}`;
}

function nameOf({ name }) {
  return name.startsWith("node") ? `\`${name}\`` : name;
}

function boldRatio(ratio) {
  if (ratio === undefined) return "–";
  return ratio > 1 ? `**${ratio.toFixed(2)}**` : ratio.toFixed(2);
}

/** Memory is told where it is too much. */
function goalsCell(goals) {
  const told = goals.filter((goal) => !isMemory(goal) || !goal.reached);
  return told.map((goal) => `${goalText(goal)}: ${wordOf(goal)}`).join("<br>");
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
