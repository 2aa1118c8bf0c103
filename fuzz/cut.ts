/** An archive that was cut and still ends with 0 must give what the whole one gives, or whole members of it. */
import type { Box } from "./box.ts";
import { check, printed, type Verdict } from "./properties.ts";
import type { Library, Plan } from "./targets.ts";

const whole = new Map<string, string>();

/** Formats of members one behind the other, or without an end: a cut between two leaves an archive that is whole. */
const HAVE_NO_END = new Set(["gzip", "bzip2", "xz", "zstd", "lz4", "lzip", "lzop", "snappy", "compress", "brotli", "ar", "lzh", "tar"]);

export async function cutFault(plan: Plan, verdict: Verdict, library: Library, box: Box): Promise<string | undefined> {
  const seed = library.seedOf(plan.from);
  if (verdict.exit !== 0 || HAVE_NO_END.has(seed.format)) return undefined;
  if (!whole.has(seed.name)) {
    const uncut = await check({ name: library.fileName(plan), bytes: library.bytesOf({ ...plan, mutations: [] }), password: seed.password, also: [] }, box, undefined);
    whole.set(seed.name, printed(uncut.tree));
  }
  return whole.get(seed.name) === printed(verdict.tree) ? undefined : "an archive that was cut gives other files and exit code 0";
}
