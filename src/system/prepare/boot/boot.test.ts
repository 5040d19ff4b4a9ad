import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { BootPlace } from "../operation.ts";
import { handMadeTree } from "../../../../test/support/hand-made-tree.ts";

const kernel = { "boot/vmlinuz-6.1.0-1-amd64": "", "usr/lib/modules/6.1.0-1-amd64/modules.dep": "" };
const debian = { "usr/sbin/update-initramfs": "", "etc/initramfs-tools/initramfs.conf": "MODULES=most\n" };

test("initramfs: Debian's tool makes that of each kernel that can be booted", async (context) => {
  const tree = handMadeTree(context, { ...kernel, ...debian, "usr/lib/modules/5.10.0-9-amd64/modules.dep": "" });
  await tree.prepare("initramfs");
  assert.deepEqual(tree.ran, ["/usr/sbin/update-initramfs -c -k 6.1.0-1-amd64"]);
  assert.ok(!tree.has("etc/initramfs-tools/conf.d/zz-rehome"));
});

test("initramfs: MODULES=dep, which knows only the hardware it is made on, becomes most", async (context) => {
  const tree = handMadeTree(context, {
    ...kernel,
    ...debian,
    "etc/initramfs-tools/conf.d/driver-policy": "# comment\nMODULES=dep\n",
  });
  await tree.prepare("initramfs");
  assert.match(tree.text("etc/initramfs-tools/conf.d/zz-rehome"), /^MODULES=most$/m);
});

test("initramfs: dracut makes one that is not for one host, where the distribution keeps it", async (context) => {
  const tree = handMadeTree(context, { ...kernel, "usr/bin/dracut": "" });
  await tree.prepare("initramfs");
  assert.deepEqual(tree.ran, ["/usr/bin/dracut --force --no-hostonly --no-hostonly-cmdline --kver 6.1.0-1-amd64"]);
  const onDebian = handMadeTree(context, { ...kernel, "usr/bin/dracut": "", "boot/initrd.img-6.1.0-1-amd64": "" });
  await onDebian.prepare("initramfs");
  assert.match(onDebian.ran[0] ?? "", /--kver 6\.1\.0-1-amd64 \/boot\/initrd\.img-6\.1\.0-1-amd64\.rehome$/);
  const moves = onDebian.plan("initramfs").changes.flatMap((change) => (change.kind === "move" ? [change.path] : []));
  assert.deepEqual(moves, ["boot/initrd.img-6.1.0-1-amd64"], "and takes its place when it is whole");
});

test("initramfs: modules that are asked for are in it, once, whatever tool makes it", async (context) => {
  const choices = { bootModules: ["jfs", "ata_piix"] };
  const tree = handMadeTree(context, { ...kernel, ...debian, "etc/initramfs-tools/modules": "# more\njfs" });
  await tree.prepare("initramfs", choices);
  assert.equal(tree.text("etc/initramfs-tools/modules"), "# more\njfs\nata_piix\n");
  assert.deepEqual(
    tree.plan("initramfs", choices).changes.filter(({ kind }) => kind === "write"),
    [],
  );
  const dracut = handMadeTree(context, { ...kernel, "usr/bin/dracut": "" });
  assert.deepEqual(
    dracut.plan("initramfs", choices).changes.flatMap((change) => ("argv" in change ? [change.argv.slice(4, 6)] : [])),
    [["--add-drivers", "jfs ata_piix"]],
  );
});

test("initramfs: a kernel without a tool blocks, a tree without a kernel needs none", async (context) => {
  const tree = handMadeTree(context, kernel);
  assert.match(tree.plan("initramfs").why ?? "", /kernel 6\.1\.0-1-amd64 and neither update-initramfs nor dracut/);
  await assert.rejects(tree.prepare(undefined), { code: "TARGET_UNSUITABLE" });
  assert.equal(handMadeTree(context, debian).plan("initramfs").state, "nothing");
});

test("boot-loader: a shim goes to the removable path with what it starts", async (context) => {
  const tree = handMadeTree(context, {
    "boot/efi/EFI/debian/shimx64.efi": "shim",
    "boot/efi/EFI/debian/grubx64.efi": "grub",
    "boot/efi/EFI/debian/mmx64.efi": "mm",
    "boot/efi/EFI/debian/fbx64.efi": "fallback",
  });
  await tree.prepare("boot-loader");
  const [boot, grub, mm] = ["BOOTX64.EFI", "grubx64.efi", "mmx64.efi"].map((name) =>
    tree.text(`boot/efi/EFI/BOOT/${name}`),
  );
  assert.deepEqual([boot, grub, mm], ["shim", "grub", "mm"]);
  assert.equal(tree.plan("boot-loader").state, "nothing", "a second time");
});

test("boot-loader: GRUB alone, systemd-boot, and what is there already whatever its case", async (context) => {
  const grub = handMadeTree(context, { "boot/efi/EFI/debian/grubaa64.efi": "grub" });
  await grub.prepare("boot-loader");
  assert.equal(grub.text("boot/efi/EFI/BOOT/BOOTAA64.EFI"), "grub");
  const systemd = handMadeTree(context, { "efi/EFI/systemd/systemd-bootx64.efi": "sd" });
  await systemd.prepare("boot-loader");
  assert.equal(systemd.text("efi/EFI/BOOT/BOOTX64.EFI"), "sd");
  const there = handMadeTree(context, { "efi/efi/Boot/bootx64.efi": "mine", "efi/efi/debian/grubx64.efi": "grub" });
  assert.equal(there.plan("boot-loader").state, "nothing");
});

const bootPlace: BootPlace = {
  partition: { disk: "/dev/sda", number: 2 },
  table: "dos",
  esp: undefined,
  firmware: "bios",
  loader: "BOOTX64.EFI",
  entries: [],
};

test("boot-entry: a partition becomes active where the BIOS looks for that, and nothing is done unasked", async (context) => {
  const tree = handMadeTree(context, { "etc/hostname": "web\n" });
  assert.equal(tree.plan("boot-entry").state, "nothing");
  await tree.prepare("boot-entry", { bootPlace });
  assert.deepEqual(tree.ran, ["host: sfdisk --quiet --activate /dev/sda 2"]);
  assert.equal(tree.plan("boot-entry", { bootPlace: { ...bootPlace, table: "gpt" } }).state, "nothing");
});

test("boot-entry: firmware that refuses an entry is a warning, and an entry that is there is not made again", async (context) => {
  const tree = handMadeTree(context, { "etc/hostname": "web\n" });
  const uefi: BootPlace = { ...bootPlace, table: "gpt", firmware: "uefi", esp: { disk: "/dev/nvme0n1", number: 1 } };
  const [done] = await tree.prepare("boot-entry", { bootPlace: uefi });
  assert.deepEqual(tree.ran, [
    String.raw`host: efibootmgr --quiet --create --disk /dev/nvme0n1 --part 1 --label rehome web --loader \EFI\BOOT\BOOTX64.EFI`,
  ]);
  assert.deepEqual(done?.warnings, ['a boot entry "rehome web" in the firmware: it is not installed']);
  assert.equal(tree.plan("boot-entry", { bootPlace: { ...uefi, entries: ["rehome web"] } }).state, "nothing");
  assert.match(
    tree.plan("boot-entry", { bootPlace: { ...uefi, esp: undefined } }).remarks.join(),
    /no EFI system partition/,
  );
});

test("selinux: the flag is set where SELinux is on, once", async (context) => {
  const enforcing = handMadeTree(context, { "etc/selinux/config": "SELINUX=enforcing\nSELINUXTYPE=targeted\n" });
  await enforcing.prepare("selinux");
  assert.ok(enforcing.has(".autorelabel"));
  assert.equal(enforcing.plan("selinux").state, "nothing");
  const disabled = handMadeTree(context, { "etc/selinux/config": "# SELINUX=enforcing\nSELINUX=disabled\n" });
  assert.equal(disabled.plan("selinux").state, "nothing");
});

test("prepare.d: executables of this host run first, then those of the tree, and unsafe ones block", async (context) => {
  const tree = handMadeTree(context, {
    "etc/rehome/prepare.d/20-mine": "#!/bin/sh\n",
    "etc/rehome/prepare.d/README": "text",
    "etc/rehome/prepare.d/10-link": "->/bin/sh",
  });
  chmodSync(join(tree.root, "etc/rehome/prepare.d/20-mine"), 0o755);
  const programs = [{ name: "90-host", hostPath: "/etc/rehome/prepare.d/90-host" }];
  await tree.prepare("prepare.d", { programs });
  assert.deepEqual(tree.ran, ["/run/rehome/prepare.d/90-host", "/etc/rehome/prepare.d/20-mine"]);
  const unsafe = [{ name: "x", hostPath: "/etc/rehome/prepare.d/x", unsafe: "others than its owner may write it" }];
  assert.match(tree.plan("prepare.d", { programs: unsafe }).why ?? "", /must not be run: others/);
});
