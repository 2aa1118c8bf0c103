/** The commands that need no archive, and no terms. */
import type { CommandRow, FlagRow } from "./rows.ts";

const JSON_OUTPUT: FlagRow = { group: "Output", flag: "--json", text: "as JSON" };

export const OTHERS: readonly CommandRow[] = [
  {
    name: "terms",
    summary: "the terms of use",
    arguments: [{ name: "[action]", text: "what to do", choices: ["show", "accept", "status", "revoke"], otherwise: "show" }],
    flags: [JSON_OUTPUT],
    examples: [["unzipx terms status", "what is accepted, and where that is stored"], ["unzipx terms accept", "before the first run in a script"]],
    notes: [],
    gated: false,
  },
  {
    name: "formats",
    summary: "what is read and written",
    arguments: [],
    flags: [JSON_OUTPUT],
    examples: [],
    notes: [],
    gated: false,
  },
  {
    name: "completions",
    summary: "a completion script for a shell",
    arguments: [{ name: "<shell>", text: "the shell", choices: ["bash", "zsh", "fish", "powershell"] }],
    flags: [],
    examples: [
      ["source <(unzipx completions bash)", "in ~/.bashrc; zsh: behind compinit in ~/.zshrc"],
      ["unzipx completions fish > ~/.config/fish/completions/unzipx.fish", "once"],
      ["unzipx completions powershell | Out-String | Invoke-Expression", "in $PROFILE"],
    ],
    notes: [],
    gated: false,
  },
];
