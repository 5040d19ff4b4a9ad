import type { TreePath } from "../../core/tree/byte-string.ts";
import * as libc from "../libc.ts";
import { SystemCallError } from "../system-call-error.ts";
import { openInRoot } from "./openat2.ts";

/** What became of the wish to open a directory. */
export type DirectoryAnswer = number | "missing" | "unreadable";

/** Directories below one root that stay open while they are in use. */
export interface OpenDirectories extends Disposable {
  /** The directory `path`, open with O_PATH. It may be closed by the next call. */
  open(path: TreePath): DirectoryAnswer;
}

const maxOpen = 24;

/** Keeps the last 256 directories that were asked for open. */
export function openDirectories(root: number): OpenDirectories {
  const byPath = new Map<TreePath, DirectoryAnswer>();

  function forget(path: TreePath): void {
    const directory = byPath.get(path);
    if (typeof directory === "number") libc.close(directory);
    byPath.delete(path);
  }

  return {
    open(path) {
      const known = byPath.get(path);
      if (known !== undefined) return known;
      const [oldest] = byPath.keys();
      if (oldest !== undefined && byPath.size >= maxOpen) forget(oldest);
      const directory = openDirectory(root, path);
      byPath.set(path, directory);
      return directory;
    },
    [Symbol.dispose]() {
      for (const path of byPath.keys()) forget(path);
    },
  };
}

function openDirectory(root: number, path: TreePath): DirectoryAnswer {
  try {
    return openInRoot(root, path, libc.O_PATH | libc.O_DIRECTORY | libc.O_CLOEXEC) ?? "missing";
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
    return "unreadable";
  }
}
