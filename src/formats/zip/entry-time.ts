/** When an entry was changed: by its extra fields, which say it in UTC, else by MS-DOS's time, which is the writer's local one. */
import { fromFileTime } from "../../bytes/file-time.ts";
import type { CentralRecord } from "./central-directory.ts";

/** 1 January of the year 10000: no field that says more means it. */
const LATEST = Date.UTC(10000, 0, 1);
/** MS-DOS's first day, for headers that say nothing. */
const DOS_FIRST = (1 << 5) | 1;

export interface EntryTime {
  /** Milliseconds since 1970, UTC. */
  readonly mtime: number;
  /** No calendar has what was said: it is the nearest that one has. */
  readonly isOdd: boolean;
}

export function entryTime({ date, time, extra: { mtime, ntfs } }: Pick<CentralRecord, "date" | "time" | "extra">): EntryTime {
  if (mtime !== undefined) return { mtime, isOdd: false };
  const exact = ntfs === undefined ? undefined : ntfsTime(ntfs);
  if (exact !== undefined && exact < LATEST) return { mtime: exact, isOdd: false };
  const dos = dosToUnix(date, time);
  return exact === undefined ? dos : { ...dos, isOdd: true };
}

/** 4 reserved; 2 tag 1; 2 length 24; 8 time of change in 100 ns since 1601 (4.5.5); 0: it is not known. */
function ntfsTime(field: Buffer): number | undefined {
  if (field.length !== 32 || field.readUInt16LE(4) !== 1 || field.readUInt16LE(6) !== 24) return undefined;
  const [low, high] = [field.readUInt32LE(8), field.readUInt32LE(12)];
  return low === 0 && high === 0 ? undefined : fromFileTime(low, high);
}

export type Calendar = (days: number, time: number) => EntryTime;

/** As dosToUnix(). Many entries have the time of the one before them, and to ask takes long. Not for longer than one archive: who runs us may change the time zone. */
export function calendar(): Calendar {
  let [lastDays, lastTime, last] = [-1, -1, undefined as EntryTime | undefined];
  return (days, time) => {
    if (last === undefined || days !== lastDays || time !== lastTime) [lastDays, lastTime, last] = [days, time, dosToUnix(days, time)];
    return last;
  };
}

/** 4.4.6: day, month and year since 1980; seconds in steps of two, minutes, hours. */
function dosToUnix(days: number, time: number): EntryTime {
  const said = days === 0 ? DOS_FIRST : days;
  const day = said & 0x1f;
  const month = (said >> 5) & 0xf;
  const year = (said >> 9) + 1980;
  const second = (time & 0x1f) * 2;
  const minute = (time >> 5) & 0x3f;
  const hour = time >> 11;
  const date = new Date(year, month - 1, day, hour, minute, second);
  // What is in no calendar is carried over: 30 February is a day in March.
  return { mtime: date.getTime(), isOdd: date.getDate() !== day || month === 0 || month > 12 || second > 59 || minute > 59 || hour > 23 };
}
