import type { PackageScope } from "../../../core/inventory/inventory.ts";

/**
 * Scopes of packages on Linux, where no package declares one.
 *
 * A machine brings programs and libraries of its own. What it gets from its host, whatever it inherits, is the kernel
 * and what systemd-nspawn makes of it: so `all-machines` has the package with systemd-nspawn (which settings it knows, how
 * it lays out a machine), systemd itself (the unit that starts it, its limits), and libseccomp (the table from which the
 * filter of system calls is made: with an older one new system calls fail inside the machine). The kernel is compared by
 * release and features instead, since several may be installed and one runs. `this-host` has what only hardware and boot
 * of the host use, even where a machine sees the files.
 */
export const defaultScopes: Readonly<Record<PackageScope, readonly string[]>> = {
  "all-machines": "systemd systemd-container libseccomp libseccomp2".split(" "),
  "this-host": [
    "grub grub-* grub2-* shim shim-* syslinux* extlinux efibootmgr mokutil systemd-boot*",
    "linux-firmware* firmware-* *-firmware *-microcode microcode_ctl ucode-*",
    "linux-image-* linux-headers-* linux-modules-* kernel kernel-* linux-lts linux-virt",
    "initramfs-tools* dracut* mkinitfs os-prober smartmontools mdadm dmidecode fwupd*",
  ].flatMap((line) => line.split(" ")),
  none: [],
};
