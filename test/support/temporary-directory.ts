import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { atEnd } from "./at-end.ts";

/** Makes a directory that is removed after the test, with immutable files and paths of any length in it. */
export function temporaryDirectory(context: TestContext, below: string = tmpdir()): string {
  const directory = mkdtempSync(join(below, "rehome-test-"));
  atEnd(context, () => removeTree(directory));
  return directory;
}

/** Removes a tree whatever is in it. */
export function removeTree(path: string): void {
  spawnSync("chattr", ["-R", "-f", "-i", "-a", path], { stdio: "ignore" });
  spawnSync("rm", ["-rf", "--one-file-system", path], { stdio: "ignore" });
}

/** Options of a test that needs what only root may do. */
export const asRoot: { readonly skip: string | false } = {
  skip: process.getuid?.() === 0 ? false : "needs root",
};
