import type { ByteString, TreePath } from "../../core/tree/byte-string.ts";
import type { FileDescriptor, TreeReader } from "../../core/tree/tree-reader.ts";

/**
 * Reaches the directory that `path` lies in from `root` by single names, never through a symlink, and calls `work` with it,
 * open, and the last name of `path`.
 *
 * @throws {SystemCallError} If a directory on the way is not there or is none.
 */
export function inParent<Result>(
  tree: TreeReader,
  root: FileDescriptor,
  path: TreePath,
  work: (directory: FileDescriptor, name: ByteString) => Result,
): Result {
  const names = path.split("/") as ByteString[];
  const last = names.pop() as ByteString;
  let directory = root;
  try {
    for (const name of names) {
      const next = tree.openDirectory(directory, name);
      if (directory !== root) tree.close(directory);
      directory = next;
    }
    return work(directory, last);
  } finally {
    if (directory !== root) tree.close(directory);
  }
}
