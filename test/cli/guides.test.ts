import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { guideCommands } from "../support/guide.ts";
import { asRoot } from "../support/temporary-directory.ts";
import { program, sandbox } from "./run-rehome.ts";
import { makeSmallTree } from "./small-tree.ts";

const guides: Readonly<Record<string, readonly string[]>> = {
  "raw-partitions": [
    "Capturing a raw partition",
    "Restoring it",
    "Adding files to an image",
    "A new system from an image",
  ],
  "keep-and-copy-images": ["An encrypted store", "Forgetting old images", "Copies elsewhere", "For other tools"],
  report: ["Make it", "Look into it before you send it"],
};

for (const [page, headings] of Object.entries(guides))
  test(`the guide ${page} works as it is written`, asRoot, (context) => {
    const { directory, environment } = sandbox(context);
    makeSmallTree(join(directory, "rootfs"));
    writeFileSync(join(directory, "notes"), "for whoever restores it\n");
    writeFileSync(join(directory, "esp.img"), "foreign");
    truncateSync(join(directory, "esp.img"), 1024 * 1024);
    const script = headings.flatMap((heading) => guideCommands(page, heading)).join("\n");
    const { status, stdout, stderr } = spawnSync(
      "bash",
      ["-c", `set -e; rehome() { ${program.map((word) => `'${word}'`).join(" ")} "$@"; }\n${script}`],
      { cwd: directory, env: { ...environment, REHOME_STORE: join(directory, "store") }, encoding: "utf8" },
    );
    assert.equal(status, 0, `${stdout}${stderr}`);
  });
