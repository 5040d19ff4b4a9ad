import { errnoNameOf } from "../system-call-error.ts";

/** What a path meets where there is nothing to read: no such name, or a link that leads nowhere. */
const missing = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"]);

/** Whether `error` says that a path leads to nothing. */
export function isMissing(error: unknown): boolean {
  return missing.has(errnoNameOf(error) ?? "");
}
