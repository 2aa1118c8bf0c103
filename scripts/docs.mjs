// Writes the pages of docs/ that are made from the code.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadSource } from "./load-source.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const { documents } = await loadSource(root, version, "cli/documents.ts");
for (const [place, text] of Object.entries(documents())) writeFileSync(join(root, place), text);
