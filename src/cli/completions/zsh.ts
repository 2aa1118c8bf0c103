/** Completions for zsh, by its _arguments. */
import { namesOf, type CommandRow, type FlagRow } from "../table/rows.ts";
import { candidatesAfter, candidatesFor, namesOfCommand, offered, type Candidates, type Vocabulary } from "./vocabulary.ts";

export function zshScript(vocabulary: Vocabulary): string {
  const { commands, endings } = vocabulary;
  const named = commands.flatMap((command) => namesOfCommand(command).map((name) => `    ${quoted(`${name}:${command.summary}`)}`));
  return `#compdef unzipx
# Completions of unzipx for zsh. In ~/.zshrc, behind compinit: source <(unzipx completions zsh)

_unzipx_readable() { _files -g '(#i)*.(${endings.readable.join("|")})(-.)' }
_unzipx_writable() { _files -g '(#i)*.(${endings.writable.join("|")})(-.)' }

_unzipx() {
  local curcontext=$curcontext context state line
  local -A opt_args
  local -a commands
  commands=(
${named.join("\n")}
  )
  _arguments -C '(- *)'{-h,--help}'[show help]' '(- *)'{-V,--version}'[print the version]' '1: :->command' '*:: :->rest' && return
  case $state in
    command) _describe command commands ;;
    rest)
      case $line[1] in
${commands.map((command) => caseOf(command, vocabulary)).join("\n")}
      esac ;;
  esac
}

# Also when the file is sourced, and not found in $fpath.
if [[ $funcstack[1] == _unzipx ]]; then _unzipx "$@"; else compdef _unzipx unzipx; fi
`;
}

function caseOf(command: CommandRow, vocabulary: Vocabulary): string {
  const specs = [
    ...offered(command).map((flag) => flagSpec(flag, candidatesAfter(flag, command, vocabulary))),
    ...command.arguments.map((argument, index) => {
      const { name } = argument;
      const many = name.endsWith("...>");
      const label = name.replace(/[[\]<>.]/g, "");
      const action = actionOf(candidatesFor(argument, command, vocabulary));
      // Behind the first archive stand members, or more archives.
      return many && index === 0 ? `${quoted(`1:${label}:${action}`)} ${quoted(`*:${label}:_files`)}` : quoted(`${many ? "*" : index + 1}:${label}:${action}`);
    }),
  ];
  return `        ${namesOfCommand(command).join("|")})\n          _arguments -s -S : \\\n            ${specs.join(" \\\n            ")} ;;`;
}

function flagSpec(flag: FlagRow, candidates: Candidates | undefined): string {
  const names = namesOf(flag);
  const value = candidates === undefined ? "" : `:value:${actionOf(candidates)}`;
  const text = quoted(`[${flag.text.replace(/[[\]\\:]/g, "\\$&")}]${value}`);
  if (flag.repeated === true) return names.map((name) => `${quoted(`*${name}`)}${text}`).join(" ");
  return names.length === 1 ? `${quoted(names[0]!)}${text}` : `${quoted(`(${names.join(" ")})`)}{${names.join(",")}}${text}`;
}

function actionOf({ words, files }: Candidates): string {
  if (words.length > 0) return `(${words.join(" ")})`;
  switch (files) {
    case undefined:
      return "( )"; // whatever is typed
    case "file":
      return "_files";
    case "folder":
      return "_files -/";
    default:
      return `_unzipx_${files}`;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
