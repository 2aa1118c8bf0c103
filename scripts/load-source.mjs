// Loads a TypeScript module of src, with all that it imports, into this process.
import { join } from "node:path";
import { rolldown } from "rolldown";
import { bundleOptions } from "./bundle-options.mjs";

/** The module's exports. `file` is below src: "cli/man.ts". */
export async function loadSource(root, version, file) {
  const bundle = await rolldown({ ...bundleOptions(root, version), input: join(root, "src", file) });
  const { output } = await bundle.generate({ format: "esm", codeSplitting: false });
  await bundle.close();
  return import(`data:text/javascript;base64,${Buffer.from(output[0].code).toString("base64")}`);
}
