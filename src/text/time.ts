/** Milliseconds since 1970 → "2026-11-22 14:05", local time; empty for a time that no calendar has. */
export function formatTime(mtime: number): string {
  const date = new Date(mtime);
  if (Number.isNaN(date.getTime())) return "";
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
