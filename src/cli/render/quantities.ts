const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/** A size for people, three digits of it: `0 B`, `1.50 KiB`, `730 MiB`. */
export function formatBytes(sizeBytes: number): string {
  let value = sizeBytes;
  let unit = 0;
  // 999.5 and more would be rounded to four digits.
  while ((unit === 0 ? value >= 1000 : value >= 999.5) && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${units[unit] ?? ""}`;
}

/** A number with commas between thousands: `16,204`. */
export function formatCount(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ",");
}

/** A number and what is counted: `1 file`, `2 files`, `3 entries`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** A duration for people: `0.4 s`, `12 s`, `3:05 min`, `2:03:05 h`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 9950) return `${(durationMs / 1000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1000);
  if (seconds < 60) return `${seconds} s`;
  const twoDigits = (value: number): string => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (hours === 0) return `${minutes}:${twoDigits(seconds % 60)} min`;
  return `${hours}:${twoDigits(minutes)}:${twoDigits(seconds % 60)} h`;
}

/** A part of a whole in percent, without a fraction; never 100 before all is there. */
export function formatShare(part: number, whole: number): string {
  return whole <= 0 ? "100 %" : `${Math.min(part >= whole ? 100 : 99, Math.floor((part / whole) * 100))} %`;
}
