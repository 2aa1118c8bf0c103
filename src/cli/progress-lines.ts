/** Progress where no bar can be: a line now and then, for who reads the log. */
import { formatSize } from "../text/size.ts";
import type { Progress } from "./progress.ts";

/** A short run says nothing; of a long one each line is a quarter of its time after the one before, but not more than a minute. */
const [LEAST_MS, MOST_MS] = [5_000, 60_000];

export interface LinesOptions {
  write(line: string): void;
  /** In milliseconds, from anywhere. */
  now(): number;
}

export function createProgressLines({ write, now }: LinesOptions): Progress {
  let total: number | undefined;
  let value = 0;
  let started: number | undefined;
  let next = 0;
  return {
    reporter: {
      start(bytes) {
        [total, started] = [bytes, now()];
        next = started + LEAST_MS;
      },
      progress(bytes) {
        value += bytes;
        if (started === undefined || now() < next) return;
        const elapsed = now() - started;
        next = now() + Math.min(MOST_MS, Math.max(LEAST_MS, elapsed / 4));
        write(`unzipx: ${lineOf(value, total, elapsed / 1000)}\n`);
      },
      done: () => void ([started, value] = [undefined, 0]),
    },
    hide() {},
  };
}

/** "34 % of 1.2 GiB, 56 MiB/s, 20 s left" */
function lineOf(value: number, total: number | undefined, seconds: number): string {
  const rate = `${formatSize(Math.round(value / seconds))}/s`;
  if (total === undefined || total === 0) return `${formatSize(value)}, ${rate}`;
  const part = Math.min(1, value / total);
  const left = part > 0.01 && part < 1 ? `, ${Math.ceil((seconds / part) * (1 - part))} s left` : "";
  return `${Math.floor(part * 100)} % of ${formatSize(total)}, ${rate}${left}`;
}
