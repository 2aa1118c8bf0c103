/** The completion scripts, run by the shells they are for. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/table/index.ts";
import { namesOf } from "../../src/cli/table/rows.ts";
import { sandbox, type Sandbox } from "../helpers/cli.ts";
import { has, run } from "../helpers/tools.ts";

const ZSH_CHOICES = join(import.meta.dirname, "../data/zsh-choices.zsh");

/** A folder with something to choose from, and the script in it. */
function place(shell: string): { box: Sandbox; script: string } {
  const box = sandbox();
  box.file("old.ZIP", "");
  box.file("two words.tar.gz", "");
  box.file("notes.txt", "");
  mkdirSync(join(box.folder, "a folder"));
  const { code, stdout, stderr } = box.run(["completions", shell]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return { box, script: box.file(`../unzipx.${shell}`, stdout) };
}

type Complete = (line: string) => string[];

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

const SHELLS: Readonly<Record<string, () => Complete>> = {
  bash() {
    const { box, script } = place("bash");
    return (line) => lines(run("bash", ["--norc", "-c", `source "$0"; read -r -a COMP_WORDS <<< "$1"; [[ $1 != *' ' ]] || COMP_WORDS+=(''); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _unzipx; printf '%s\\n' "\${COMPREPLY[@]}"`, script, line], { cwd: box.folder }));
  },
  zsh() {
    const { box, script } = place("zsh");
    return (line) => {
      const found = box.file("../found", "");
      run("zsh", ["-f", ZSH_CHOICES, script, line, found], { cwd: box.folder });
      return [...new Set(lines(readFileSync(found, "utf8")).map((word) => word.replaceAll("\\ ", " ")))]; // as zsh would insert it
    };
  },
  fish() {
    const { box, script } = place("fish");
    return (line) => lines(run("fish", ["--no-config", "-c", "source $argv[1]; complete -C $argv[2]", script, line], { cwd: box.folder })).map((row) => row.split("\t")[0]!);
  },
};

describe.each(Object.keys(SHELLS))("completions of %s", (shell) => {
  const missing = has(shell) ? "" : ` (skipped: ${shell} is not installed)`;

  it.skipIf(missing !== "")(`offer commands, flags, values and files, each in its place${missing}`, () => {
    const complete = SHELLS[shell]!();
    expect(complete("unzipx ")).toEqual(expect.arrayContaining(["extract", "create", "list", "test", "terms", "formats", "completions"]));
    expect(complete("unzipx x --overw")).toEqual(expect.arrayContaining(["--overwrite"]));
    expect(complete("unzipx x --overwrite ").sort()).toEqual(["always", "ask", "fail", "never", "newer", "rename"]);
    expect(complete("unzipx terms ").sort()).toEqual(["accept", "revoke", "show", "status"]);
    expect(complete("unzipx completions ").sort()).toEqual(["bash", "fish", "powershell", "zsh"]);
    expect(complete("unzipx c --format tar.b").sort()).toEqual(["tar.br", "tar.bz2"]);
    expect(complete("unzipx x --format rar")).toEqual(["rar"]);
    const withoutSlash = (words: string[]): string[] => words.map((word) => word.replace(/\/$/, ""));
    expect(withoutSlash(complete("unzipx x -C "))).toEqual(["a folder"]);
    expect(withoutSlash(complete("unzipx l "))).toEqual(expect.arrayContaining(["a folder", "old.ZIP", "two words.tar.gz"]));
    expect(complete("unzipx x --password-file no")).toEqual(["notes.txt"]);
    expect(complete("unzipx x no")).toEqual(["notes.txt"]); // no archive begins like that, so it may be any file
  });
});

it("completions of bash offer the value behind an equals sign", () => {
  const complete = SHELLS["bash"]!();
  expect(complete("unzipx x --into = al")).toEqual(["always"]); // that is how bash divides --into=al
});

it("every flag that is told in the help is in every script, and none that only is read", () => {
  for (const shell of ["bash", "zsh", "fish", "powershell"]) {
    const { stdout } = sandbox().run(["completions", shell]);
    for (const { flags } of COMMANDS) {
      for (const flag of flags) {
        const long = namesOf(flag).find((name) => name.startsWith("--"));
        if (long !== undefined && flag.hidden !== true) expect(stdout, `${shell} ${long}`).toContain(shell === "fish" ? `-l ${long.slice(2)}` : long);
      }
    }
  }
});

it("PowerShell's script has its braces, brackets and quotes in pairs", () => {
  const { stdout } = sandbox().run(["completions", "powershell"]);
  const bare = stdout.replace(/^#.*$/gm, "").replace(/'(?:[^']|'')*'/g, "").replace(/"[^"]*"/g, "");
  expect(bare).not.toMatch(/['"]/);
  for (const [open, close] of ["()", "[]", "{}"]) expect(bare.split(open!).length).toBe(bare.split(close!).length);
  expect(stdout).toContain("Register-ArgumentCompleter -Native -CommandName unzipx");
});

it("a shell that is not known is wrong usage, with those that are", () => {
  const { code, stdout, stderr } = sandbox().run(["completions", "tcsh"]);
  expect({ code, stdout }).toEqual({ code: 7, stdout: "" });
  expect(stderr).toMatch(/tcsh.*bash, zsh, fish, powershell/s);
});
