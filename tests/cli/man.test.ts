/** The manual page that the build makes: complete, and what the readers of manual pages take. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/table/index.ts";
import { namesOf } from "../../src/cli/table/rows.ts";
import { ERRORS } from "../../src/errors.ts";
import { has, run } from "../helpers/tools.ts";

const PAGE = join(import.meta.dirname, "../../dist/unzipx.1");

it.skipIf(!has("mandoc"))("mandoc finds nothing to warn of but the missing date (needs mandoc)", () => {
  // It exits with 2 and more for warnings, so the exit code is no oracle; a date would make two builds differ.
  expect(run("sh", ["-c", 'mandoc -Tlint -W warning "$1" || true', "sh", PAGE]).split("\n").filter((line) => line !== "" && !line.includes("missing date"))).toEqual([]);
});

it.skipIf(!has("groff"))("groff shows every command, flag, and exit code as it is typed (needs groff)", () => {
  expect(run("sh", ["-c", 'groff -man -Tutf8 -ww -z "$1" 2>&1', "sh", PAGE])).toBe("");
  // In one wide line each, without the overstriking and the colours that make letters bold.
  const shown = run("groff", ["-man", "-Tutf8", "-rLL=400n", PAGE]).replace(/.\x08|\x1b\[[0-9;]*m/g, "");
  for (const { name, long, flags, examples } of COMMANDS) {
    expect(shown).toContain(`unzipx ${name} [options]`);
    if (long !== undefined) expect(shown).toContain(long.toUpperCase());
    for (const flag of flags) for (const one of namesOf(flag)) expect(shown).toMatch(new RegExp(`(^|[ ,])${one}([ ,]|$)`, "m"));
    for (const [line] of examples) expect(shown).toContain(line);
  }
  const exitStatus = shown.slice(shown.indexOf("EXIT STATUS"));
  for (const { exit } of Object.values(ERRORS)) expect(exitStatus).toMatch(new RegExp(`^ +${exit} `, "m"));
  for (const variable of ["UNZIPX_ACCEPT_TERMS", "UNZIPX_PASSWORD", "NO_COLOR", "SOURCE_DATE_EPOCH"]) expect(shown).toContain(variable);
});

it("the package names it, and it has the package's version", () => {
  const { man, version } = JSON.parse(readFileSync(join(PAGE, "../../package.json"), "utf8")) as { man: string; version: string };
  expect(join(PAGE, "../..", man)).toBe(PAGE);
  expect(readFileSync(PAGE, "latin1")).toContain(`"unzipx ${version}"`);
});
