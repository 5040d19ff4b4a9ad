import type { TreeView } from "../ports.ts";
import { at, isThere, kindOf } from "../text/tree-paths.ts";

/** The versions of the kernels in a tree that have both modules and an image to boot. */
export function kernelVersions(tree: TreeView): string[] {
  const folder = kindOf(tree, at("usr/lib/modules")) === "directory" ? "usr/lib/modules" : "lib/modules";
  return tree
    .list(at(folder))
    .filter((version) => /^\d[\w.+~-]*$/.test(version))
    .filter(
      (version) => isThere(tree, at(`boot/vmlinuz-${version}`)) || isThere(tree, at(`${folder}/${version}/vmlinuz`)),
    );
}
