/** The line of the progress bar: percent, bar, rate, time that is left, and the name of what is worked on, as far as there is room. */
import stringWidth from "string-width";
import { formatSize } from "../text/size.ts";

export interface BarState {
  /** Of the terminal, as it is now: it may have been made narrower. */
  readonly columns: number;
  readonly value: number;
  /** undefined: nobody knows. */
  readonly total: number | undefined;
  readonly seconds: number;
  /** Safe to print. */
  readonly name: string;
}

const WIDEST_BAR = 30;
/** Less tells nothing that the percents do not. */
const NARROWEST_BAR = 6;
/** Less of a name tells nothing. */
const SHORTEST_NAME = 8;
/** Before that the rate says nothing of what is to come. */
const FORETELLS_FROM = 0.01;

/** Never wider than the terminal: what stood in a second line could not be taken back. */
export function barLine({ columns, value, total, seconds, name }: BarState): string {
  const room = columns - 1;
  const rate = `${formatSize(Math.round(value / Math.max(0.001, seconds)))}/s`;
  if (total === undefined || total === 0) return withName(fitting([formatSize(value), rate], room), name, room);
  const ratio = Math.min(1, value / total);
  const left = ratio > FORETELLS_FROM && ratio < 1 ? [`${duration(Math.ceil((seconds / ratio) * (1 - ratio)))} left`] : [];
  const figures = fitting([`${String(Math.floor(ratio * 100)).padStart(3)} %`, rate, ...left], room);
  const bar = Math.min(WIDEST_BAR, Math.floor(room / 3), room - figures.length - 1);
  const full = Math.round(ratio * bar);
  return withName(bar < NARROWEST_BAR ? figures : `${"█".repeat(full)}${"░".repeat(bar - full)} ${figures}`, name, room);
}

/** As many of the parts as fit, the first ones first. */
function fitting(parts: readonly string[], room: number): string {
  let line = "";
  for (const part of parts) if (line.length + part.length + 1 <= room) line += line === "" ? part : ` ${part}`;
  return line;
}

/** The end of a path tells more than its beginning. */
function withName(line: string, name: string, room: number): string {
  const space = room - stringWidth(line) - 1;
  if (name === "" || space < SHORTEST_NAME) return line;
  if (stringWidth(name) <= space) return `${line} ${name}`;
  const signs = [...name];
  let from = signs.length;
  for (let width = 1; from > 0; from--) {
    width += stringWidth(signs[from - 1]!);
    if (width > space) break;
  }
  return `${line} …${signs.slice(from).join("")}`;
}

/** 75 → "1:15". */
function duration(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const clock = `${minutes}:${String(seconds % 60).padStart(2, "0")}`;
  return hours === 0 ? clock : `${hours}:${clock.padStart(5, "0")}`;
}
