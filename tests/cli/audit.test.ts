/** t --audit as it is typed: text, JSON, SARIF, exit codes, and that it writes nothing. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv";
import formats from "ajv-formats";
import { describe, expect, it } from "vitest";
import { RULE_IDS, RULES } from "../../src/core/audit/rules.ts";
import { buildTar, buildZip } from "../helpers/build.ts";
import { sandbox } from "../helpers/cli.ts";

const MZ = Buffer.concat([Buffer.from("MZ\x90\0\x03\0\0\0", "latin1"), Buffer.alloc(120)]);
const hostile = buildZip([
  { name: "../up", content: "x" }, { name: "invoice\u202efdp.exe", content: MZ }, { name: "\x1b]0;title\x07", content: "x" }, { name: "su", content: "x", mode: 0o104755 }, { name: "l", content: "/etc", mode: 0o120777 },
], { comment: "hello\x1b[2J" });
const odd = buildZip([{ name: "name.", content: "x" }]);
const good = buildZip([{ name: "a", content: "x" }]);

/** The official schema, which is written in draft 4: what differs from draft 7 in it are two names. */
function sarifValidator(): (document: unknown) => string {
  const { id: _, $schema: __, ...schema } = JSON.parse(readFileSync(join(import.meta.dirname, "../data/sarif-2.1.0.json"), "utf8")) as Record<string, unknown>;
  const ajv = new Ajv.default({ strict: false, allErrors: true });
  formats.default(ajv);
  const validate = ajv.compile(schema);
  return (document) => (validate(document) ? "" : ajv.errorsText(validate.errors));
}

interface Sarif {
  readonly runs: readonly [{
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string; readonly defaultConfiguration: { readonly level: string } }[] } };
    readonly invocations: readonly { readonly exitCode: number; readonly executionSuccessful: boolean; readonly toolExecutionNotifications: readonly object[] }[];
    readonly results: readonly {
      readonly ruleId: string; readonly ruleIndex: number; readonly level: string; readonly message: { readonly text: string };
      readonly locations: readonly [{ readonly physicalLocation: { readonly artifactLocation: { readonly uri?: string } }; readonly logicalLocations?: readonly { readonly fullyQualifiedName: string }[] }];
    }[];
  }];
}

describe("unzipx t --audit", () => {
  it("prints the worst first, rule by rule, and the numbers at the end; nothing of the archive reaches the terminal raw, and nothing is written", () => {
    const where = sandbox();
    where.file("a.zip", hostile);
    const { code, stdout, stderr } = where.run(["t", "--audit", "a.zip"]);
    expect(code).toBe(6);
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toBe('error: A name climbs out of the folder with ".." [path-traversal]');
    expect(lines[1]).toBe('  "../up": Refused an entry: it climbs out with ".."');
    expect(lines.at(-1)).toBe("a.zip: 3 errors, 4 warnings, 1 note");
    expect(stdout).toContain('"invoice\\u202efdp.exe"');
    // eslint-disable-next-line no-control-regex
    expect(stdout + stderr).not.toMatch(/[\x00-\x09\x0b-\x1f\u202e]/);
    expect(stderr).toMatch(/the content is whole, 4 files, 1 link/);
    expect(Object.keys(where.contents())).toEqual(["a.zip"]);
    where.assertOutsideUntouched();
  });

  it("-q shows errors only, -v why each rule is there", () => {
    const where = sandbox();
    where.file("a.zip", hostile);
    const quiet = where.run(["t", "--audit", "-q", "a.zip"]);
    expect([quiet.code, quiet.stderr]).toEqual([6, ""]);
    expect(quiet.stdout).not.toContain("warning:");
    expect(where.run(["t", "--audit", "-v", "a.zip"]).stdout).toContain(RULES["path-traversal"].help);
  });

  it("ten findings of a rule are shown, the others counted", () => {
    const where = sandbox();
    where.file("a.tar", buildTar(Array.from({ length: 13 }, (_, at) => ({ name: `../${at}` }))));
    expect(where.run(["t", "--audit", "a.tar"]).stdout).toContain("… and 3 more; -v shows more");
    expect(where.run(["t", "--audit", "-v", "a.tar"]).stdout).toContain('"../12"');
  });

  it("without --audit nothing is different, and the JSON has no such field", () => {
    const where = sandbox();
    where.file("a.zip", hostile);
    expect(where.run(["t", "a.zip"])).toMatchObject({ code: 0, stdout: "" });
    expect((JSON.parse(where.run(["t", "--json", "a.zip"]).stdout) as { archives: object[] }).archives[0]).not.toHaveProperty("audit");
  });

  it("--json has every finding with its exact entry, in the document of t", () => {
    const where = sandbox();
    where.file("a.zip", hostile);
    const { code, stdout } = where.run(["t", "--audit", "--json", "a.zip"]);
    const document = JSON.parse(stdout) as { exitCode: number; archives: { audit: { findings: object[]; counts: object; more: object } }[] };
    expect([code, document.exitCode]).toEqual([6, 6]);
    const { findings, counts, more } = document.archives[0]!.audit;
    expect(counts).toEqual({ error: 3, warning: 4, note: 1 });
    expect(more).toEqual({});
    expect(findings[0]).toEqual({ id: "path-traversal", severity: "error", entry: "../up", message: 'Refused an entry: it climbs out with ".."' });
    expect(findings).toContainEqual(expect.objectContaining({ id: "control-character", entry: "\x1b]0;title\x07" }));
  });

  it("several threads find what one does, in the same order", { timeout: 60_000 }, () => {
    const where = sandbox();
    where.file("a.zip", buildZip(Array.from({ length: 6000 }, (_, at) => (at % 1000 === 0 ? { name: `${at}.jpg`, content: MZ } : at % 1000 === 1 ? { name: `${at}`, content: "../x", mode: 0o120777 } : { name: `${at}.jpg`, content: "x" }))));
    const audit = (threads: string): unknown => (JSON.parse(where.run(["t", "--audit", "--json", "--threads", threads, "a.zip"]).stdout) as { archives: { audit: { counts: object } }[] }).archives[0]!.audit;
    const one = audit("1");
    expect(one).toMatchObject({ counts: { error: 12, warning: 0 } });
    expect(audit("3")).toEqual(one);
  });

  it("--strict: warnings are exit 1, worse things keep their code; the same for a plain t", () => {
    const where = sandbox();
    where.file("odd.zip", odd);
    where.file("good.zip", good);
    where.file("a.zip", hostile);
    where.file("trailing.zip", Buffer.concat([good, Buffer.alloc(40, 1)]));
    expect(where.run(["t", "--audit", "odd.zip"]).code).toBe(0);
    expect(where.run(["t", "--audit", "--strict", "odd.zip"]).code).toBe(1);
    expect(where.run(["t", "--audit", "--strict", "good.zip"]).code).toBe(0);
    expect(where.run(["t", "--audit", "--strict", "a.zip"]).code).toBe(6);
    expect(where.run(["t", "trailing.zip"]).code).toBe(0);
    expect(where.run(["t", "--strict", "trailing.zip"]).code).toBe(1);
  });

  it("what is no archive is an error as ever, and the others are audited", () => {
    const where = sandbox();
    where.file("no.zip", "text");
    where.file("good.zip", good);
    const { code, stdout, stderr } = where.run(["t", "--audit", "good.zip", "no.zip"]);
    expect(code).toBe(81);
    expect(stdout).toContain("good.zip: nothing to tell");
    expect(stderr).toContain("no.zip");
  });
});

describe("unzipx t --sarif", () => {
  const invalid = sarifValidator();

  it("the schema is able to find a mistake", () => {
    expect(invalid({ version: "2.1.0", runs: [{ tool: {} }] })).not.toBe("");
  });

  it("writes what the official schema takes, with all rules, places percent-encoded and entries exact", () => {
    const where = sandbox();
    where.file("in folder/ä 100%.zip", hostile);
    where.file("good.zip", good);
    where.file("no.zip", "text");
    expect(where.run(["t", "--sarif", "report.sarif", "in folder/ä 100%.zip", "good.zip", "no.zip"])).toMatchObject({ code: 6 });
    const document = JSON.parse(readFileSync(join(where.folder, "report.sarif"), "utf8")) as Sarif;
    expect(invalid(document)).toBe("");
    const [{ tool, results, invocations }] = document.runs;
    expect(tool.driver.rules.map(({ id, defaultConfiguration: { level } }) => [id, level])).toEqual(RULE_IDS.map((id) => [id, RULES[id].severity]));
    for (const { ruleId, ruleIndex } of results) expect(RULE_IDS[ruleIndex]).toBe(ruleId);
    const [first] = results;
    expect(first).toMatchObject({ ruleId: "path-traversal", level: "error", locations: [{ physicalLocation: { artifactLocation: { uri: "in%20folder/%C3%A4%20100%25.zip" } } }] });
    expect(results.flatMap(({ locations: [{ logicalLocations = [] }] }) => logicalLocations.map(({ fullyQualifiedName }) => fullyQualifiedName))).toContain("\x1b]0;title\x07");
    // eslint-disable-next-line no-control-regex
    for (const { message } of results) expect(message.text).not.toMatch(/[\x00-\x1f]/);
    expect(invocations[0]).toMatchObject({ exitCode: 6, executionSuccessful: false });
  });

  it("- is standard output, and nothing else is there", () => {
    const where = sandbox();
    const { stdout, code } = where.run(["t", "--sarif", "-", "-"], { input: hostile });
    expect(code).toBe(6);
    const document = JSON.parse(stdout) as Sarif;
    expect(invalid(document)).toBe("");
    expect(document.runs[0].results[0]!.locations[0].physicalLocation.artifactLocation.uri).toBeUndefined();
    expect(where.run(["t", "--sarif", "-", "--json", "a.zip"]).code).toBe(7);
  });

  it("replaces an older report, and never the archive that it is about", () => {
    const where = sandbox();
    where.file("a.zip", good);
    where.file("report.sarif", "older");
    expect(where.run(["t", "--sarif", "report.sarif", "a.zip"]).code).toBe(0);
    expect(JSON.parse(readFileSync(join(where.folder, "report.sarif"), "utf8"))).toMatchObject({ version: "2.1.0" });
    expect(where.run(["t", "--sarif", "./a.zip", "a.zip"]).code).toBe(7);
    expect(readFileSync(join(where.folder, "a.zip"))).toEqual(good);
    expect(Object.keys(where.contents()).sort()).toEqual(["a.zip", "report.sarif"]);
  });
});

describe("docs/AUDIT.md", () => {
  it("has the table of rules as the program has it", () => {
    const text = readFileSync(join(import.meta.dirname, "../../docs/AUDIT.md"), "utf8");
    const rows = text.split("\n").filter((line) => line.startsWith("| `"));
    expect(rows).toEqual(RULE_IDS.map((id) => `| \`${id}\` | ${RULES[id].severity} | ${RULES[id].about} | ${RULES[id].help} |`));
  });
});
