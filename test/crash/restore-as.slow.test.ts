import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { armCrashPoints } from "../../src/core/crash-points.ts";
import { capture, restore } from "../../src/index.ts";
import { pathsIn } from "../support/place.ts";
import { asRoot, temporaryDirectory } from "../support/temporary-directory.ts";

test(
  "a restore that died while its tree became somebody else goes on, and no other restore takes its tree",
  asRoot,
  async (context) => {
    context.after(() => armCrashPoints(undefined));
    const directory = temporaryDirectory(context);
    const paths = pathsIn(directory);
    const tree = join(directory, "rootfs");
    mkdirSync(join(tree, "etc"), { recursive: true });
    writeFileSync(join(tree, "etc/hostname"), "web\n");
    await capture(`${tree}/`, { paths, name: "web" });
    for (const place of ["restore.verified", "restore.preparing", "restore.prepared", "restore.published"]) {
      const target = join(directory, place);
      armCrashPoints((name) => {
        if (name === place) throw new RangeError(place);
      });
      await assert.rejects(restore("web", target, { paths, as: "web2" }), RangeError);
      armCrashPoints(undefined);
      assert.equal(existsSync(target), place === "restore.published");
      if (!existsSync(target)) await assert.rejects(restore("web", target, { paths }), { code: "TARGET_UNSUITABLE" });
      const { resumed } = await restore("web", target, { paths, as: "web2" });
      assert.equal(resumed, true, place);
      assert.equal(readFileSync(join(target, "etc/hostname"), "utf8"), "web2\n");
    }
    assert.deepEqual(
      readdirSync(directory).filter((name) => name.startsWith(".")),
      [],
      "no stage is left",
    );
  },
);
