/** A moment in local time, `2026-11-03 14:22:10`; what a clock cannot show, as seconds since 1970 after an `@`. */
export function formatTime(epochSec: number): string {
  const date = new Date(epochSec * 1000);
  if (Number.isNaN(date.getTime())) return `@${epochSec}`;
  const two = (value: number): string => String(value).padStart(2, "0");
  const year = date.getFullYear();
  const sign = year < 0 ? "-" : "";
  const day = `${sign}${String(Math.abs(year)).padStart(4, "0")}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** The same of an ISO 8601 text; one that is none is shown as it stands. */
export function formatIsoTime(text: string): string {
  const timeMs = Date.parse(text);
  return Number.isNaN(timeMs) ? text : formatTime(Math.floor(timeMs / 1000));
}
