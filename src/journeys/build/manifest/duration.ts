const unitsMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/** The milliseconds of a text such as `90s`, `15m` or `2h`, as the manifest's schema lets it through. */
export function parseDuration(text: string): number {
  const unit = unitsMs[text.slice(-1)];
  if (unit === undefined || !/^[1-9][0-9]*.$/.test(text)) throw new RangeError(`"${text}" is no duration`);
  return Number(text.slice(0, -1)) * unit;
}
