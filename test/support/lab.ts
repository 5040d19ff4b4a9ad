import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { run } from "./run.ts";

const lab = join(import.meta.dirname, "../lab");

/** Builds the torture tree. `sparseMib` is the apparent size of its sparse file. */
export function makeTortureTree(directory: string, sparseMib = 64): void {
  run(join(lab, "torture-tree.sh"), directory, String(sparseMib));
}

/** Fails unless two trees are equal, inode flags too where `flags` is given. */
export function assertEqualTrees(source: string, copy: string, flags = true): void {
  const { status, stdout, stderr } = spawnSync(
    join(lab, "compare-trees.sh"),
    [...(flags ? ["--flags"] : []), source, copy],
    { encoding: "utf8" },
  );
  assert.equal(status, 0, stdout + stderr);
}
