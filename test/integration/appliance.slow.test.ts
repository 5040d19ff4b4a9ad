import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { ensurePrivateMounts } from "../../src/host/disk/private-mounts.ts";
import { capture, listJobs, openBuild, undoJobOf, type Paths } from "../../src/index.ts";
import { testPlace } from "../support/place.ts";
import { run } from "../support/run.ts";
import { asRoot } from "../support/temporary-directory.ts";

// Other tests make namespaces while these have disks mounted, and would keep them.
ensurePrivateMounts();

const examples = join(import.meta.dirname, "../../examples");
const startsAll = process.env["REHOME_ALL_STARTS"] === "1";

const layout = `version: 1
disks:
  - table: gpt
    partitions:
      - {type: bios-boot, size: 1MiB}
      - {size: fill, fileSystem: ext4, mount: /}
`;

const manifest = (output: string): string => `version: 1
name: appliance
checkpoints:
  - name: tree
    uses: restore
    with: {image: web}
  - name: image
    uses: capture
    with: {name: appliance}
  - name: disk
    uses: disk
    with: {image: "@%{image.id}", store: "%{image.store}", output: ${output}, layout: layout.yaml, size: 96MiB, firmware: bios}
  - name: other
    uses: convert
    with: {disk: "%{disk.path}", output: appliance.vmdk, for: esxi}
  - name: starts
    uses: boot-test
    with: {disk: "%{disk.path}", timeoutSeconds: 2}
`;

/** A place with the image `web`, which has all that a disk needs and cannot start, and a manifest. */
async function scene(context: TestContext): Promise<{ directory: string; paths: Paths; output: string; file: string }> {
  const { directory, paths } = testPlace(context);
  const tree = join(directory, "tree");
  for (const folder of ["boot", "etc", "usr/bin"]) mkdirSync(join(tree, folder), { recursive: true });
  writeFileSync(join(tree, "boot/vmlinuz-6.1.0-9-amd64"), "kernel");
  writeFileSync(join(tree, "boot/initrd.img-6.1.0-9-amd64"), "initramfs");
  writeFileSync(join(tree, "etc/hostname"), "web\n");
  await capture(`${tree}/`, { paths, name: "web" });
  const output = join(directory, "appliance.qcow2");
  const file = join(directory, "appliance.yaml");
  writeFileSync(join(directory, "layout.yaml"), layout);
  writeFileSync(file, manifest(output));
  return { directory, paths, output, file };
}

test(
  "a build makes a disk, converts it, and fails where it does not start; undo takes all away",
  asRoot,
  async (context) => {
    const { directory, paths, output, file } = await scene(context);
    const build = await openBuild(file, { paths });
    const outcome = await build.run();
    assert.equal(outcome.status, "failed");
    assert.deepEqual(
      outcome.failed.map(({ checkpoint }) => checkpoint),
      ["starts"],
    );
    run("qemu-img", "check", output);
    const converted = join(build.directory, "build/work/appliance.vmdk");
    run("qemu-img", "compare", output, converted);
    assert.match(readFileSync(converted).subarray(0, 4096).toString("latin1"), /createType="/);

    // What another build has made is in the way, and stays when the one that it was in the way of is taken back.
    const again = await (await openBuild(file, { paths })).run({ resumeAt: "disk" });
    assert.match(again.failed[0]?.failure?.message ?? "", /it is there already/);
    const [second, first] = (await listJobs({ paths })).filter(({ kind }) => kind === "build");
    await undoJobOf(second?.id ?? "", { paths });
    assert.equal(existsSync(output), true);
    await undoJobOf(first?.id ?? "", { paths });
    assert.equal(existsSync(output), false);
    assert.equal(
      run("sh", "-c", `(losetup -a; cat /proc/self/mountinfo) | grep -c "${directory}" || true`).trim(),
      "0",
    );
  },
);

test(
  "the example of an appliance is built and comes to a login prompt",
  startsAll ? asRoot : { skip: "starts a disk by emulation; run it with REHOME_ALL_STARTS=1" },
  async (context) => {
    const { directory, paths } = testPlace(context);
    cpSync(examples, join(directory, "m"), { recursive: true });
    const disks = join(directory, "disks");
    mkdirSync(disks);
    const build = await openBuild(join(directory, "m/appliance.yaml"), { paths, set: { output: disks } });
    const outcome = await build.run();
    assert.equal(outcome.status, "successful", String(outcome.error));
    run("qemu-img", "compare", join(disks, "appliance.qcow2"), join(disks, "appliance.vmdk"));
  },
);
