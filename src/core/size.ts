import { UsageError } from "./errors.ts";

const powers = ["", "k", "m", "g", "t", "p"];

/**
 * Reads a size as people write it: `4096`, `500M`, `1.5GiB`, `20MB`. A letter alone or with `iB` counts by 1024, with `B` by 1000.
 *
 * @throws {UsageError} If it is none, or is not above zero.
 */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgtp]?)(ib|b|)$/i.exec(text.trim());
  const [, number = "", letter = "", unit = ""] = match ?? [];
  const base = unit.toLowerCase() === "b" ? 1000 : 1024;
  const sizeBytes = Math.round(Number(number) * base ** powers.indexOf(letter.toLowerCase()));
  if (match === null || (letter === "" && unit.toLowerCase() === "ib") || !(sizeBytes > 0))
    throw new UsageError(
      `cannot read the size "${text}"`,
      "Give a number above zero with a unit, such as 500M, 20MiB or 1.5G.",
    );
  if (!Number.isSafeInteger(sizeBytes))
    throw new UsageError(`cannot use the size "${text}": it is too large`, "Give a smaller one.");
  return sizeBytes;
}
