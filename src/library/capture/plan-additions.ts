import { lstatSync, realpathSync } from "node:fs";
import { resolve } from "node:path";
import { UsageError } from "../../core/errors.ts";
import type { Addition } from "../../system/capture/additions/walk-with-additions.ts";
import { AdditionRefusedError } from "../../system/capture/errors.ts";

/**
 * Reads what is to be added to a tree, each `SOURCE:/PLACE`, and looks whether it can be. Changes nothing.
 *
 * @param ownPaths What must not get into an image: the store, caches.
 * @throws {UsageError} @throws {AdditionRefusedError}
 */
export function planAdditions(
  added: readonly string[],
  root: string,
  ownPaths: readonly { readonly path: string; readonly reason: string }[],
): Addition[] {
  const additions = added.map(readAddition);
  for (const [at, { path }] of additions.entries()) {
    const other = additions.find(({ path: place }, number) => number !== at && isAtOrBelow(place, path));
    if (other) throw new UsageError(`cannot add "/${other.path}": "/${path}" is added too`, "Add one of them.");
    checkWay(root, path);
  }
  for (const { source } of additions) {
    const own = ownPaths.find(({ path }) => isAtOrBelow(path, source));
    if (own) throw new AdditionRefusedError(source, `it holds ${own.reason}`);
  }
  return additions;
}

function readAddition(text: string): Addition {
  const at = text.lastIndexOf(":/");
  const names = text
    .slice(at + 1)
    .split("/")
    .filter((name) => name !== "" && name !== ".");
  if (at <= 0 || names.length === 0 || names.includes("..") || text.includes("\0"))
    throw new UsageError(
      `cannot add "${text}": SOURCE:/PLACE is needed, and no ".." nor "/" itself as PLACE`,
      "Give such as ./notes:/root/notes.",
    );
  return { source: sourceAt(text.slice(0, at)), path: names.join("/") };
}

function sourceAt(named: string): string {
  try {
    const source = realpathSync(resolve(named));
    if (source !== "/") return source;
  } catch {
    throw new AdditionRefusedError(named, "it is not there, or cannot be reached");
  }
  throw new AdditionRefusedError(named, "it is this host itself");
}

/** No symlink may lie on the way: in the image it would lead elsewhere. */
function checkWay(root: string, place: string): void {
  const names = place.split("/").slice(0, -1);
  for (const at of names.keys()) {
    const path = names.slice(0, at + 1).join("/");
    const found = lstatSync(`${root === "/" ? "" : root}/${path}`, { throwIfNoEntry: false });
    if (found === undefined) return;
    if (!found.isDirectory())
      throw new AdditionRefusedError(
        path,
        `it is ${found.isSymbolicLink() ? "a symlink" : "no directory"} in the tree`,
      );
  }
}

function isAtOrBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}
