import { RehomeError } from "../../../core/errors.ts";
import { parseSize } from "../../../core/size.ts";
import type { PartitionSize } from "./layout.ts";

/** Reads `fill`, `minimum`, `30%`, `2.5%`, `20GiB`, or a number of bytes; undefined for anything else. */
export function parsePartitionSize(text: string): PartitionSize | undefined {
  if (text === "fill" || text === "minimum") return { kind: text };
  const [, number] = /^(\d{1,3}(?:\.\d{1,3})?) ?%$/.exec(text) ?? [];
  if (number !== undefined) {
    const percent = Number(number);
    return percent > 0 && percent <= 100 ? { kind: "percent", percent } : undefined;
  }
  try {
    return { kind: "bytes", sizeBytes: parseSize(text) };
  } catch (error) {
    if (error instanceof RehomeError) return undefined;
    throw error;
  }
}

/** Writes a size so that {@link parsePartitionSize} reads it back exactly, in the largest unit that is whole. */
export function formatPartitionSize(size: PartitionSize): string {
  if (size.kind === "percent") return `${size.percent}%`;
  return size.kind === "bytes" ? formatBytes(size.sizeBytes) : size.kind;
}

const units = ["KiB", "MiB", "GiB", "TiB", "PiB"];

/** Writes a number of bytes in the largest unit of which it is a whole number. */
export function formatBytes(sizeBytes: number): string {
  const power = units.findLastIndex((_, index) => sizeBytes % 1024 ** (index + 1) === 0 && sizeBytes > 0);
  return power === -1 ? String(sizeBytes) : `${sizeBytes / 1024 ** (power + 1)}${units[power]}`;
}
