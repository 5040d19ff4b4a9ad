import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { cpio } from "../../../../test/support/cpio.ts";
import { memoryTree } from "../../../../test/support/memory-tree.ts";
import { checkTree, DiskNotCleanError } from "./check-tree.ts";

const old = "4e987291-e13e-4614-bdc8-05863173e2c2";
const findStale = (text: string) => (text.includes(old) ? [{ line: 1, reference: old }] : []);
const kernel = "boot/vmlinuz-6.1.0-9-amd64";
const initramfs = "boot/initrd.img-6.1.0-9-amd64";
const packed = (files: Readonly<Record<string, string>>): string => gzipSync(cpio(files)).toString("latin1");
const clean = { "etc/fstab": "UUID=new / ext4 defaults 0 1\n", [kernel]: "kernel", [initramfs]: packed({}) };

test("checkTree() finds an old disk in every file that decides what a system starts from", async () => {
  await checkTree(memoryTree(clean), findStale);
  const text = `something UUID=${old}\n`;
  const places = [
    "etc/fstab",
    "etc/crypttab",
    "etc/kernel/cmdline",
    "etc/default/grub",
    "boot/grub/grub.cfg",
    "boot/grub/grubenv",
    "boot/grub2/grub.cfg",
    "boot/grub2/grubenv",
    "boot/loader/entries/one.conf",
    "boot/efi/EFI/debian/grub.cfg",
    "efi/EFI/fedora/grub.cfg",
    "etc/initramfs-tools/conf.d/resume",
  ];
  for (const path of places) await assertStale({ ...clean, [path]: text }, path);
  for (const name of ["conf/conf.d/resume", "cryptroot/crypttab", "etc/mdadm/mdadm.conf", "etc/cmdline.d/01.conf"])
    await assertStale({ ...clean, [initramfs]: packed({ "bin/sh": "x", [name]: text }) }, `/${initramfs}: ${name}`);
  await checkTree(memoryTree({ ...clean, "etc/motd": text, [initramfs]: packed({ "bin/tool": text }) }), findStale);
});

async function assertStale(files: Readonly<Record<string, string>>, path: string): Promise<void> {
  await assert.rejects(checkTree(memoryTree(files), findStale), (error: unknown) => {
    assert.ok(error instanceof DiskNotCleanError);
    assert.deepEqual(error.files, [{ path, references: [{ line: 1, reference: old }] }]);
    return true;
  });
}
