import { UsageError } from "../../../core/errors.ts";

/** The value of an option without which a command can do nothing. @throws {UsageError} */
export function needed(option: string, value: string | undefined): string {
  if (value !== undefined) return value;
  throw new UsageError(`cannot go on without --${option}`, `Give --${option}; the command's --help shows how.`);
}
