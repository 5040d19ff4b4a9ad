import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from "node:fs";

/** Writes a file (0600 unless `mode` says otherwise) so that readers see the old text or the new one; durable with the next sync of its directory. */
export function replaceFile(path: string, text: string, isDurable: boolean, mode = 0o600): void {
  writeFileSync(`${path}.new`, text, { mode });
  if (isDurable) syncPath(`${path}.new`);
  renameSync(`${path}.new`, path);
}

/** Writes out what is dirty of a file, or the entries of a directory. */
export function syncPath(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
