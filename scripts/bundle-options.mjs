/** What every bundle of the sources has in common: the program's, the fuzzer's, and those of tests. */
import { join } from "node:path";
import { termsDefine } from "./terms-define.mjs";

/** Input options of rolldown; `root` is the project's folder. */
export function bundleOptions(root, version) {
  const stub = join(root, "scripts/ajv-stub.mjs");
  return {
    cwd: root,
    platform: "node",
    external: ["7z-wasm", "7zip-bin"],
    resolve: { alias: { ajv: stub, "ajv/dist/2020.js": stub, "ajv-formats": stub } },
    transform: { target: "node20.19", define: { ...termsDefine(root), __VERSION__: JSON.stringify(version) } },
    plugins: [{
      name: "chalk-is-told",
      resolveId: { filter: { id: /^#supports-color$/ }, handler: () => join(root, "scripts/supports-color-stub.mjs") },
    }, {
      name: "commander-starts-nothing",
      resolveId: { filter: { id: /^node:child_process$/ }, handler: (id, importer) => (/[\\/]commander[\\/]/.test(importer ?? "") ? join(root, "scripts/child-process-stub.mjs") : undefined) },
    }],
    checks: { ineffectiveDynamicImport: false }, // on purpose: those modules are in the first chunk
  };
}
