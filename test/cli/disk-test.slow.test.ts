import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { exitStatus } from "../../src/core/exit-status.ts";
import { debianTarball } from "../support/debian-tree.ts";
import { run as runTool } from "../support/run.ts";
import { asRoot } from "../support/temporary-directory.ts";
import { assertDocument } from "./documents.ts";
import { sandbox, type Sandbox } from "./run-rehome.ts";

/** Starts faster than a system with services by a minute; everything before the prompt is real: firmware, GRUB, kernel, initramfs. */
const init = `#!/bin/sh
exec </dev/ttyS0 >/dev/ttyS0
echo
echo -n "tiny login: "
read answer
`;

/** A place with the image `tiny`: Debian's kernel, and an initramfs that asks who is there. */
function withTinySystem(context: TestContext): Sandbox {
  const place = sandbox(context);
  const [source, tree, early] = ["source", "tree", "early"].map((name) => join(place.directory, name));
  assert.ok(source !== undefined && tree !== undefined && early !== undefined);
  for (const folder of [
    source,
    join(tree, "boot"),
    join(tree, "etc"),
    join(early, "lib"),
    join(early, "bin"),
    join(early, "dev"),
  ])
    mkdirSync(folder, { recursive: true });
  const wanted = ["*boot/vmlinuz-*", "*/klibc-*.so", "*/klibc/bin/sh"];
  runTool("tar", "-xf", debianTarball(), "-C", source, "--wildcards", ...wanted);
  const [kernel = ""] = readdirSync(join(source, "boot"));
  const library = readdirSync(join(source, "usr/lib")).find((name) => name.endsWith(".so")) ?? "";
  runTool("cp", join(source, "usr/lib/klibc/bin/sh"), join(early, "bin/sh"));
  runTool("cp", join(source, "usr/lib", library), join(early, "lib"));
  runTool("mknod", join(early, "dev/ttyS0"), "c", "4", "64");
  writeFileSync(join(early, "init"), init, { mode: 0o755 });
  runTool("cp", join(source, "boot", kernel), join(tree, "boot"));
  const initramfs = join(tree, "boot", kernel.replace("vmlinuz-", "initrd.img-"));
  runTool("sh", "-c", 'cd "$0" && find . | cpio --quiet -o -H newc >"$1"', early, initramfs);
  writeFileSync(join(tree, "etc/fstab"), "/dev/sda1 / ext4 defaults 0 1\n");
  assert.equal(place.run("capture", "./tree", "--name", "tiny").status, 0);
  return place;
}

test("disk test starts a disk that was built, says so, and leaves it as it was", asRoot, (context) => {
  const { directory, run, document } = withTinySystem(context);
  const built = run("disk", "build", "tiny", "-o", "tiny.qcow2", "--firmware", "bios", "--size", "128MiB");
  assert.equal(built.status, 0, built.stderr);
  const before = readFileSync(join(directory, "tiny.qcow2"));
  const { status, document: tested } = document("disk", "test", "tiny.qcow2", "--timeout", "120");
  assertDocument("disk-test", tested);
  const { console, ...facts } = tested as { readonly console: string; readonly firmware: string; readonly bus: string };
  assert.deepEqual([status, facts.firmware, facts.bus], [0, "bios", "virtio"], console);
  assert.match(console, /^tiny login: $/m);
  assert.ok(before.equals(readFileSync(join(directory, "tiny.qcow2"))));
});

test("disk test says what kept a disk from starting, and refuses what it cannot do", asRoot, (context) => {
  const { directory, run } = sandbox(context);
  writeFileSync(join(directory, "empty.raw"), "");
  truncateSync(join(directory, "empty.raw"), 2 ** 20);
  const empty = run("disk", "test", "empty.raw", "--bus", "sata", "--timeout", "120", "-v");
  assert.equal(empty.status, exitStatus.failed);
  assert.match(empty.stderr, /the firmware found nothing to start.*\[BOOT_TEST_FAILED\]/);
  assert.match(empty.stderr, /^Boot failed: not a bootable disk$/m);
  const late = run("disk", "test", "empty.raw", "--timeout", "1", "--firmware", "uefi");
  assert.match(late.stderr, /it showed no login prompt within/);
  const secure = run("disk", "test", "empty.raw", "--firmware", "bios", "--secure-boot");
  assert.equal(secure.status, exitStatus.usage);
  assert.match(run("disk", "test", "absent.qcow2").stderr, /absent\.qcow2/);
});
