/** The archives that are bent: the fixtures always, archives of other projects where they lie beside this one. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, relative } from "node:path";

export interface Seed {
  /** Says where it is: "fixtures/zip/sample.zip". */
  readonly name: string;
  /** Which target it belongs to: a format. */
  readonly format: string;
  readonly path: string;
  readonly password: string | undefined;
}

/** What the inventory calls by another name than its target; tar.gz and the like go by what is outside. */
const FORMATS: Readonly<Record<string, string>> = {
  gz: "gzip", bz2: "bzip2", zst: "zstd", Z: "compress", lz: "lzip", lzo: "lzop", br: "brotli", rar4: "rar", rar5: "rar", rar14: "rar", "zip-prefixed": "zip",
};

/** Larger ones would make the runs few. */
const MOST_BYTES = 160 * 1024;

export function fixtureSeeds(root: string): Seed[] {
  const fixtures = join(root, "fixtures");
  return filesBelow(fixtures).filter((path) => !/\.(json|md)$/.test(path) && relative(fixtures, path).includes("/")).map((path) => {
    const facts = existsSync(`${path}.json`) ? (JSON.parse(readFileSync(`${path}.json`, "utf8")) as { password?: string }) : {};
    const format = relative(fixtures, path).split("/")[0]!;
    return { name: relative(root, path), format: format === "fuzz" ? formatOfFinding(path) : format, path, password: facts.password };
  }).filter(fits);
}

/** A finding's file is called FORMAT-WHAT.EXTENSION. */
function formatOfFinding(path: string): string {
  return basename(path).split("-")[0]!;
}

/** A folder with an inventory of what is in it. */
export function corpusSeeds(folder: string): Seed[] {
  const inventory = join(folder, "INVENTORY.tsv");
  if (!existsSync(inventory)) return [];
  const lines = readFileSync(inventory, "latin1").split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const head = lines[0]!.split("\t");
  return lines.slice(1).map((line) => Object.fromEntries(line.split("\t").map((cell, i) => [head[i]!, cell])))
    .filter((row) => row.parts === "" || row.parts === undefined)
    .map((row): Seed => {
      const words = row.format!.split(".");
      const outer = words.at(-1)!;
      return {
        name: `corpus/${row.path!}`, format: FORMATS[outer] ?? outer, path: join(folder, row.path!),
        password: row.expectation!.startsWith("encrypted:") ? row.expectation!.slice("encrypted:".length) : undefined,
      };
    })
    .filter(fits);
}

/** More of them, in folders that are named like their target. */
export function folderSeeds(folder: string): Seed[] {
  return filesBelow(folder).map((path) => ({ name: relative(folder, path), format: relative(folder, path).split("/")[0]!, path, password: undefined }));
}

function fits({ path }: Seed): boolean {
  return existsSync(path) && statSync(path).size <= MOST_BYTES;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((one) => (one.isDirectory() ? filesBelow(join(folder, one.name)) : [join(folder, one.name)]))
    .sort();
}
