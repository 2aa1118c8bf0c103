/** The progress bar: on stderr, on a terminal, and only when the work lasts. */
import { now } from "../bytes/clock.ts";
import type { SingleBar } from "cli-progress";
import type { Reporter } from "../core/reporter.ts";
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
    const { default: cliProgress } = await import("cli-progress");
    if (started === 0) return; // it was over meanwhile
    bar = newBar(cliProgress, total !== undefined && total > 0);
    bar.start(Math.max(1, total ?? 0), value, { name: "" });
    loading = false;
  };
  return {
    reporter: {
      start(bytes) {
        [total, value, started] = [bytes, 0, now()];
      },
      progress(bytes, entry) {
        value += bytes;
        if (entry !== undefined) name = entry;
        if (!show || started === 0) return;
        if (bar !== undefined) bar.update(value, { name: shortened(name) });
        else if (!loading && now() - started > APPEARS_AFTER_MS) void appear();
      },
      done() {
        started = 0;
        hide();
      },
    },
    hide,
  };
}

function newBar(cliProgress: typeof import("cli-progress"), totalIsKnown: boolean): SingleBar {
  const width = stderr.stream.columns || 80;
  const size = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(0)} MiB`;
  return new cliProgress.SingleBar({
    stream: stderr.stream,
    clearOnComplete: true,
    hideCursor: true,
    fps: 10,
    gracefulExit: false, // signals are main.ts's
    barsize: Math.max(10, Math.min(30, width - 50)),
    format: (options, params, payload: { name: string }) => {
      const seconds = Math.max(0.001, (Date.now() - params.startTime) / 1000);
      const rate = `${size(params.value / seconds)}/s`;
      const ratio = Math.min(1, params.value / params.total);
      const left = ratio > 0.01 && ratio < 1 ? ` ${Math.ceil((seconds / ratio) * (1 - ratio))} s left` : "";
      const full = Math.round(ratio * (options.barsize ?? 20));
      const text = totalIsKnown
        ? `${"█".repeat(full)}${"░".repeat((options.barsize ?? 20) - full)} ${String(Math.floor(ratio * 100)).padStart(3)} % ${rate}${left} ${payload.name}`
        : `${size(params.value)} ${rate} ${payload.name}`;
      return [...text].slice(0, width - 1).join(""); // a second line could not be taken back
    },
  }, cliProgress.Presets.shades_classic);
}

/** The end of a path tells more than its beginning. */
function shortened(name: string): string {
  const text = printable(name);
  return text.length > 60 ? `…${text.slice(-59)}` : text;
}
