/** An archive that was cut and still ends with 0 must give what the whole one gives, or whole members of it. */
import type { Box, Found } from "./box.ts";
import { check, type Verdict } from "./properties.ts";
import type { Library, Plan } from "./targets.ts";

const whole = new Map<string, ReadonlyMap<string, Found>>();

/** Formats of members one behind the other, or without an end: a cut between two leaves an archive that is whole. */
const HAVE_NO_END = new Set(["gzip", "bzip2", "xz", "zstd", "lz4", "lzip", "lzop", "snappy", "compress", "brotli", "ar", "lzh", "tar"]);

export async function cutFault(plan: Plan, verdict: Verdict, library: Library, box: Box): Promise<string | undefined> {
  const seed = library.seedOf(plan.from);
  if (verdict.exit !== 0) return undefined;
  let all = whole.get(seed.name);
  if (all === undefined) {
    const uncut = await check({ name: library.fileName(plan), bytes: library.bytesOf({ ...plan, mutations: [] }), password: seed.password, also: [] }, box, undefined);
    all = uncut.tree;
    whole.set(seed.name, all);
  }
  const fewer = HAVE_NO_END.has(seed.format);
  if (fewer && all.size <= 1) return undefined; // a single file, of which this may be the first members
  if (!fewer && verdict.tree.size < all.size) return "an archive that was cut gives fewer entries and exit code 0";
  for (const [path, { type, what }] of verdict.tree) {
    const other = all.get(path);
    if (other === undefined || other.type !== type || other.what !== what) return `an archive that was cut gives another ${type} and exit code 0`;
  }
  return undefined;
}
