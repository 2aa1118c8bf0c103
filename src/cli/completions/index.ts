/** `unzipx completions`: a completion script for a shell, from the table of commands and the lists of formats. */
import { FORMATS, WRITABLE_FORMATS } from "../../core/create-formats.ts";
import { UnzipxError } from "../../errors.ts";
import { formatRows } from "../render-formats.ts";
import { COMMANDS } from "../table/index.ts";
import { bashScript } from "./bash.ts";
import { fishScript } from "./fish.ts";
import { powershellScript } from "./powershell.ts";
import type { Vocabulary } from "./vocabulary.ts";
import { zshScript } from "./zsh.ts";

const SCRIPTS: ReadonlyMap<string, (vocabulary: Vocabulary) => string> = new Map([
  ["bash", bashScript], ["zsh", zshScript], ["fish", fishScript], ["powershell", powershellScript],
]);

export function completionScript(shell: string): string {
  const script = SCRIPTS.get(shell);
  if (script === undefined) throw new UnzipxError("USAGE", `There are no completions for "${shell}"`, { hint: `unzipx completions ${[...SCRIPTS.keys()].join("|")}` });
  const readable = formatRows();
  return script({
    commands: COMMANDS,
    formats: { readable: readable.map(({ name }) => name), writable: WRITABLE_FORMATS },
    endings: {
      readable: endings([...readable.flatMap(({ extensions }) => extensions), ".001"]), // the first part of a set that was cut by size
      writable: endings(WRITABLE_FORMATS.flatMap((format) => FORMATS[format].extensions)),
    },
  });
}

function endings(extensions: readonly string[]): string[] {
  return [...new Set(extensions.map((extension) => extension.slice(1)))];
}
