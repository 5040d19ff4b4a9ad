import type { CommandDefinition } from "./command-definition.ts";
import { dryRunSummary } from "./common-options.ts";
import { choiceOption, flag, listOption, operand, textOption } from "./field.ts";

/** `rehome prepare` as it was called. */
export interface PrepareCall {
  readonly directory: string;
  readonly identity: "keep" | "reset" | undefined;
  readonly fresh: "now" | "first-boot" | undefined;
  readonly hostname: string | undefined;
  readonly mapNic: readonly string[];
  readonly bootEntry: boolean;
  readonly with: readonly string[];
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly dryRun: boolean;
}

/** The definition of `rehome prepare`. */
export const prepareCommand: CommandDefinition<PrepareCall> = {
  summary: "Make a restored tree a system in its new home",
  description: [
    "Changes in DIR what new hardware needs: names of network interfaces and drivers, references to old disks, boot loader, initramfs. With --identity reset the system also becomes somebody else: machine-id, SSH host keys, DHCP identifiers, random seeds, cloud-init, journals and logs. `-n` shows every change.",
    "Old disks are known from etc/fstab, new ones from what is mounted at DIR and below it. Programs of the tree (ssh-keygen, update-initramfs, dracut) run in a sandbox without network and devices, and so do the executables of /etc/rehome/prepare.d, of this host and of the tree, which come last.",
    "If something cannot be done, nothing is: the tree stays as it is, and --skip leaves that operation out. An interrupted preparation is finished by the same command.",
  ],
  fields: {
    directory: operand("DIR", "directory", "The root of a system that does not run"),
    identity: choiceOption(
      ["keep", "reset"],
      "keep: the same system elsewhere (a move); reset: a new system of its own (a clone). Default: keep",
    ),
    fresh: choiceOption(
      ["now", "first-boot"],
      "With reset: when its new identity is made. first-boot is for a tree that will be copied again. Default: now",
    ),
    hostname: textOption("NAME", "nothing", "Give the system this name, in /etc/hosts as well"),
    mapNic: listOption(
      "OLD=NEW",
      "nothing",
      "A network interface of before and of now: two names, two MAC addresses, or a name and the MAC address or slot (pci-0000:00:03.0) of its card",
    ),
    bootEntry: flag(
      "Have this host start the system from the disk it lies on: an entry in its firmware, or the active flag of a partition",
    ),
    with: listOption(
      "MODULE",
      "nothing",
      "Put this kernel module into the initramfs, beside those that its tool chooses",
    ),
    only: listOption("OP,...", "nothing", "Do only these operations"),
    skip: listOption("OP,...", "nothing", "Leave out these operations"),
    dryRun: flag(dryRunSummary, "n"),
  },
  examples: [
    { line: "prepare /mnt/target -n", does: "what would be changed for a move" },
    { line: "prepare /mnt/target --map-nic eth0=enp1s0", does: "a moved system on other hardware" },
    { line: "prepare ./web2 --identity reset --hostname web2", does: "a clone with a name and keys of its own" },
    { line: "prepare ./golden --identity reset --fresh first-boot --skip initramfs", does: "a tree to make copies of" },
  ],
  statuses: { 3: "something cannot be done; nothing was changed", 6: "prepared, but what is listed stays as it was" },
};
