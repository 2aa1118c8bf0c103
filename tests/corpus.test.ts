/**
 * Archives of other projects, when they lie beside this one: every row of the inventory is extracted and judged by what it
 * says of itself. Misses are listed here with their reason, so neither a new miss nor a repaired one goes unnoticed.
 */
import { createHash } from "node:crypto";
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { extract } from "../src/core/extract.ts";
import { EVERYTHING } from "../src/core/select.ts";
import { exitCodeOf } from "../src/core/summary.ts";
import { UnzipxError } from "../src/errors.ts";
import { DEFAULT_POLICY } from "../src/safe/policy.ts";
import { removeTree } from "../src/safe/publish.ts";

const corpus = fileURLToPath(new URL("../../shared/corpus", import.meta.url));
const inventory = join(corpus, "INVENTORY.tsv");
/** Rows that are under way at once: what the engine reads is decoded on threads of its own. */
const ABREAST = 3;

/** Why a row is not what the inventory says, by a pattern over its path. */
const MISSES: readonly (readonly [RegExp, string])[] = [
  [/^commons-compress\/pax_gnu_sparse|^go-tar\/pax-nil-sparse|gtar_sparse_1_17_posix|^ratarmount\/sparse\.pax\.sparse-0/, "its digest is of files without their holes; GNU tar, bsdtar and Python make what we make"],
  [/^ratarmount\/absolute-file-incremental/, "its only entry has an absolute name, which is refused"],
  [/^malo\/tar\/iffy\/gnu_magic/, "what GNU tar writes is nothing to warn of"],
  [/^dotnet\/.*pax-bad-hdr-large/, "a whole tar; that one of its files is a damaged one is no harm to it"],
  [/gtar_sparse_skip_entry/, "two sizes, and a map that speaks of one byte less than there is: refused, where others guess"],
  [/^malo\/zstd\/iffy\/(empty_with_checksum|raw_block_empty|single_segment_16mb)/, "an empty file is made so by the zstd program itself, and so are large ones whose size is known"],
  [/^commons-compress\/bla-nonames|^py7zr\/github_14_multi/, "entries without names: others write one over the other, here both are kept"],
  [/^py7zr\/encrypted_6/, "zstd inside 7z, which 7-Zip does not know"],
  [/rar4-only-file-content-encrypted/, "the password that is said to be right is not: unar cannot read it either"],
  [/^junrar\/ppm\/preserved-maxmb0/, "the content is right by its checksum"],
  [/^mholt-archives\/test\.part01/, "both parts are there, so it is complete"],
  [/rar5_zip_in_rar|rar-misrecognized-as-zip/, "others open the zip that lies stored inside; we give the zip"],
  [/rar5\/vol-archive1\.zip\.5\.part001/, "unar and we see 252 files in its five parts, and the digest is of 68"],
  [/^rpm-rs\/RPMS\/v6\/(gzip|xz)\//, "others stop at the cpio inside; the content is that of the same package in version 4"],
  [/^dtrx\/test-2_all/, "others stop at the members of the ar"],
  [/^lhasa\/lha_unix114i\/h[0-2]_symlink2?\.lzh/, "its only entry is a link, of which others make nothing"],
  [/^lhasa\/maclha_224\/l[12]_lh1/, "others take the file out of its MacBinary envelope; here it stays in, as they leave it in the rows of other methods"],
  [/cab_lzx_16bit/, "a window that 7-Zip does not decode"],
];
/** Zips that are said to be odd and of which there is nothing to say, by their path. */
const SILENT: ReadonlyMap<string, string> = new Map([
  ["malo/zip/iffy/nosubdir.zip", "a file in a folder that has no entry of its own: so does every archive that was made without folders"],
  ["tika/testZip_with_DataDescriptor2.zip", "stored files with a data descriptor: so do Go and Python when they write to a pipe, and the central directory tells where they end"],
  ["warehouse/reject/non_ascii_original_name.zip", "a name in CP437 and the same in Unicode beside it: so does Info-ZIP"],
]);

interface Row {
  readonly path: string;
  readonly format: string;
  readonly expectation: string;
  readonly exercises: string;
  readonly tier: string;
  readonly files: string;
  readonly content: string;
}

function rows(): Row[] {
  const lines = readFileSync(inventory, "latin1").split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const head = lines[0]!.split("\t");
  return lines.slice(1).map((line) => Object.fromEntries(line.split("\t").map((cell, i) => [head[i]!, cell])) as unknown as Row);
}

interface Result {
  readonly exit: number;
  readonly said: boolean;
  readonly files: number;
  readonly content: string;
  readonly outside: readonly string[];
}

async function run(row: Row, password?: string): Promise<Result> {
  const top = mkdtempSync(join(tmpdir(), "unzipx-corpus-"));
  const out = join(top, "a", "b", "out");
  mkdirSync(out, { recursive: true });
  // A new folder appears whole or not at all: of an archive with one secret in it nothing is to be left.
  const directory = row.expectation.startsWith("encrypted:") ? join(out, "new") : out;
  try {
    let exit: number;
    let said: boolean;
    try {
      const summary = await extract(join(corpus, row.path), {
        directory, into: "directory", ownName: "out", policy: DEFAULT_POLICY, selection: EVERYTHING, threads: 1, reporter: {},
        password: async () => password,
      });
      exit = exitCodeOf([summary]);
      said = summary.warnings.length + summary.failures.length > 0;
    } catch (error) {
      if (!(error instanceof UnzipxError)) throw error; // a crash is no outcome
      exit = error.exitCode;
      said = true;
    }
    const digests: string[] = [];
    const outside: string[] = [];
    let files = 0;
    for (const path of everythingIn(top)) {
      const stat = lstatSync(path);
      if (!path.startsWith(`${out}/`)) outside.push(path);
      files += 1;
      if (!stat.isFile()) continue;
      chmodSync(path, 0o600); // as of the folders: not everybody is root
      digests.push(createHash("sha256").update(readFileSync(path)).digest("hex"));
    }
    return { exit, said, files, outside, content: createHash("sha256").update(digests.sort().join("\n")).digest("hex").slice(0, 24) };
  } finally {
    removeTree(top);
    rmSync(top, { recursive: true, force: true });
  }
}

/** Files and links, also in folders that nobody may read. Does not follow links, as readdir's own recursion does. */
function* everythingIn(folder: string): Generator<string> {
  chmodSync(folder, 0o700);
  for (const child of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, child.name);
    if (child.isDirectory()) yield* everythingIn(path);
    else yield path;
  }
}

/** What is wrong with how a row came out; undefined: nothing. */
async function problem(row: Row): Promise<string | undefined> {
  const [kind, ...rest] = row.expectation.split(":");
  if (kind === "encrypted") {
    const password = rest.join(":");
    for (const [wrong, name] of [[undefined, "no password"], [`not ${password}`, "a wrong password"]] as const) {
      const result = await run(row, wrong);
      if (result.outside.length > 0) return `with ${name}: wrote outside: ${result.outside.join(", ")}`;
      if (result.exit === 0 || result.files > 0) return `with ${name}: exit ${result.exit}, ${result.files} files were left`;
    }
    return complete(row, await run(row, password));
  }
  const result = await run(row);
  if (result.outside.length > 0) return `wrote outside: ${result.outside.join(", ")}`;
  switch (kind) {
    case "extract":
      return complete(row, result);
    case "reject":
      return result.exit === 0 ? "exit 0" : undefined;
    case "warn":
      return result.exit === 0 && !result.said ? "silent exit 0" : undefined;
    default: // robust: it came back, with a result or with one of our errors
      return undefined;
  }
}

function complete(row: Row, result: Result): string | undefined {
  if (result.outside.length > 0) return `wrote outside: ${result.outside.join(", ")}`;
  if (row.tier === "exotic" && result.exit > 0) return undefined;
  if (result.exit !== 0) return `exit ${result.exit}`;
  if (row.content !== "") return row.content === result.content ? undefined : "content differs";
  return row.files === "" || Number(row.files) === result.files ? undefined : `${result.files} files, not ${row.files}`;
}

describe.skipIf(!existsSync(inventory))("archives of other projects (skipped where ../shared/corpus is not there)", () => {
  const all = existsSync(inventory) ? rows() : [];
  for (const format of new Set(all.map((row) => row.format))) {
    for (const expectation of ["extract", "encrypted", "reject", "warn", "robust"]) {
      const group = all.filter((row) => row.format === format && row.expectation.split(":")[0] === expectation);
      if (group.length === 0) continue;
      it(`${format}, ${expectation}: ${group.length} archives`, { timeout: 240_000 }, async () => {
        const unlisted: string[] = [];
        const repaired: string[] = [];
        const waiting = group.values();
        const work = async (): Promise<void> => {
          for (const row of waiting) {
            const found = await problem(row);
            const reason = SILENT.get(row.path) ?? MISSES.find(([pattern]) => pattern.test(row.path))?.[1];
            if (found !== undefined && reason === undefined) unlisted.push(`${row.path}: ${found}`);
            if (found === undefined && reason !== undefined) repaired.push(row.path);
          }
        };
        await Promise.all(Array.from({ length: ABREAST }, work));
        expect({ unlisted: unlisted.sort(), repaired }).toEqual({ unlisted: [], repaired: [] });
      });
    }
  }
});
