import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { bundleOptions } from "../../scripts/bundle-options.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const NAME = "script";

/** Bundles a script that imports sources as "./src/…" into one file that Node can run. */
export async function bundleScript(source: string, out: string): Promise<void> {
  const options = bundleOptions(root, "test");
  const bundle = await rolldown({
    ...options,
    input: `${root}/${NAME}.ts`,
    plugins: [options.plugins, {
      name: NAME,
      resolveId: (id) => (id === `${root}/${NAME}.ts` ? id : undefined),
      load: (id) => (id === `${root}/${NAME}.ts` ? source : undefined),
    }],
  });
  const { output } = await bundle.generate({ format: "esm", codeSplitting: false });
  await bundle.close();
  writeFileSync(out, output[0].code);
}
