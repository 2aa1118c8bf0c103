/** Commands to GitHub Actions: lines that it takes out of the log of a step (docs.github.com, "Workflow commands"). */

/** Shown beside the run, and in the place of the line. `text` must be printable already. */
export function annotation(kind: "error" | "warning", text: string): string {
  return `::${kind} title=unzipx::${escaped(text)}\n`;
}

/** What follows can be folded away, until the end. */
export function group(title: string): string {
  return `::group::${escaped(title)}\n`;
}

export const GROUP_END = "::endgroup::\n";

/** A line's end would begin another command, and "%" an escape of its own. */
function escaped(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}
