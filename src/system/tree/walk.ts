import type { ByteString, TreePath } from "../../core/tree/byte-string.ts";
import type { FileDescriptor, InodeStat, TreeReader } from "../../core/tree/tree-reader.ts";
import { joinPath } from "../../core/tree/walk-order.ts";
import { fitsPathLimits } from "../../image/format/path-limits.ts";

const openLevels = 200;

/**
 * An open directory that several parties use.
 *
 * Invariant: it is closed when the last of them has released it, once.
 */
export class SharedDirectory {
  readonly file: FileDescriptor;
  readonly #tree: Pick<TreeReader, "close">;
  readonly #open: Set<SharedDirectory>;
  #users = 1;

  /** @param open Where it is listed while it is open, so that a walk that failed can close what others never will. */
  constructor(tree: Pick<TreeReader, "close">, file: FileDescriptor, open: Set<SharedDirectory>) {
    this.#tree = tree;
    this.#open = open;
    this.file = file;
    open.add(this);
  }

  /** Closes it for all its users. */
  abandon(): void {
    if (this.#open.delete(this)) this.#tree.close(this.file);
  }

  retain(): this {
    this.#users += 1;
    return this;
  }

  release(): void {
    this.#users -= 1;
    if (this.#users === 0) this.abandon();
  }
}

/** Something the walk came by. `parent` is the directory it lies in; for a directory, `self` is itself, open. */
export interface WalkedEntry {
  readonly path: TreePath;
  /** Path of `parent`; one string for all that lies in it. */
  readonly parentPath: TreePath;
  readonly name: ByteString;
  readonly stat: InodeStat;
  readonly parent: SharedDirectory;
  readonly self: SharedDirectory | undefined;
}

/** Something the walk could not look at. */
export interface WalkTrouble {
  readonly path: TreePath;
  readonly trouble: unknown;
}

/** What to do with an entry: take it, take it without what it holds, or leave it out. */
export type WalkChoice = "take" | "take-empty" | "leave-out";

/** Decides about an entry. `parentStat` is that of the directory it lies in. */
export type ChooseEntry = (path: TreePath, stat: InodeStat, parentStat: InodeStat) => WalkChoice;

interface Level {
  readonly path: TreePath;
  readonly stat: InodeStat;
  readonly names: readonly ByteString[];
  directory: SharedDirectory | undefined;
  next: number;
}

/**
 * Walks a tree in walk order, the root first. Directories are opened by name from their parent, never through a symlink.
 *
 * The walk closes `root` when it ends. `parent` and `self` of what it yields are open until the next one is asked for; retain them to keep them longer. Only the
 * innermost levels are kept open; on the way back a directory is opened again as `..` and must be the same one, else the
 * rest of it is given up as trouble.
 */
export function* walkTree(
  tree: TreeReader,
  root: FileDescriptor,
  choose: ChooseEntry,
  open: Set<SharedDirectory> = new Set(),
): Generator<WalkedEntry | WalkTrouble, void, undefined> {
  const rootDirectory = new SharedDirectory(tree, root, open);
  const rootPath = "" as TreePath;
  const rootStat = tree.statOpen(root);
  const stack: Level[] = [];
  try {
    yield {
      path: rootPath,
      parentPath: rootPath,
      name: rootPath,
      stat: rootStat,
      parent: rootDirectory,
      self: rootDirectory,
    };
    stack.push({
      path: rootPath,
      stat: rootStat,
      names: tree.readNames(root).toSorted(),
      directory: rootDirectory.retain(),
      next: 0,
    });
    for (let level = stack.at(-1); level !== undefined; level = stack.at(-1)) {
      const name = level.names[level.next++];
      if (name === undefined) {
        const trouble = leaveLevel(tree, stack, open);
        if (trouble) yield trouble;
        continue;
      }
      const path = joinPath(level.path, name);
      if (!fitsPathLimits(path)) {
        yield { path, trouble: new RangeError("its path is longer than an image can hold") };
        continue;
      }
      const parent = level.directory as SharedDirectory;
      let self: SharedDirectory | undefined;
      try {
        const stat = tree.stat(parent.file, name);
        const choice = choose(path, stat, level.stat);
        if (choice === "leave-out") continue;
        if (stat.kind === "directory") self = new SharedDirectory(tree, tree.openDirectory(parent.file, name), open);
        const names = self === undefined || choice === "take-empty" ? [] : tree.readNames(self.file).toSorted();
        yield { path, parentPath: level.path, name, stat, parent, self };
        if (self !== undefined && names.length > 0) {
          stack.push({ path, stat, names, directory: self.retain(), next: 0 });
          closeOuterLevel(stack);
        }
      } catch (error) {
        yield { path, trouble: error };
      } finally {
        self?.release();
      }
    }
  } finally {
    for (const level of stack) level.directory?.release();
    rootDirectory.release();
  }
}

/** Says whether an item of a walk is trouble. */
export function isTrouble(item: object): item is WalkTrouble {
  return "trouble" in item;
}

function closeOuterLevel(stack: readonly Level[]): void {
  const outer = stack[stack.length - 1 - openLevels];
  outer?.directory?.release();
  if (outer) outer.directory = undefined;
}

/** Leaves the innermost directory; opens the one around it again where it was closed. */
function leaveLevel(tree: TreeReader, stack: Level[], open: Set<SharedDirectory>): WalkTrouble | undefined {
  const left = stack.pop();
  const outer = stack.at(-1);
  if (left?.directory === undefined) return undefined;
  try {
    if (outer === undefined || outer.directory !== undefined) return undefined;
    const reopened = new SharedDirectory(tree, tree.openParent(left.directory.file), open);
    const stat = tree.statOpen(reopened.file);
    outer.directory = reopened;
    if (
      stat.inoLow === outer.stat.inoLow &&
      stat.inoHigh === outer.stat.inoHigh &&
      stat.deviceMinor === outer.stat.deviceMinor &&
      stat.deviceMajor === outer.stat.deviceMajor
    )
      return undefined;
    outer.next = outer.names.length;
    return { path: outer.path, trouble: new RangeError("the directory was moved while it was read") };
  } finally {
    left.directory.release();
  }
}
