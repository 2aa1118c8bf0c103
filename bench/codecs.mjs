/** The codecs of the program as a module by itself, for the floors. */
import { join } from "node:path";
import { rolldown } from "rolldown";
import { bundleOptions } from "../scripts/bundle-options.mjs";

/** The module's name. */
export async function bundleCodecs(root, folder) {
  const file = join(folder, "codecs.mjs");
  const bundle = await rolldown({ ...bundleOptions(root, "of a benchmark"), input: join(root, "bench/floors/codecs.ts") });
  await bundle.write({ file, format: "esm", minify: true, codeSplitting: false });
  await bundle.close();
  return file;
}
