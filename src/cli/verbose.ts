/** What -v tells while the work is done: the names, which build services can fold away. */
import type { Turns } from "../commands/common.ts";
import type { LeftOut } from "../core/left-out.ts";
import type { Reporter } from "../core/reporter.ts";
import { printable } from "../text/printable.ts";
import { stderr } from "./streams.ts";

/** The flag that says so. */
export const LEFT_OUT_BY = { excluded: "-x", hidden: "--no-hidden", junk: "--no-junk", gitignore: "-g" } as const satisfies Record<LeftOut, string>;

/** `hide` takes out of the way what else is on the screen. */
export function namingReporter(hide: () => void): Reporter {
  return {
    entry(path) {
      hide();
      stderr.write(`${printable(path)}\n`);
    },
    leftOut(path, why) {
      hide();
      stderr.write(`left out: ${printable(path)} (${LEFT_OUT_BY[why]})\n`);
    },
  };
}

/** Each archive's names are a group of their own. */
export async function foldingTurns(): Promise<Turns<never>> {
  const { group, GROUP_END } = await import("./github.ts");
  const end = (): void => void stderr.write(GROUP_END);
  return { begin: (archive) => void stderr.write(group(printable(archive))), end, fail: end };
}
