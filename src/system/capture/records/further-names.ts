import type { ByteString, TreePath } from "../../../core/tree/byte-string.ts";
import { joinPath } from "../../../core/tree/walk-order.ts";
import { inodeKey } from "../secrets/find-secrets.ts";
import { nameIn, type AddedEntry } from "../additions/walk-with-additions.ts";

/**
 * Knows the first names of inodes that have several.
 *
 * Invariant: an inode is forgotten once all its names were met; nothing is kept by its whole path, since trees of backups
 * have millions of further names.
 */
export class FurtherNames {
  readonly #first = new Map<string, { readonly directory: TreePath; readonly name: ByteString; left: number }>();
  readonly #lost = new Set<TreePath>();

  /** The path under which an inode was met before in this walk; remembers it otherwise. */
  firstNameOf(item: AddedEntry): TreePath | undefined {
    const { parentPath, stat, addition } = item;
    const name = nameIn(item);
    // What is added is a copy: its names lead to each other, and not to those of the same inode in the tree.
    const key = addition === undefined ? inodeKey(stat) : `${inodeKey(stat)} /${addition.path}`;
    const known = this.#first.get(key);
    if (known === undefined) {
      this.#first.set(key, { directory: parentPath, name, left: stat.linkCount - 1 });
      return undefined;
    }
    known.left -= 1;
    if (known.left <= 0) this.#first.delete(key);
    return joinPath(known.directory, known.name);
  }

  /** Notes that a path has no record after all, so that nothing can be a further name of it. */
  lose(path: TreePath): void {
    this.#lost.add(path);
  }

  isLost(path: TreePath): boolean {
    return this.#lost.has(path);
  }
}
