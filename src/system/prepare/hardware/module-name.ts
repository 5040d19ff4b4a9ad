import { UsageError } from "../../../core/errors.ts";

/** Reads the name of a kernel module. @throws {UsageError} */
export function parseModuleName(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(text)) return text;
  throw new UsageError(`cannot use "${text}" as a kernel module`, "Name one as lsmod shows it.");
}
