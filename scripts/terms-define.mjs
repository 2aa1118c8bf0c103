/** TERMS.md as build-time constants, so that the program needs no file beside it to know which terms it comes with. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The `define` entries of src/cli/terms-edition.ts and terms-text.ts, each a JSON string; `root` is the project's folder. */
export function termsDefine(root) {
  const bytes = readFileSync(join(root, "TERMS.md"));
  const text = bytes.toString("utf8");
  const version = /^Version: (\d+(?:\.\d+)*)\r?$/m.exec(text)?.[1];
  if (version === undefined) throw new Error('Cannot read the terms of use: TERMS.md has no line "Version: <number>"');
  return {
    __TERMS_VERSION__: JSON.stringify(version),
    __TERMS_DIGEST__: JSON.stringify(createHash("sha256").update(bytes).digest("hex")),
    __TERMS_TEXT__: JSON.stringify(text),
  };
}
