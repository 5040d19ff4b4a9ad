import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { JobRecord } from "../../src/engine/job.ts";
import { exitStatus } from "../../src/core/exit-status.ts";
import { partitionsOf } from "../../src/host/disk/device-users.ts";
import { diskPorts } from "../../src/host/disk/disk-ports.ts";
import { loopDevicesOf } from "../../src/host/disk/loop-devices.ts";
import { ensurePrivateMounts } from "../../src/host/disk/private-mounts.ts";
import { guideCommands } from "../support/guide.ts";
import { forgetPartitions, loopDevice, whileOthersLook } from "../support/loop-device.ts";
import { run as runTool } from "../support/run.ts";
import { snapshotTree } from "../support/snapshot.ts";
import { asRoot } from "../support/temporary-directory.ts";
import { assertDocument } from "./documents.ts";
import { program, sandbox, type Sandbox } from "./run-rehome.ts";

// Other tests make namespaces while these have disks mounted, and would keep them.
ensurePrivateMounts();

const mib = 2 ** 20;
const layout = `version: 1
disks:
  - table: gpt
    partitions:
      - {type: bios-boot, size: 1MiB}
      - {type: esp, size: 40MiB}
      - {size: fill, fileSystem: ext4, mount: /}
      - {size: 16MiB, fileSystem: ext2, mount: /srv}
      - {size: minimum, stream: windows}
`;
const build = ["--layout", "layout.yaml", "--size", "128MiB", "--uuid-seed", "one"];

/** A partition that is taken along as it is, with zeros in the middle. */
const stream = Buffer.concat([Buffer.alloc(mib, "begin"), Buffer.alloc(mib), Buffer.alloc(mib, "end")]);

/** A place with the image `web` and a layout for it. */
function withImage(context: TestContext): Sandbox {
  const place = sandbox(context);
  const tree = join(place.directory, "tree");
  for (const folder of ["boot/efi/EFI/vendor", "etc", "srv", "usr/bin"])
    mkdirSync(join(tree, folder), { recursive: true });
  const files = {
    "boot/vmlinuz-6.1.0-9-amd64": "kernel",
    "boot/initrd.img-6.1.0-9-amd64": "initramfs",
    "boot/efi/EFI/vendor/notes": "kept",
    "etc/fstab": "/dev/sda1 / ext4 errors=remount-ro 0 1\nnas:/home /home nfs ro 0 0\n",
    "etc/hostname": "web\n",
    "srv/data": "data",
  };
  for (const [path, content] of Object.entries(files)) writeFileSync(join(tree, path), content);
  writeFileSync(join(place.directory, "layout.yaml"), layout);
  writeFileSync(join(place.directory, "windows.img"), stream);
  assert.equal(place.run("capture", "./tree", "--name", "web", "--raw", "windows=windows.img").status, 0);
  return place;
}

/** The partition table, the tree with all times, and the code that starts it. */
async function describe(path: string, context: TestContext): Promise<unknown> {
  const raw = `${path}.look.raw`;
  runTool("qemu-img", "convert", "-O", "raw", path, raw);
  const place = `${path}.mounted`;
  mkdirSync(place);
  await using root = await diskPorts.attach(raw, 42 * mib, 86 * mib);
  await using _root = await diskPorts.mount(root.device, place, "ext4", ["ro"]);
  context.diagnostic(readFileSync(join(place, "etc/fstab"), "utf8").replaceAll("\n", "; "));
  assert.ok(readFileSync(raw).includes(stream));
  return {
    table: runTool("sfdisk", "--dump", raw).replaceAll(raw, "disk"),
    code: readFileSync(raw).toString("latin1", 0, 2 * mib),
    efi: runTool("mdir", "-b", "-/", "-i", `${raw}@@${2 * mib}`, "::/"),
    // Under the mount of /srv lies a directory that nobody sees.
    tree: snapshotTree(place).filter(({ path: name }) => name !== "srv" && !name.startsWith("lost+found")),
  };
}

test("disk build says what it would do, builds it, and the same from the same seed", asRoot, async (context) => {
  const { directory, run, document } = withImage(context);
  const before = readdirSync(directory);
  const planned = run("disk", "build", "web", "-o", "a.qcow2", ...build, "-n");
  assert.equal(planned.status, 0, planned.stderr);
  assert.match(planned.stdout, /^ 3 .* ext4 +\/ /m);
  assert.match(planned.stdout, /^dhcp .* left out: identity keep$/m);
  assertDocument("disk-build-plan", document("disk", "build", "web", "-o", "a.qcow2", ...build, "-n").document);
  assert.deepEqual(readdirSync(directory), before);

  const { status, document: built } = document("disk", "build", "web", "-o", "a.qcow2", ...build);
  assert.equal(status, 0);
  assertDocument("disk-build", built);
  const { differences, job } = built as {
    readonly differences: readonly { readonly path: string }[];
    readonly job: string;
  };
  assert.ok(differences.some(({ path }) => path === "etc/fstab"));
  assert.ok(!differences.some(({ path }) => path.startsWith("usr")));
  runTool("qemu-img", "check", join(directory, "a.qcow2"));
  const again = run("disk", "build", "web", "-o", "b.qcow2", ...build);
  assert.equal(again.status, 0, again.stderr);
  assert.match(again.stdout, /^read back and equal to the image, but for \d+ entries/m);
  const [a, b] = [
    await describe(join(directory, "a.qcow2"), context),
    await describe(join(directory, "b.qcow2"), context),
  ];
  assert.deepEqual(a, b);

  const refused = run("disk", "build", "web", "-o", "a.qcow2", ...build);
  assert.equal(refused.status, exitStatus.refused);
  assert.match(refused.stderr, /is there already/);
  assert.equal(run("job", "undo", job).status, 0);
  assert.ok(!existsSync(join(directory, "a.qcow2")));

  const converted = document("disk", "convert", "b.qcow2", "b.vmdk", "--for", "esxi");
  assertDocument("disk-convert", converted.document);
  assertDocument("disk-convert-plan", document("disk", "convert", "b.qcow2", "c.ova", "-n").document);
  runTool("qemu-img", "compare", join(directory, "b.qcow2"), join(directory, "b.vmdk"));
  assert.equal(run("disk", "convert", "b.qcow2", "b.vdi", "--for", "esxi").status, exitStatus.usage);
  assert.equal(run("disk", "convert", "b.qcow2", "b.vmdk").status, exitStatus.refused);
});

test("disk build writes to a device only when it may, and says when there is no way back", asRoot, (context) => {
  const { directory, run } = withImage(context);
  const device = loopDevice(context, join(directory, "device"), 128 * mib);
  const words = ["disk", "build", "web", "--device", device, "--layout", "layout.yaml"];
  whileOthersLook(() => spawnSync("addpart", [device, "7", "8192", "2048"]).status === 0);
  const built = run(...words);
  assert.equal(built.status, 0, built.stderr);
  assert.match(built.stderr, /^point of no return: "partition", .*\/dev\/loop\d+ held cannot be brought back$/m);
  const table = runTool("sfdisk", "--dump", device);
  assert.equal(table.match(/type=/g)?.length, 5);
  const names = [1, 2, 3, 4, 5].map((number) => `${device}p${number}`);
  assert.deepEqual(partitionsOf(device).toSorted(), names, "the kernel was told of the new partitions");
  const full = run(...words);
  assert.equal(full.status, exitStatus.refused);
  assert.match(full.stderr, /it holds something \(gpt/);
  assert.equal(runTool("sfdisk", "--dump", device), table);
  const place = join(directory, "mounted");
  mkdirSync(place);
  forgetPartitions(device);
  runTool("wipefs", "--all", "--quiet", device);
  runTool("mkfs.ext2", "-q", device);
  runTool("mount", device, place);
  const used = run(...words, "--yes-erase", device);
  runTool("umount", place);
  assert.equal(used.status, exitStatus.refused);
  assert.match(used.stderr, /it is in use/);
  const erased = run(...words, "--yes-erase", device);
  assert.equal(erased.status, 0, erased.stderr);
  assert.deepEqual(partitionsOf(device).toSorted(), names);
});

test("what the guide to disks says works", asRoot, (context) => {
  const { directory, environment } = withImage(context);
  const [node, ...words] = program;
  const rehome = [node, ...words].map((word) => `'${word}'`).join(" ");
  for (const heading of ["Look before", "Build", "Convert"])
    for (const command of guideCommands("disks", heading)) {
      const script = `rehome() { ${rehome} "$@"; }; ${command}`;
      const { status, stderr } = spawnSync("sh", ["-c", script], {
        cwd: directory,
        env: environment,
        encoding: "utf8",
      });
      assert.equal(status, 0, `${command}: ${stderr}`);
    }
  assert.ok(
    ["web.qcow2", "web2.raw", "web.vmdk", "web.ova", "web.vdi"].every((name) => existsSync(join(directory, name))),
  );
});

test(
  "a build that is killed leaves no mount and no device; it is found, and finished, but not after a restart",
  asRoot,
  async (context) => {
    const { directory, environment, run, document, start } = withImage(context);
    const child = start("disk", "build", "web", "-o", "a.raw", ...build);
    child.stdout.resume();
    child.stderr.resume();
    const closed = once(child, "close");
    while (!readdirSync(directory).some((name) => name.startsWith(".a.raw.")) && child.exitCode === null)
      await delay(5);
    const [job] = (document("job", "list").document as { readonly jobs: readonly { readonly id: string }[] }).jobs;
    assert.ok(job);
    for (let isDivided = false; !isDivided && child.exitCode === null; await delay(20)) {
      child.kill("SIGSTOP");
      const { checkpoints } = document("job", "show", job.id).document as JobRecord;
      isDivided = checkpoints.some(({ name, state }) => name === "partition" && state === "done");
      child.kill(isDivided ? "SIGKILL" : "SIGCONT");
    }
    await closed;
    for (let tries = 0; tries < 200 && loopDevicesOf(directory).length > 0; tries++) await delay(50);
    assert.deepEqual(loopDevicesOf(directory), []);
    assert.match(run("job", "repair", "-n").stdout, /interrupted/);

    writeFileSync(join(directory, "boot-id"), "8d0fca8d-0000-4000-8000-000000000000\n");
    const script = 'mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@"';
    const resume = [...program, "job", "resume", job.id];
    const elsewhere = ["--mount", "sh", "-c", script, join(directory, "boot-id"), ...resume];
    const restarted = spawnSync("unshare", elsewhere, { env: environment, encoding: "utf8" });
    assert.equal(restarted.status, exitStatus.refused, restarted.stderr);
    assert.match(restarted.stderr, /was restarted since it began.*a\.raw/);

    const finished = run("disk", "build", "web", "-o", "a.raw", ...build);
    assert.equal(finished.status, 0, finished.stderr);
    assert.deepEqual(
      readdirSync(directory).filter((name) => name.startsWith(".")),
      [],
    );
    assert.match(run("job", "list").stdout, /done +disk-build/);
  },
);
