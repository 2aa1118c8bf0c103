/** What a listing says and what an extraction did are the same archive. */
import type { Listing } from "../src/core/list.ts";
import type { Summary } from "../src/core/summary.ts";
import type { Entry } from "../src/formats/contract.ts";
import type { Found } from "./box.ts";
import type { Outcome } from "./outcome.ts";

export function disagreements(x: Outcome<Summary> & { readonly tree: ReadonlyMap<string, Found> }, l: Outcome<Listing>): string[] {
  if (x.result === undefined) return []; // it gave up, and the listing may know more
  if (l.result === undefined) return x.exit === 0 ? [`x ends with 0 and l fails: ${l.thrown?.message ?? "?"}`] : [];
  const faults: string[] = [];
  const tree = new Map([...x.tree].map(([place, found]) => [shown(place), found]));
  const failed = new Set(x.failures.flatMap(({ details: { entry } }) => (entry === undefined ? [] : [entry, ...placesOf(entry)])));
  const places = new Set<string>();
  for (const entry of l.result.entries) {
    const candidates = placesOf(entry.path);
    for (const place of candidates) for (let end = place.length; end > 0; end = place.lastIndexOf("/", end - 1)) places.add(place.slice(0, end));
    if (failed.has(entry.path) || candidates.some((place) => failed.has(place)) || candidates.includes("")) continue;
    const found = x.tree.get(placesOf(entry.path, false)[0]!) ?? candidates.map((place) => tree.get(place)).find((one) => one !== undefined);
    if (found === undefined) faults.push(`l has an entry that x neither wrote nor reported: ${entry.type}`);
    else faults.push(...differences(entry, found, [...l.result.entries]));
  }
  for (const [place, { type }] of tree) if (!places.has(place)) faults.push(`x wrote a ${type} that l does not have`);
  return faults;
}

function differences(entry: Entry, found: Found, all: readonly Entry[]): string[] {
  const type = entry.type === "hardlink" ? "file" : entry.type;
  if (type !== found.type && all.filter(({ path }) => path === entry.path).length === 1) return [`l says ${entry.type} and x wrote a ${found.type}`];
  const isOnly = all.filter(({ path }) => path === entry.path).length === 1;
  if (entry.type === "file" && found.type === "file" && isOnly && entry.size !== undefined && entry.size !== found.size) return ["l and x differ in the size of a file"];
  return [];
}

/** Where a name may have landed: backslashes separate in some formats and are characters in others. */
function placesOf(path: string, asShown = true): string[] {
  const place = (text: string): string => text.split("/").filter((component) => component !== "" && component !== ".").join("/");
  const own = asShown ? shown(path) : path;
  return own.includes("\\") ? [place(own), place(own.replaceAll("\\", "/"))] : [place(own)];
}

/** The engine lists control characters as "_", and only of what comes out it tells the true name. */
function shown(path: string): string {
  // eslint-disable-next-line no-control-regex
  return path.replace(/[\0-\x1f\x7f]/g, "_");
}
