import type { TreePath } from "../../../core/tree/byte-string.ts";
import type { TreeFiles } from "../build/ports.ts";

const maxBytes = 64 * 1024;
/** Words that a boot entry can hold as they are. */
const plainWord = /^[\w.,:=/@+%~-]{1,500}$/;
/** What the boot entry says itself, and what dracut is to wait for on the old disks. */
const ownWord =
  /^(?:root|BOOT_IMAGE|initrd)=|^(?:ro|rw)$|^rd\.(?:lvm\.(?:lv|vg)|luks\.(?:uuid|name|key|options)|md\.uuid)=/;

/** The kernel parameters that a system starts with, as GRUB's or the kernel-install settings in its tree name them. */
export function readKernelParameters(tree: TreeFiles): string[] {
  const settings = tree.read("etc/default/grub" as TreePath, maxBytes);
  const line = settings === undefined ? tree.read("etc/kernel/cmdline" as TreePath, maxBytes) : fromGrub(settings);
  const words = (line ?? "").split(/\s+/).filter((word) => plainWord.test(word) && !ownWord.test(word));
  return [...new Set(words)];
}

function fromGrub(settings: string): string {
  return ["GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT"]
    .map((name) => new RegExp(`^\\s*${name}=(?:"([^"$\`]*)"|'([^']*)'|(\\S*))`, "m").exec(settings))
    .map((match) => match?.[1] ?? match?.[2] ?? match?.[3] ?? "")
    .join(" ");
}

/**
 * The parameters with a console on the first serial port where they name no console, so that a virtual machine can be watched;
 * the screen stays the one that messages of the start go to.
 */
export function withSerialConsole(parameters: readonly string[]): string[] {
  if (parameters.some((word) => word.startsWith("console="))) return [...parameters];
  return [...parameters, "console=ttyS0,115200n8", "console=tty0"];
}
