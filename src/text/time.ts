/** Times for people. */

/** Milliseconds since 1970 → "2026-11-22 14:05", local time; empty for a time that no calendar has. */
export function formatTime(mtime: number): string {
  const date = new Date(mtime);
  if (Number.isNaN(date.getTime())) return "";
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : `${value}`;
}

const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?$/i;

/** "2026-11-25", "2026-11-25T22:30:00+01:00" (UTC unless it says otherwise: the same everywhere), "@1764110000" → milliseconds since 1970; undefined when it is none of these. */
export function parseTime(text: string): number | undefined {
  const seconds = /^@(-?\d{1,12}(?:\.\d{1,9})?)$/.exec(text)?.[1];
  if (seconds !== undefined) return Number(seconds) * 1000;
  const match = ISO.exec(text.trim());
  if (match === null) return undefined;
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "0", zone = "Z"] = match;
  const date = new Date(Date.UTC(2000, Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second), Number(`0.${fraction}`) * 1000));
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day)); // Date.UTC takes 0 to 99 for 1900 to 1999
  const [, sign, hours = "0", minutes = "0"] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? [];
  const exists = date.getUTCMonth() + 1 === Number(month) && date.getUTCDate() === Number(day) && Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60 && Number(minutes) < 60 && Number(hours) < 24;
  if (!exists) return undefined;
  return date.getTime() - (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}
