/** The findings of t --audit as SARIF 2.1.0 (OASIS, errata 01), for systems that collect such reports. */
import { statSync } from "node:fs";
import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import type { Outcome } from "../commands/common.ts";
import { RULE_IDS, RULES } from "../core/audit/rules.ts";
import type { Summary } from "../core/summary.ts";
import { UnzipxError } from "../errors.ts";
import { openOutputFile } from "../safe/output.ts";
import { printable } from "../text/printable.ts";
import { stdout } from "./streams.ts";
import { VERSION } from "./version.ts";

const SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

export function sarifOf({ results, errors }: Outcome<Summary>, exitCode: number): object {
  const indexOf = new Map(RULE_IDS.map((id, index) => [id, index]));
  return {
    $schema: SCHEMA,
    version: "2.1.0",
    runs: [{
      tool: {
        driver: {
          name: "unzipx", semanticVersion: VERSION,
          rules: RULE_IDS.map((id) => ({
            id,
            shortDescription: { text: `${RULES[id].about}.` },
            fullDescription: { text: RULES[id].help },
            help: { text: RULES[id].help },
            defaultConfiguration: { level: RULES[id].severity },
          })),
        },
      },
      // The reports themselves are results; this is what kept the program from reporting more.
      invocations: [{ executionSuccessful: errors.length === 0, exitCode, toolExecutionNotifications: errors.map((error) => ({ level: "error", descriptor: { id: error.code }, message: { text: printable(error.message) } })) }],
      artifacts: results.map(({ archive, archiveBytes }) => ({ location: locationOf(archive), roles: ["analysisTarget"], ...(archiveBytes === undefined ? {} : { length: archiveBytes }) })),
      results: results.flatMap(({ archive, audit }, index) => (audit?.findings ?? []).map(({ id, severity, entry, message }) => ({
        ruleId: id, ruleIndex: indexOf.get(id), level: severity,
        message: { text: printable(entry === undefined ? `${message}.` : `"${entry}": ${message}.`) },
        locations: [{
          physicalLocation: { artifactLocation: { ...locationOf(archive), index } },
          ...(entry === undefined ? {} : { logicalLocations: [{ name: entry, fullyQualifiedName: entry, kind: "member" }] }),
        }],
      }))),
      // Of a rule that found very much not everything is kept.
      properties: { findingsLeftOut: results.map(({ audit }) => audit?.more ?? {}) },
    }],
  };
}

/** A relative name stays relative, so that the report holds on other machines as well. */
function locationOf(archive: string): { uri?: string; description?: { text: string } } {
  if (archive === "-") return { description: { text: "standard input" } };
  if (isAbsolute(archive)) return { uri: pathToFileURL(archive).href };
  const path = process.platform === "win32" ? archive.replaceAll("\\", "/") : archive;
  return { uri: path.split("/").map(encodeURIComponent).join("/") };
}

/** Before any work: the report must not take the place of what it is about. */
export function assertNoArchive(file: string, archives: readonly string[]): void {
  const own = statSync(file, { throwIfNoEntry: false });
  if (own === undefined) return;
  const same = archives.find((archive) => {
    const other = archive === "-" ? undefined : statSync(archive, { throwIfNoEntry: false });
    return other !== undefined && other.dev === own.dev && other.ino === own.ino;
  });
  if (same !== undefined) throw new UnzipxError("USAGE", `Cannot write the report to "${file}": it is the archive itself`, { hint: "--sarif report.sarif" });
}

/** "-" is standard output. An older report is replaced, by one that is whole. */
export function writeSarif(file: string, document: object): void {
  const text = `${JSON.stringify(document, undefined, 2)}\n`;
  if (file === "-") {
    stdout.write(text);
    return;
  }
  const output = openOutputFile(file, { replace: true });
  try {
    void output.write(Buffer.from(text));
    output.commit({ replace: true });
  } finally {
    output.discard();
  }
}
