import { constants } from "node:os";

const { ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG } = constants.errno;
const missing = new Set([ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG]);

/** Whether an error number says that a path leads to nothing: no such name, or a symlink that ends nowhere. */
export function isMissing(errorNumber: number): boolean {
  return missing.has(errorNumber);
}
