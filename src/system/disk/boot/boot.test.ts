import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { cpio } from "../../../../test/support/cpio.ts";
import { memoryTree } from "../../../../test/support/memory-tree.ts";
import type { PlannedDisk, PlannedPartition } from "../plan/disk-plan.ts";
import { embedGrub } from "./embed-grub.ts";
import { BootLoaderError } from "./errors.ts";
import { formatEarlyConfig, formatGrubConfig, type GrubMenu } from "./grub-config.ts";
import { readKernelParameters, withSerialConsole } from "./kernel-parameters.ts";
import { findKernels } from "./kernels.ts";
import { readInitramfsFiles } from "./read-initramfs.ts";

const part = (fields: Partial<PlannedPartition>): PlannedPartition => ({
  number: 1,
  startSector: 2048,
  sectorCount: 2048,
  typeCode: "83",
  type: "linux",
  partitionUuid: "",
  isActive: false,
  isLogical: false,
  content: { kind: "none" },
  ...fields,
});

const disk = (table: "gpt" | "mbr", partitions: PlannedPartition[]): PlannedDisk => ({
  name: "disk",
  sizeBytes: 2 ** 30,
  table,
  id: "0",
  partitions,
});

test("embedGrub() places the core image and leaves table and disk id alone", () => {
  const bootImage = Buffer.alloc(512, 0xaa);
  const core = Buffer.alloc(100_000, 0xbb);
  for (const [layout, start] of [
    [disk("gpt", [part({ type: "esp" }), part({ type: "bios-boot", startSector: 4096 })]), 4096],
    [disk("mbr", [part({})]), 1],
  ] as const) {
    const [placed, code] = embedGrub(layout, 512, bootImage, core);
    assert.ok(placed && code);
    assert.deepEqual(
      [placed.offsetBytes, placed.bytes.length, code.offsetBytes, code.bytes.length],
      [start * 512, 100_000, 0, 440],
    );
    const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset);
    assert.equal(view(code.bytes).getBigUint64(0x5c, true), BigInt(start));
    assert.equal(view(placed.bytes).getBigUint64(500, true), BigInt(start + 1));
  }
  assert.throws(() => embedGrub(disk("gpt", [part({})]), 512, bootImage, core), BootLoaderError);
  assert.throws(() => embedGrub(disk("mbr", [part({ startSector: 63 })]), 512, bootImage, core), BootLoaderError);
  assert.throws(() => embedGrub(disk("mbr", [part({})]), 4096, bootImage, core), BootLoaderError);
});

test("findKernels() orders by version, and finds each initramfs however its distribution names it", () => {
  const names = [
    "vmlinuz-6.9.1-amd64",
    "initrd.img-6.9.1-amd64",
    "vmlinuz-6.10.2-amd64",
    "initramfs-6.10.2-amd64.img",
    "vmlinuz-0-rescue-1f2e",
    "vmlinux-5.4",
    "vmlinuz-$(reboot)",
    "vmlinuz-a b",
    "config-6.9.1-amd64",
  ];
  assert.deepEqual(findKernels(memoryTree(Object.fromEntries(names.map((name) => [`boot/${name}`, ""])))), [
    { version: "6.10.2-amd64", path: "/boot/vmlinuz-6.10.2-amd64", initramfs: "/boot/initramfs-6.10.2-amd64.img" },
    { version: "6.9.1-amd64", path: "/boot/vmlinuz-6.9.1-amd64", initramfs: "/boot/initrd.img-6.9.1-amd64" },
    { version: "5.4", path: "/boot/vmlinux-5.4" },
    { version: "0-rescue-1f2e", path: "/boot/vmlinuz-0-rescue-1f2e" },
  ]);
});

test("readKernelParameters() takes plain words of GRUB's settings, or of the kernel's", () => {
  const settings = [
    'GRUB_CMDLINE_LINUX_DEFAULT="quiet splash root=/dev/sda1 ro"',
    "GRUB_CMDLINE_LINUX='net.ifnames=0 $(reboot) a;b console=tty1 resume=UUID=1234'",
    '#GRUB_CMDLINE_LINUX="commented"',
  ].join("\n");
  assert.deepEqual(readKernelParameters(memoryTree({ "etc/default/grub": settings, "etc/kernel/cmdline": "no" })), [
    "net.ifnames=0",
    "console=tty1",
    "resume=UUID=1234",
    "quiet",
    "splash",
  ]);
  assert.deepEqual(readKernelParameters(memoryTree({ "etc/kernel/cmdline": "root=UUID=1 rw selinux=0\n" })), [
    "selinux=0",
  ]);
  assert.deepEqual(readKernelParameters(memoryTree({})), []);
  assert.deepEqual(withSerialConsole(["console=tty1"]), ["console=tty1"]);
  assert.deepEqual(withSerialConsole(["quiet"]), ["quiet", "console=ttyS0,115200n8", "console=tty0"]);
});

const menu: GrubMenu = {
  systemName: 'Evil"; reboot\n$(x) 12',
  kernels: [
    { version: "6.1", path: "/boot/vmlinuz-6.1", initramfs: "/boot/initrd.img-6.1" },
    { version: "5.4", path: "/boot/vmlinuz-5.4" },
  ],
  parameters: ["quiet"],
  bootUuid: "b0",
  bootMountPoint: "/boot",
  rootUuid: "r0",
  rootPartitionUuid: "p0",
};

test("formatGrubConfig() names everything by UUID, and paths as the file system of /boot has them", () => {
  const text = formatGrubConfig(menu);
  assert.deepEqual(text.match(/^ +(?:linux|initrd) .*$/gm), [
    "  linux /vmlinuz-6.1 root=UUID=r0 ro quiet",
    "  initrd /initrd.img-6.1",
    "  linux /vmlinuz-5.4 root=PARTUUID=p0 ro quiet",
  ]);
  assert.match(text, /^menuentry "Evil reboot\(x\) 12, 6\.1" \{$/m);
  assert.match(formatGrubConfig({ ...menu, bootMountPoint: "/" }), /^ {2}linux \/boot\/vmlinuz-6\.1 /m);
  assert.match(formatEarlyConfig(menu), /^search\.fs_uuid b0 root\nset prefix=\(\$root\)\/grub\n/);
  assert.match(formatEarlyConfig({ ...menu, bootMountPoint: "/" }), /^set prefix=\(\$root\)\/boot\/grub$/m);
});

test("readInitramfsFiles() reads archives in a row, packed or not, and stops at damage", async () => {
  const early = cpio({ "kernel/x86/microcode.bin": "code", "conf/early": "1" });
  const main = cpio({ "./conf/conf.d/resume": "RESUME=UUID=1", "etc/fstab": "x", "bin/sh": "binary" });
  const padded = Buffer.concat([early, Buffer.alloc(512 - (early.length % 512))]);
  const wanted = (name: string): boolean => /^(?:conf|etc)\//.test(name);
  const filesIn = (archive: Uint8Array) => Array.fromAsync(readInitramfsFiles(archive, wanted));
  const namesIn = async (archive: Uint8Array) => (await filesIn(archive)).map(({ name }) => name);
  const all = ["conf/early", "conf/conf.d/resume", "etc/fstab"];
  for (const pack of [(bytes: Buffer) => bytes, gzipSync, zstdCompressSync])
    assert.deepEqual(await namesIn(Buffer.concat([padded, pack(main)])), all);
  assert.deepEqual((await filesIn(main))[0], { name: "conf/conf.d/resume", content: "RESUME=UUID=1" });
  assert.deepEqual(await namesIn(gzipSync(main).subarray(0, 60)), []);
  assert.equal((await namesIn(main.subarray(0, 130))).length, 1);
  assert.deepEqual(await namesIn(gzipSync(gzipSync(main))), []);
  assert.deepEqual(await namesIn(Buffer.alloc(0)), []);
});
