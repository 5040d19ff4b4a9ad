import { realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Where an absolute path leads once symlinks on its way are followed, also when its end is not there yet. */
export function realPath(path: string): string {
  for (let existing = path, rest = ""; ; existing = dirname(existing)) {
    try {
      return join(realpathSync(existing), rest);
    } catch (error) {
      if (existing === "/") throw error;
      rest = join(basename(existing), rest);
    }
  }
}
