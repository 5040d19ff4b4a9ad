import { byteStringFromText, displayBytes, type ByteString, type TreePath } from "../../../core/tree/byte-string.ts";
import type { TreeReader } from "../../../core/tree/tree-reader.ts";
import { compareInWalkOrder, joinPath, parentPath } from "../../../core/tree/walk-order.ts";
import { fitsPathLimits } from "../../../image/format/path-limits.ts";
import {
  isTrouble,
  SharedDirectory,
  walkTree,
  type ChooseEntry,
  type WalkedEntry,
  type WalkTrouble,
} from "../../tree/walk.ts";
import { chooseEntries } from "../selection/choose-entry.ts";
import { AdditionRefusedError } from "../errors.ts";

/** A file or directory of the host that goes into an image at a path of its own. */
export interface Addition {
  /** Absolute, without symlinks. */
  readonly source: string;
  /** From the root, without a slash at its start. */
  readonly path: string;
}

/** A directory that nobody has, on the way to an addition. */
export interface MadeDirectory {
  readonly path: TreePath;
  readonly mtimeSec: number;
  readonly mtimeNsec: number;
}

/** Something that was added; `addition` tells which it came with, since hard links do not lead from one to another. */
export type AddedEntry = WalkedEntry & { readonly addition?: Addition };

/** The name that an entry has in the tree; what is added may have another where it comes from. */
export function nameIn({ path, name, addition }: AddedEntry): ByteString {
  return addition === undefined ? name : (path.slice(path.lastIndexOf("/") + 1) as ByteString);
}

/** What a walk with additions comes by. */
export type WalkedItem = AddedEntry | MadeDirectory | WalkTrouble;

/** Says whether an item is a directory that is not there. */
export function isMade(item: WalkedItem): item is MadeDirectory {
  return "mtimeSec" in item;
}

/**
 * Walks a tree as if the additions lay in it, in walk order. What the tree has at their places is left out and told to `onHidden`;
 * directories that lead to them and are not there are made up. Additions never lie in each other.
 *
 * @throws {AdditionRefusedError} If something on the way to an addition is no directory.
 */
export function* walkWithAdditions(
  tree: TreeReader,
  root: string,
  { choose, additions, onHidden }: AdditionRules,
  open: Set<SharedDirectory>,
): Generator<WalkedItem, void, undefined> {
  const places = new Set(additions.map(({ path }) => byteStringFromText(path)));
  const chooseOther: ChooseEntry = (path, stat, parentStat) => {
    if (!places.has(path)) return choose(path, stat, parentStat);
    onHidden(path);
    return "leave-out";
  };
  const base = walkTree(tree, tree.openRoot(root), chooseOther, open);
  const added = walkAdditions(tree, additions, open);
  try {
    let [here, more] = [base.next(), added.next()];
    while (here.done !== true || more.done !== true) {
      const order =
        here.done === true ? 1 : more.done === true ? -1 : compareInWalkOrder(here.value.path, more.value.path);
      if (order < 0 && here.done !== true) {
        yield here.value;
        here = base.next();
      } else if (more.done !== true) {
        if (order > 0) yield more.value;
        else if (here.done !== true && (isTrouble(here.value) || here.value.stat.kind !== "directory"))
          throw new AdditionRefusedError(displayBytes(here.value.path), "it is no directory");
        more = added.next();
      }
    }
  } finally {
    base.return();
    added.return();
  }
}

/** What {@link walkWithAdditions} goes by. */
export interface AdditionRules {
  readonly choose: ChooseEntry;
  readonly additions: readonly Addition[];
  readonly onHidden: (path: TreePath) => void;
}

/** All of the file system that it lies on. */
const takeAll = chooseEntries({ patterns: [], emptied: new Set(), entered: new Set(), omitted: new Set() });

function* walkAdditions(
  tree: TreeReader,
  additions: readonly Addition[],
  open: Set<SharedDirectory>,
): Generator<WalkedItem, void, undefined> {
  const places = additions
    .map((addition) => ({ addition, place: byteStringFromText(addition.path) }))
    .toSorted((a, b) => compareInWalkOrder(a.place, b.place));
  const made = new Set<TreePath>([byteStringFromText("")]);
  for (const { addition, place } of places) {
    const items = walkSource(tree, addition, place, open);
    for (const item of items) {
      if (item.path === place && !isTrouble(item) && !isMade(item)) yield* makeWay(place, item, made);
      yield item;
    }
  }
}

/** The directories that lead to a place, outermost first, each once. */
function* makeWay(place: TreePath, { stat }: WalkedEntry, made: Set<TreePath>): Generator<MadeDirectory> {
  const way: TreePath[] = [];
  for (let path = parentPath(place); !made.has(path); path = parentPath(path)) {
    made.add(path);
    way.unshift(path);
  }
  for (const path of way) yield { path, mtimeSec: stat.mtimeSec, mtimeNsec: stat.mtimeNsec };
}

function* walkSource(
  tree: TreeReader,
  addition: Addition,
  place: TreePath,
  open: Set<SharedDirectory>,
): Generator<WalkedItem, void, undefined> {
  const at = addition.source.lastIndexOf("/");
  const parent = new SharedDirectory(tree, tree.openRoot(addition.source.slice(0, at) || "/"), open);
  try {
    const name = byteStringFromText(addition.source.slice(at + 1));
    const stat = tree.stat(parent.file, name);
    if (stat.kind !== "directory") {
      yield { path: place, parentPath: parentPath(place), name, stat, parent, self: undefined, addition };
      return;
    }
    const root = tree.openDirectory(parent.file, name);
    for (const item of walkTree(tree, root, takeAll, open)) {
      const path = item.path === "" ? place : joinPath(place, item.path);
      if (isTrouble(item)) yield { ...item, path };
      else if (!fitsPathLimits(path))
        yield { path, trouble: new RangeError("its path is longer than an image can hold") };
      else yield { ...item, path, parentPath: parentPath(path), addition };
    }
  } finally {
    parent.release();
  }
}
