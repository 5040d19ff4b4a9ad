import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { debianTree } from "./debian-tree.ts";

/** UUIDs and ids of the system that {@link rpmFamilyTree} makes. */
export const rpmFamily = {
  machineId: "0123456789abcdef0123456789abcdef",
  root: "4e987291-e13e-4614-bdc8-05863173e2c2",
  boot: "0b3f1f0e-7d0a-4d6c-9d3c-2f6f0b7f5a11",
  swap: "9f6e3f52-37c1-4c52-b9c9-0a1d1dd2a201",
  esp: "7B77-95E7",
  card: "52:54:00:aa:00:01",
} as const;

/**
 * A system laid out as the RPM family does it, made of fixtures; kernel, dracut and SSH server in it are Debian's and do run.
 */
export function rpmFamilyTree(context: TestContext): { readonly root: string; readonly kernel: string } {
  const root = debianTree(context, "dracut");
  const [kernel = ""] = readdirSync(join(root, "usr/lib/modules"));
  const { machineId, root: rootId, boot, swap, esp, card } = rpmFamily;
  renameSync(join(root, `boot/initrd.img-${kernel}`), join(root, `boot/initramfs-${kernel}.img`));
  for (const path of ["etc/debian_version", "etc/network"]) rmSync(join(root, path), { recursive: true, force: true });
  const options = `root=UUID=${rootId} ro resume=UUID=${swap} rhgb quiet`;
  const files: Readonly<Record<string, string>> = {
    "etc/os-release": 'ID=fedora\nVERSION_ID=41\nPRETTY_NAME="Fixture of the RPM family"\n',
    "etc/machine-id": `${machineId}\n`,
    "etc/hostname": "golden.example.org\n",
    "etc/hosts": "127.0.0.1 localhost\n10.0.0.5 golden.example.org golden\n",
    "etc/sysconfig/network": "NETWORKING=yes\n",
    "etc/sysconfig/network-scripts/ifcfg-eth0": `DEVICE=eth0\nHWADDR=${card.toUpperCase()}\nBOOTPROTO=dhcp\n`,
    "etc/sysconfig/network-scripts/route-eth0": "10.1.0.0/16 via 10.0.0.1 dev eth0\n",
    "etc/NetworkManager/system-connections/lan.nmconnection": `[connection]\nid=lan\ninterface-name=eth0\n\n[ethernet]\nmac-address=${card}\n`,
    "etc/udev/rules.d/70-persistent-net.rules": `ATTR{address}=="${card}", NAME="eth0"\n`,
    "var/lib/NetworkManager/internal-1-eth0.lease": "ADDRESS=10.0.0.5\n",
    "var/lib/NetworkManager/secret_key": "secret",
    "var/lib/dhclient/dhclient-eth0.leases": 'default-duid "x";\n',
    "var/lib/systemd/random-seed": "s".repeat(512),
    "var/lib/cloud/instances/i-1/user-data.txt": "#cloud-config\n",
    "var/log/messages": "golden booted\n",
    "var/log/messages-20250101": "golden booted\n",
    [`var/log/journal/${machineId}/system.journal`]: "journal",
    "etc/modprobe.conf": "alias eth0 tg3\nalias scsi_hostadapter megaraid_sas\noptions nfs x=1\n",
    "etc/fstab": [
      "# made by anaconda",
      `UUID=${rootId} /          xfs     defaults        0 0`,
      `UUID=${boot} /boot      xfs     defaults        0 0`,
      `UUID=${esp} /boot/efi  vfat    umask=0077,shortname=winnt 0 2`,
      `UUID=${swap} none       swap    defaults        0 0`,
      "nfs.example.org:/home /home nfs defaults 0 0",
      "",
    ].join("\n"),
    "etc/crypttab": `luks-data UUID=99999999-9999-4999-8999-999999999999 none\n`,
    "etc/mdadm.conf": "DEVICE /dev/sda1 /dev/sdb1\n",
    "etc/lvm/devices/system.devices": "IDTYPE=sys_wwid IDNAME=naa.5 DEVNAME=/dev/sda2\n",
    "etc/default/grub": `GRUB_CMDLINE_LINUX="resume=UUID=${swap} rhgb quiet"\n`,
    "etc/kernel/cmdline": `${options}\n`,
    [`boot/loader/entries/${machineId}-${kernel}.conf`]: `title Fixture\nlinux /vmlinuz-${kernel}\noptions ${options}\n`,
    "boot/grub2/grub.cfg": `search --no-floppy --fs-uuid --set=boot ${boot}\nblscfg\n`,
    "boot/grub2/grubenv": `# GRUB Environment Block\nkernelopts=${options}\n`.padEnd(1024, "#"),
    "boot/efi/EFI/fedora/grub.cfg": `search --no-floppy --fs-uuid --set=dev ${boot}\n`,
    "boot/efi/EFI/fedora/shimx64.efi": "shim",
    "boot/efi/EFI/fedora/grubx64.efi": "grub",
    "boot/efi/EFI/fedora/mmx64.efi": "mok",
    "etc/selinux/config": "SELINUX=enforcing\nSELINUXTYPE=targeted\n",
    // The kernel unpacks it all the same, and a test has no time to compress it.
    "etc/dracut.conf.d/test.conf": 'compress="cat"\n',
  };
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  mkdirSync(join(root, "etc/rehome/prepare.d"), { recursive: true });
  const script = '#!/bin/sh\necho "$REHOME_IDENTITY $REHOME_HOSTNAME $(cat /etc/hostname)" >/etc/prepared\n';
  writeFileSync(join(root, "etc/rehome/prepare.d/10-mark"), script, { mode: 0o755 });
  return { root, kernel };
}
