import { statSync } from "node:fs";
import { UsageError } from "../../core/errors.ts";

/** @throws {UsageError} If there is no directory to compare with. */
export function assertDirectory(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw new UsageError(
    `cannot compare with "${path}": there is no such directory`,
    "Name a directory that holds a tree.",
  );
}
