import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { atEnd } from "../../../test/support/at-end.ts";
import { run } from "../../../test/support/run.ts";
import { asRoot, temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { checkDevice, DeviceRefusedError } from "../../system/disk/target/check-device.ts";
import { diskPorts } from "./disk-ports.ts";
import { inspectDevice } from "./inspect-device.ts";

const mib = 2 ** 20;

/** A loop device, which stands for a disk of this host. */
function device(context: TestContext, ...options: readonly string[]): string {
  const path = join(temporaryDirectory(context), "disk");
  diskPorts.files.allocate(path, 64 * mib);
  const loop = run("losetup", "--show", "--find", ...options, path).trim();
  atEnd(context, () => void run("losetup", "--detach", loop));
  return loop;
}

test(
  "checkDevice() lets an empty device through, and one that holds something only when it is named twice",
  asRoot,
  async (context) => {
    const path = device(context);
    const empty = await inspectDevice(path);
    assert.deepEqual(empty, {
      path,
      type: "loop",
      sizeBytes: 64 * mib,
      sectorBytes: 512,
      isReadOnly: false,
      usedBy: [],
      signatures: [],
    });
    checkDevice(empty, []);
    run("mkfs.ext4", "-q", path);
    const full = await inspectDevice(path);
    assert.deepEqual(full.signatures, ["ext4"]);
    for (const mayErase of [[], ["/dev/sda"], [`${path}1`]])
      assert.throws(() => checkDevice(full, mayErase), DeviceRefusedError);
    checkDevice(full, [path]);
  },
);

test(
  "checkDevice() refuses a device that is mounted, claimed, read-only or part of another, whatever is said",
  asRoot,
  async (context) => {
    const path = device(context);
    run("mkfs.ext4", "-q", path);
    const place = join(temporaryDirectory(context), "mounted");
    mkdirSync(place);
    run("mount", path, place);
    try {
      const mounted = await inspectDevice(path);
      assert.deepEqual(mounted.usedBy, [place]);
      assert.throws(() => checkDevice(mounted, [path]), /in use/);
    } finally {
      run("umount", place);
    }
    const still = await inspectDevice(device(context, "--read-only"));
    assert.throws(() => checkDevice(still, [still.path]), /read-only/);
    assert.throws(() => checkDevice({ ...still, isReadOnly: false, type: "part" }, [still.path]), /whole disk/);
    assert.throws(
      () => checkDevice({ ...still, isReadOnly: false, usedBy: ["lvm /dev/mapper/x"] }, [still.path]),
      /lvm/,
    );
  },
);

test("checkDevice() refuses by its name what is no block device", async () => {
  for (const path of ["/dev/null", "/dev/no-such-disk", import.meta.filename]) {
    const facts = await inspectDevice(path);
    for (const wanted of ["disk", "any"] as const)
      assert.throws(() => checkDevice(facts, [path], wanted), /no block device, or not there/);
  }
});
