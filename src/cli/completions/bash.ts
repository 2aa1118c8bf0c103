/** Completions for bash 3.2 and later; they need no bash-completion. */
import { namesOf, type CommandRow } from "../table/rows.ts";
import { candidatesFor, namesOfCommand, offered, valueFlags, type Candidates, type Vocabulary } from "./vocabulary.ts";

export function bashScript(vocabulary: Vocabulary): string {
  const { commands, endings } = vocabulary;
  return `# Completions of unzipx for bash. In ~/.bashrc: source <(unzipx completions bash)

# Folders, and files that end as $2 says. The body is a subshell, so that its settings end with it.
_unzipx_files() (
  shopt -s nocasematch extglob
  compgen -f -- "$1" | while IFS= read -r file; do
    if [[ -d \${file/#~\\//$HOME/} || $file == *.@($2) ]]; then printf '%s\\n' "$file"; fi
  done
)

# Offers the lines of $1.
_unzipx_offer() {
  local line
  while IFS= read -r line; do
    if [[ -n $line ]]; then COMPREPLY+=("$line"); fi
  done <<< "$1"
}

_unzipx() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} command= operands=0 i
  local readable='${endings.readable.join("|")}' writable='${endings.writable.join("|")}'
  COMPREPLY=()
  # bash takes --flag=value for three words.
  if [[ $word == = ]]; then word=; elif [[ $before == = ]]; then before=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} == -* ]]; then continue; fi
    if [[ -z $command ]]; then command=\${COMP_WORDS[i]}; else operands=$((operands + 1)); fi
  done
  case $command in
    '') ${offer(`compgen -W '${[...commands.flatMap(namesOfCommand), "--help", "--version"].join(" ")}' -- "$word"`)} ;;
${commands.map((command) => caseOf(command, vocabulary)).join("\n")}
  esac
}

complete -o filenames -F _unzipx unzipx
`;
}

function caseOf(command: CommandRow, vocabulary: Vocabulary): string {
  const values = valueFlags(command, vocabulary).map(({ names, candidates }) => `        ${names.join(" | ")}) ${[offerOf(candidates), "return"].filter((part) => part !== "").join("; ")} ;;`);
  return [
    `    ${namesOfCommand(command).join(" | ")})`,
    ...(values.length > 0 ? ["      case $before in", ...values, "      esac"] : []),
    `      if [[ $word == -* ]]; then ${offer(`compgen -W '${offered(command).flatMap(namesOf).join(" ")}' -- "$word"`)}; return; fi`,
    ...operandLines(command, vocabulary).map((line) => `      ${line}`),
    "      ;;",
  ].join("\n");
}

/** Archives before other files; of what is created only the first operand is one. */
function operandLines(command: CommandRow, vocabulary: Vocabulary): string[] {
  const [first] = command.arguments;
  if (first === undefined) return [];
  const candidates = candidatesFor(first, command, vocabulary);
  const offers = offerOf(candidates);
  if (candidates.words.length > 0) return [offers];
  return [
    candidates.files === "writable" ? `if [[ $operands == 0 ]]; then ${offers}; fi` : offers,
    `if [[ \${#COMPREPLY[@]} == 0 ]]; then ${offerOf({ words: [], files: "file" })}; fi`,
  ];
}

function offerOf({ words, files }: Candidates): string {
  if (words.length > 0) return offer(`compgen -W '${words.join(" ")}' -- "$word"`);
  switch (files) {
    case undefined:
      return "";
    case "file":
      return offer('compgen -f -- "$word"');
    case "folder":
      return offer('compgen -d -- "$word"');
    default:
      return offer(`_unzipx_files "$word" "$${files}"`);
  }
}

function offer(command: string): string {
  return `_unzipx_offer "$(${command})"`;
}
