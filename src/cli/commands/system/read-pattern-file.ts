import { readFileSync } from "node:fs";
import { UsageError } from "../../../core/errors.ts";

/** Reads patterns, one a line; empty lines and remarks (`#`) are left out. `-` is standard input. @throws {UsageError} */
export function readPatternFile(path: string): string[] {
  return decode(read(path), path)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "" && !line.startsWith("#"));
}

function read(path: string): Buffer {
  try {
    return readFileSync(path === "-" ? 0 : path);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    throw new UsageError(`cannot read patterns from "${path}": ${code}`, "Name a file that you may read.", {
      cause: error,
    });
  }
}

function decode(bytes: Buffer, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new UsageError(
      `cannot read patterns from "${path}": it is not UTF-8`,
      "Use `?` or `*` for such characters.",
      { cause: error },
    );
  }
}
