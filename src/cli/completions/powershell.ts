/** Completions for PowerShell 5.1 and later; where nothing is offered, PowerShell completes files itself. */
import { namesOf, type CommandRow } from "../table/rows.ts";
import { namesOfCommand, offered, valueFlags, type Vocabulary } from "./vocabulary.ts";

export function powershellScript(vocabulary: Vocabulary): string {
  const { commands } = vocabulary;
  const all = commands.flatMap((command) => namesOfCommand(command).map((name) => candidate(name, command.summary)));
  return `# Completions of unzipx for PowerShell. In $PROFILE: unzipx completions powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName unzipx -ScriptBlock {
    param($word, $ast, $position)
    $words = @($ast.CommandElements | Where-Object { $_.Extent.EndOffset -lt $position } | ForEach-Object { $_.ToString() })
    $before = if ($words.Count -gt 1) { $words[-1] } else { '' }
    $command = $words | Select-Object -Skip 1 | Where-Object { $_ -notlike '-*' } | Select-Object -First 1
    $candidates = switch -CaseSensitive -Regex ($command) {
        '^$' { ${all.join(", ")} }
${commands.map((command) => caseOf(command, vocabulary)).join("\n")}
    }
    $candidates | Where-Object { $_ -and $_[0] -clike "$word*" } | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_[0], $_[0], 'ParameterValue', $_[1])
    }
}
`;
}

function caseOf(command: CommandRow, vocabulary: Vocabulary): string {
  const values = valueFlags(command, vocabulary).map(({ names, candidates }) =>
    `                '^(${names.join("|")})$' { ${candidates.words.map((word) => candidate(word, word)).join(", ")}; break }`);
  const flags = offered(command).flatMap((flag) => namesOf(flag).map((name) => candidate(name, flag.text)));
  const operands = command.arguments[0]?.choices?.map((word) => candidate(word, word)) ?? [];
  return `        '^(${namesOfCommand(command).join("|")})$' {
            switch -CaseSensitive -Regex ($before) {
${values.join("\n")}
                default { if ($word -like '-*') { ${flags.join(", ")} } else { ${operands.join(", ")} } }
            }
        }`;
}

/** A row of two: what is inserted, and what is shown about it. The comma in front keeps one row alone from being taken apart. */
function candidate(word: string, about: string): string {
  return `@(,@(${quoted(word)}, ${quoted(about)}))`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
