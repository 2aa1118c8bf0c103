/**
 * Results of one machine, with the same peers, as one page, where all rows at once take too long: of a row that was run twice the later one counts. Each row is compared within itself, so they may be of several days; the page says which.
 *
 *   node bench/join.mjs LABEL RESULTS.json …
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeReport } from "./report.mjs";
import { groups } from "./rows.mjs";

const here = dirname(fileURLToPath(import.meta.url));
/** What differs from run to run, and need not be the same. */
const OWN = new Set(["unzipx"]);

const [label, ...files] = process.argv.slice(2);
if (label === undefined || files.length === 0) {
  process.stderr.write("node bench/join.mjs LABEL RESULTS.json …\n");
  process.exitCode = 2;
} else {
  const parts = files.map((file) => JSON.parse(readFileSync(join(here, "results", file.split("/").at(-1)), "utf8")));
  for (const file of writeReport(joined(label, parts), join(here, "results"))) process.stderr.write(`wrote ${file}\n`);
}

function joined(label, parts) {
  const [first] = parts;
  const common = ({ quick, machine: { processor, cores, memory, system }, versions }) => JSON.stringify([quick, processor, cores, memory, system, Object.entries(versions).filter(([tool]) => !OWN.has(tool))]);
  if (parts.some((one) => common(one) !== common(first))) throw new Error("These are not results of one machine and the same peers");
  const keyOf = ({ id, place }) => `${id} ${place}`;
  const latest = new Map();
  for (const part of parts) for (const row of part.rows) latest.set(keyOf(row), { unzipx: part.versions.unzipx, ...row }); // a page that was joined says it of each row
  const order = groups({ quick: first.quick, sparseGigabytes: 100 }).flatMap(({ rows }) => rows.map(({ id }) => id));
  const rows = [...latest.values()].sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
  const versions = [...new Set(rows.map(({ unzipx }) => unzipx))].map((version) => `${version}: ${rows.filter(({ unzipx }) => unzipx === version).map(({ id, place }) => (place === "tmpfs" ? id : `${id} (${place})`)).join(", ")}`);
  return {
    label, date: parts.map(({ date }) => date).sort().at(-1), quick: first.quick, rows,
    places: [...new Set(parts.flatMap(({ places }) => places))],
    remarks: [`joined from ${parts.map((part) => `${part.label} (${part.date})`).join(", ")}`],
    inputs: [...new Map(parts.flatMap(({ inputs }) => inputs).map((input) => [input.name, input])).values()],
    machine: { ...first.machine, loadBefore: Math.max(...parts.map(({ machine }) => machine.loadBefore)), seconds: parts.reduce((sum, { machine }) => sum + machine.seconds, 0) },
    versions: { ...first.versions, unzipx: versions.join("; ") },
  };
}
