// Collects the licence of every package that the bundle contains.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** `inputs` are the bundled files, by their absolute paths. */
export function thirdPartyLicenses(inputs) {
  const packages = new Set();
  for (const input of inputs) {
    const match = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (match !== null) packages.add(match[0].slice(0, -1));
  }
  const parts = [...packages].sort().map((directory) => {
    const { name, version, license } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
    const file = readdirSync(directory).find((one) => /^(licen[cs]e|copying)/i.test(one));
    const text = file === undefined ? fromReadme(directory) : readFileSync(join(directory, file), "utf8").trim();
    if (text === undefined) throw new Error(`${name}@${version} is bundled and has no licence text`);
    return `${name} ${version} (${license})\n\n${text}\n`;
  });
  return `unzipx contains code of these packages, unmodified:\n\n${parts.join(`\n${"-".repeat(80)}\n\n`)}`;
}

/** Some packages keep their licence in the readme. */
function fromReadme(directory) {
  const readme = readdirSync(directory).find((one) => /^readme/i.test(one));
  if (readme === undefined || !existsSync(join(directory, readme))) return undefined;
  const match = /^#+\s*licen[cs]e\s*$([\s\S]*?)(?=^#|$(?![\s\S]))/im.exec(readFileSync(join(directory, readme), "utf8"));
  return match?.[1]?.trim() || undefined;
}
