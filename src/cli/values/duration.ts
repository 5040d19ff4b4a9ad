import { UsageError } from "../../core/errors.ts";

const unitsMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Milliseconds of `90s`, `36h`, `14d`, `2w`. @throws {UsageError} */
export function parseDuration(text: string): number {
  const [, count = "", unit = ""] = /^(\d{1,9})([smhdw])$/.exec(text) ?? [];
  const unitMs = unitsMs[unit];
  if (unitMs === undefined)
    throw new UsageError(`cannot use "${text}" as a duration`, "Give a whole number and s, m, h, d or w, such as 36h.");
  return Number(count) * unitMs;
}
