/** The progress bar: on stderr, on a terminal, and only when the work lasts. */
import { now } from "../bytes/clock.ts";
import type { SingleBar } from "cli-progress";
import type { Reporter } from "../core/reporter.ts";
import type { barLine } from "./bar-line.ts";
import { printable } from "../text/printable.ts";
import { stderr } from "./streams.ts";

/** Work that is over sooner needs no bar. */
const APPEARS_AFTER_MS = 500;

export interface Progress {
  readonly reporter: Required<Pick<Reporter, "start" | "progress" | "done">>;
  /** Takes the bar off the screen while something else is written there. */
  hide(): void;
}

export function createProgress(show: boolean): Progress {
  let bar: SingleBar | undefined;
  let loading = false;
  let total: number | undefined;
  let value = 0;
  let name = "";
  let started = 0;
  const hide = (): void => {
    bar?.stop();
    bar = undefined;
  };
  const appear = async (): Promise<void> => {
    loading = true;
    const [{ default: cliProgress }, { barLine }] = await Promise.all([import("cli-progress"), import("./bar-line.ts")]);
    if (started === 0) return; // it was over meanwhile
    bar = newBar(cliProgress, barLine, { total, begun: started });
    bar.start(Math.max(1, total ?? 0), value, { name: "" });
    loading = false;
  };
  return {
    reporter: {
      start(bytes) {
        [total, started] = [bytes, now()];
      },
      progress(bytes, entry) {
        value += bytes;
        if (entry !== undefined) name = entry;
        if (!show || started === 0) return;
        if (bar !== undefined) bar.update(value, { name });
        else if (!loading && now() - started > APPEARS_AFTER_MS) void appear();
      },
      done() {
        [started, value] = [0, 0];
        hide();
      },
    },
    hide,
  };
}

/** `begun` is when the work began: the bar comes later. */
function newBar(cliProgress: typeof import("cli-progress"), lineOf: typeof barLine, { total, begun }: { readonly total: number | undefined; readonly begun: number }): SingleBar {
  return new cliProgress.SingleBar({
    stream: stderr.stream,
    clearOnComplete: true,
    hideCursor: true,
    fps: 10,
    gracefulExit: false, // signals are main.ts's
    format: (_, { value }, { name }: { name: string }) =>
      lineOf({ columns: stderr.stream.columns || 80, value, total, seconds: (now() - begun) / 1000, name: printable(name) }),
  }, cliProgress.Presets.shades_classic);
}
