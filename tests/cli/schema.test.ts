/** docs/schema beside the code; every --json and --ndjson output of all tests is held against it by tests/helpers/cli.ts. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { EXIT_CODES } from "../../src/cli/table/texts.ts";
import { RULE_IDS } from "../../src/core/audit/rules.ts";
import { ERRORS } from "../../src/errors.ts";
import { buildTar, buildZip } from "../helpers/build.ts";
import { sandbox } from "../helpers/cli.ts";
import { assertDocument, assertEvents, schemaOf, type Schema } from "../helpers/schema.ts";

const defs = schemaOf("output")["$defs"] as Record<string, { enum?: unknown[]; properties: Record<string, { items: { properties: Record<string, { enum?: unknown[] }> } }> }>;

describe("the schema", () => {
  it("has every error, exit code and rule of the code, and no other", () => {
    expect(defs["errorCode"]!.enum).toEqual(Object.keys(ERRORS));
    expect(defs["exitCode"]!.enum).toEqual(EXIT_CODES.map(([code]) => code));
    expect(new Set(defs["audit"]!.properties["findings"]!.items.properties["id"]!.enum)).toEqual(new Set(RULE_IDS));
  });
  it("is named by no host, and comes with the package", () => {
    for (const name of ["output", "events"] as const) expect(schemaOf(name)["$id"]).toBe(`urn:unzipx:schema:${name}:1`);
    expect((JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8")) as { files: string[] }).files).toContain("docs/schema/");
  });
  it("describes every event and command", () => {
    const text = JSON.stringify(schemaOf("events")["$defs"] satisfies unknown);
    for (const event of ["start", "archive", "entry", "refused", "progress", "warning", "failure", "error", "summary", "end"]) expect(text).toContain(`{"const":"${event}"}`);
    for (const command of ["extract", "create", "list", "test", "terms", "formats"]) expect(JSON.stringify(defs as Schema)).toContain(`"${command}"`);
  });
  it("refuses what is not so", () => {
    const good = { schema: 1, command: "test", exitCode: 0, archives: [], errors: [] };
    expect(() => assertDocument(JSON.stringify(good))).not.toThrow();
    for (const bad of [{ ...good, schema: 2 }, { ...good, exitCode: 10 }, { ...good, more: true }, { ...good, errors: [{ code: "FROB", message: "", details: {} }] }, { ...good, archives: [{}] }]) {
      expect(() => assertDocument(JSON.stringify(bad))).toThrow("docs/schema");
    }
    expect(() => assertEvents('{"event":"end","exitCode":0}\n')).toThrow();
    expect(() => assertEvents('{"event":"frob"}\n')).toThrow("docs/schema");
  });
});

describe("outputs of all commands are as it says:", () => {
  const runs: Record<string, string[][]> = {
    x: [["x", "a.zip", "-C", "1"], ["x", "evil.tar", "-C", "2"], ["x", "evil.tar"], ["x", "a.zip", "--atomic", "-C", "3"], ["x", "cut.tar", "-C", "4"], ["x", "a.zip", "-C", "taken"], ["x", "a.zip", "none", "-C", "5"], ["x", "missing.zip"]],
    c: [["c", "new.zip", "a.zip"], ["c", "a.zip", "evil.tar"], ["c", "new.tar.gz", "missing"], ["c", "new.frob", "a.zip"]],
    l: [["l", "a.zip", "evil.tar"], ["l", "cut.tar"], ["l", "-R", "a.zip"], ["l", "a.zip", "--hash", "sha256"]],
    t: [["t", "a.zip", "evil.tar", "cut.tar"], ["t", "--audit", "evil.tar", "a.zip"], ["t", "--audit", "cut.tar"], ["t", "--strict", "a.zip"]],
  };
  for (const [verb, all] of Object.entries(runs)) {
    for (const form of ["--json", "--ndjson"]) {
      it(`${verb} ${form}`, { timeout: 60_000 }, () => {
        const where = sandbox();
        where.file("a.zip", Buffer.concat([buildZip([{ name: "a", content: "x" }, { name: "inner.zip", content: buildZip([{ name: "deep", content: "y" }]) }, { name: "d/" }], { comment: "c" }), Buffer.from("trailing")]));
        where.file("evil.tar", buildTar([{ name: "../evil", content: "x" }, { name: "fifo", type: "6" }, { name: "l", type: "2", link: "/etc" }, { name: "s", content: "x", mode: 0o4755 }, { name: "invoice.pdf.exe", content: "MZ" }]));
        where.file("cut.tar", buildTar([{ name: "a", content: "x" }]).subarray(0, 600));
        where.file("taken/a", "mine");
        for (const words of all) expect(where.run([...words, form]).stdout).not.toBe(""); // judged there
      });
    }
  }
  it("terms and formats, and what is no command", () => {
    const where = sandbox();
    for (const words of [["formats"], ["terms"], ["terms", "status"], ["terms", "accept"], ["terms", "revoke"], ["terms", "frob"], ["formats", "--frob"], ["frob"], ["--frob"]]) expect(where.run([...words, "--json"]).stdout).not.toBe("");
    const ran = where.run(["x", "a.zip", "--json"], { env: { UNZIPX_ACCEPT_TERMS: undefined } });
    expect([ran.code, JSON.parse(ran.stdout)]).toMatchObject([4, { command: "extract", errors: [{ code: "TERMS_NOT_ACCEPTED" }] }]);
  });
});
