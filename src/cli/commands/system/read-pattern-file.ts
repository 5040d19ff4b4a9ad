import { readFileSync } from "node:fs";
import { UsageError } from "../../../core/errors.ts";

/** Reads patterns, one a line; empty lines and remarks (`#`) are left out. `-` is standard input. @throws {UsageError} */
export function readPatternFile(path: string): string[] {
  const bytes = readFileSync(path === "-" ? 0 : path);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new UsageError(
      `cannot read patterns from "${path}": it is not UTF-8`,
      "Use `?` or `*` for such characters.",
      { cause: error },
    );
  }
  return text.split(/\r?\n/).filter((line) => line.trim() !== "" && !line.startsWith("#"));
}
