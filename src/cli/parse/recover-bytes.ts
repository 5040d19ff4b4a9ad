import { readFileSync } from "node:fs";
import { UsageError } from "../../core/errors.ts";
import { displayBytes, type ByteString } from "../../core/tree/byte-string.ts";

/**
 * Gives back what Node loses of an argument that is not UTF-8: a path inside a tree in its displayed form, with `\xHH`.
 *
 * @throws {UsageError} If the argument is something else, which only text can name.
 */
export function recoverBytes(argument: string, isTreePath: boolean): string {
  if (!argument.includes("\uFFFD")) return argument;
  const raw = rawArguments().find((bytes) => bytes.toString("utf8") === argument);
  if (raw === undefined || raw.equals(Buffer.from(argument))) return argument;
  const displayed = displayBytes(raw.toString("latin1") as ByteString);
  if (isTreePath) return displayed;
  throw new UsageError(
    `cannot use "${displayed}": it is not UTF-8`,
    "Give it another name, or reach it through a symbolic link that has one.",
  );
}

function rawArguments(): Buffer[] {
  const line = readFileSync("/proc/self/cmdline");
  const words: Buffer[] = [];
  for (let at = 0; at < line.length;) {
    const end = line.indexOf(0, at);
    words.push(line.subarray(at, end < 0 ? line.length : end));
    at = end < 0 ? line.length : end + 1;
  }
  return words;
}
