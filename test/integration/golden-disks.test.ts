import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { excludesOfDisks, readBootRecord } from "../../src/library/clone/golden/golden-disks.ts";
import { atEnd } from "../support/at-end.ts";
import { loopDevice } from "../support/loop-device.ts";
import { run } from "../support/run.ts";
import { asRoot, temporaryDirectory } from "../support/temporary-directory.ts";

test(
  "a disk of the golden node is left out with what is mounted from it, and gives its boot record",
  asRoot,
  async (context) => {
    const directory = temporaryDirectory(context);
    const device = loopDevice(context, join(directory, "disk"), 2 ** 24);
    const name = device.slice("/dev/".length);
    run("mkfs.ext4", "-q", device);
    assert.deepEqual(await excludesOfDisks([name]), []);
    const place = join(directory, "a [place]");
    mkdirSync(place);
    run("mount", device, place);
    atEnd(context, () => void run("umount", place));
    assert.deepEqual(await excludesOfDisks([name]), [`${directory}/a\\ \\[place\\]/*`]);
    const record = Buffer.from(readBootRecord(name), "base64");
    assert.ok(record.length === 440 && record.every((byte) => byte === 0));
    for (const stranger of ["no-such-disk", "../null"]) {
      assert.throws(() => readBootRecord(stranger), { code: "USAGE" });
      await assert.rejects(excludesOfDisks([stranger]), { code: "USAGE" });
    }
  },
);
