import assert from "node:assert/strict";
import { linkSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../../../../test/support/temporary-directory.ts";
import { linuxTreeReader } from "../../../host/tree/linux-tree-reader.ts";
import { lookAtTree } from "./look-at-tree.ts";

test("lookAtTree() tells what a capture would take: no hole, nothing twice, what is added, nothing that is left out", async (context) => {
  const directory = temporaryDirectory(context);
  const root = join(directory, "tree");
  mkdirSync(join(root, "left/out"), { recursive: true });
  writeFileSync(join(root, "left/out/file"), "x");
  writeFileSync(join(root, "full"), "x".repeat(1000));
  linkSync(join(root, "full"), join(root, "full-again"));
  writeFileSync(join(root, "sparse"), "");
  truncateSync(join(root, "sparse"), 2 ** 30);
  symlinkSync("full", join(root, "to"));
  writeFileSync(join(directory, "added"), "added");
  const additions = [{ source: join(directory, "added"), path: "opt/added" }];
  const plan = { root, excludes: ["/left/*"], mounts: [], leftOut: [], additions };
  const seen = await Array.fromAsync(lookAtTree(linuxTreeReader(), plan));
  assert.deepEqual(
    seen.map(({ path, kind, dataBytes }) => `${path} ${kind} ${dataBytes}`),
    [
      " directory 0",
      "full file 1000",
      "full-again file 0",
      "left directory 0",
      "left/out directory 0",
      "opt directory 0",
      "opt/added file 5",
      // What an inode may hold cannot be told from a hole.
      "sparse file 65536",
      "to symlink 4",
    ],
  );
});
