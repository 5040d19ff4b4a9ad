import type { CommandDefinition } from "./command-definition.ts";
import { parseSize } from "../../core/size.ts";
import { UsageError } from "../../core/errors.ts";
import { dryRunSummary } from "./common-options.ts";
import { choiceOption, flag, listOption, operand, optionalOperand, parsedOption, textOption } from "./field.ts";

/** Firmware as it is chosen on the command line. */
export type FirmwareChoice = "bios" | "uefi" | "both";

const firmwareWords = ["bios", "uefi", "both"] as const;
const sizeSummary = "The size of a disk: 20G, 8GiB; several disks each by their name";

/** `rehome disk layout` as it was called. */
export interface DiskLayoutCall {
  readonly image: string | undefined;
  readonly fromHost: boolean;
  readonly fromDesc: readonly string[];
  readonly plan: string | undefined;
  readonly size: readonly string[];
  readonly firmware: FirmwareChoice | undefined;
  readonly format: "yaml" | "desc" | undefined;
  readonly disk: string | undefined;
}

/** The definition of `rehome disk layout`. */
export const diskLayoutCommand: CommandDefinition<DiskLayoutCall> = {
  summary: "Print how disks are divided, or where everything would lie on disks of a size",
  description: [
    "A layout is YAML (docs/format/layout.schema.json): disks, their partitions with a size (20GiB, 30%, fill, minimum), what each holds and where it is mounted. It comes from the disks of this host, from those an image was captured from, from desc files of the KA method, or from a file.",
    "A desc file has the types and sizes of partitions only. With an IMAGE they get file systems, labels and mount points of its disks, in the order of the partitions; several disks have a desc file each.",
    "With --plan or --size the plan is printed: the start and size of each partition, and the UUIDs. It is refused, with how much is lacking, if it does not fit; with an IMAGE its content counts. Nothing is ever written.",
  ],
  fields: {
    image: optionalOperand("IMAGE", "image", "Take the layout that it was captured from, and what it needs"),
    fromHost: flag("Take the layout of this host's disks"),
    fromDesc: listOption("[DISK=]FILE", "file", "Take this desc file; repeatable, one for each disk"),
    plan: textOption("LAYOUT", "file", "Plan this layout; without --size on the smallest disks that hold it"),
    size: listOption("[DISK=]SIZE", "nothing", sizeSummary),
    firmware: choiceOption(
      firmwareWords,
      "Let this firmware start it: an image gets the partitions for that, a plan is held to it. Default: both for an image without a desc file, none for others",
    ),
    format: choiceOption(["yaml", "desc"], "How to print the layout. Default: yaml"),
    disk: textOption("NAME", "nothing", "With --format desc: which disk, if there are several"),
  },
  examples: [
    { line: "disk layout --from-host > layout.yaml", does: "of this host's disks" },
    { line: "disk layout web", does: "of the disks that an image was captured from" },
    { line: "disk layout --plan layout.yaml --size 20G", does: "where everything would lie" },
    { line: "disk layout web --from-desc desc > layout.yaml", does: "sizes of a desc file for an image" },
    { line: "disk layout --from-host --format desc --disk sda", does: "as a desc file" },
  ],
  statuses: { 3: "it does not fit, or something cannot be described" },
};

/** Where a disk image is to run. */
export type HypervisorChoice = "kvm" | "virtualbox" | "esxi" | "aws";

const hypervisorWords = ["kvm", "virtualbox", "esxi", "aws"] as const;
const forSummary = "Write what this takes: esxi and aws a stream-optimised VMDK, the others one that can be written to";
const cpusSummary = "Processors of the virtual computer that an OVA describes. Default: 2";
const memorySummary = "Its memory. Default: 2GiB";

/** `rehome disk build` as it was called. */
export interface DiskBuildCall {
  readonly image: string;
  readonly output: readonly string[];
  readonly device: readonly string[];
  readonly yesErase: readonly string[];
  readonly layout: string | undefined;
  readonly desc: readonly string[];
  readonly size: readonly string[];
  readonly firmware: FirmwareChoice | undefined;
  readonly uuidSeed: string | undefined;
  readonly luksPassphraseFile: readonly string[];
  readonly identity: "keep" | "reset" | undefined;
  readonly fresh: "now" | "first-boot" | undefined;
  readonly hostname: string | undefined;
  readonly mapNic: readonly string[];
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly for: HypervisorChoice | undefined;
  readonly cpus: number | undefined;
  readonly memory: number | undefined;
  readonly dryRun: boolean;
}

/** The definition of `rehome disk build`. */
export const diskBuildCommand: CommandDefinition<DiskBuildCall> = {
  summary: "Build a disk that starts from an image",
  description: [
    "Divides a disk, makes its file systems, restores the image into them, prepares the system as `rehome prepare` does, and installs a boot loader. The tree on the disk is then read back and held against the image: nothing but what the preparation lists may differ. fstab and boot entries name UUIDs.",
    "The ending of FILE tells the format: .raw, .img, .qcow2, .vmdk, .vdi, .vhdx, .ova. It must not be there. Without --layout the disk is divided as the one that the image was captured from; where that is not known, one file system holds all. With several disks each FILE, DEVICE and SIZE is given as DISK=….",
    "A --device is written to directly. One that holds something is refused unless it is named again with --yes-erase, one that is in use always; what it held cannot be brought back.",
    "With one --uuid-seed, builds of one image are equal: partition table, tree, boot files. It needs root. Stopped or killed, the same command goes on; until it is done, and for files afterwards too, `job undo` takes it back.",
  ],
  fields: {
    image: operand("IMAGE", "image", "What to put on the disk"),
    output: listOption("[DISK=]FILE", "file", "The file to write", "o"),
    device: listOption("[DISK=]DEVICE", "file", "Write to this disk of the host"),
    yesErase: listOption("DEVICE", "file", "All that this device holds may go"),
    layout: textOption("FILE", "file", "Divide the disk like this; see `rehome disk layout`"),
    desc: listOption("[DISK=]FILE", "file", "Divide the disk as this desc file says"),
    size: listOption("[DISK=]SIZE", "nothing", `${sizeSummary}. Default: as it was, or what is needed and some room`),
    firmware: choiceOption(firmwareWords, "What is to start it. Default: all that the layout has partitions for"),
    uuidSeed: textOption("TEXT", "nothing", "Make all new UUIDs from this text, and no time newer than the image"),
    luksPassphraseFile: listOption(
      "[LUKS=]FILE",
      "file",
      "The first line of this file is the passphrase of the layout's LUKS, or of the one that is named",
    ),
    identity: choiceOption(["keep", "reset"], "keep: the same system; reset: a system of its own. Default: keep"),
    fresh: choiceOption(["now", "first-boot"], "With reset: when its new identity is made. Default: now"),
    hostname: textOption("NAME", "nothing", "Give the system this name"),
    mapNic: listOption("OLD=NEW", "nothing", "A network interface of before and of now, as for `rehome prepare`"),
    only: listOption("OP,...", "nothing", "Do only these operations of the preparation"),
    skip: listOption("OP,...", "nothing", "Leave out these operations of the preparation"),
    for: choiceOption(hypervisorWords, forSummary),
    cpus: parsedOption("NUMBER", parseCount, cpusSummary),
    memory: parsedOption("SIZE", parseSize, memorySummary),
    dryRun: flag(dryRunSummary, "n"),
  },
  examples: [
    { line: "disk build web -o web.qcow2 --size 20G -n", does: "what would be on the disk, and what would be changed" },
    { line: "disk build web -o web.qcow2", does: "the same system as a virtual computer" },
    {
      line: "disk build web:2 -o web2.ova --identity reset --hostname web2 --firmware uefi",
      does: "a clone, packed for VMware or VirtualBox",
    },
    { line: "disk build web --device /dev/sdb --yes-erase /dev/sdb", does: "on a disk of this host" },
    { line: "disk build web -o sda=web-a.raw -o sdb=web-b.raw", does: "of two disks, each into a file" },
  ],
  statuses: {
    3: "it does not fit, something is missing, the file is there or the device holds something; nothing was changed",
    4: "what was read back from the disk is not what the image has",
    5: "it was paused by `job pause`",
    6: "built, but what is listed stays as it was or could not be set",
    7: "it was cancelled",
  },
};

/** `rehome disk convert` as it was called. */
export interface DiskConvertCall {
  readonly from: string;
  readonly to: string;
  readonly for: HypervisorChoice | undefined;
  readonly firmware: "bios" | "uefi" | undefined;
  readonly cpus: number | undefined;
  readonly memory: number | undefined;
  readonly dryRun: boolean;
}

/** The definition of `rehome disk convert`. */
export const diskConvertCommand: CommandDefinition<DiskConvertCall> = {
  summary: "Convert a disk image to another format",
  description: [
    "The endings of the names tell the formats: .raw, .img, .qcow2, .vmdk, .vdi, .vhdx, and .ova to write. FROM stays as it is; one that takes content from other files is refused. TO must not be there; it has its name only once it is whole.",
  ],
  fields: {
    from: operand("FROM", "file", "The disk image to read"),
    to: operand("TO", "file", "The disk image to write"),
    for: choiceOption(hypervisorWords, forSummary),
    firmware: choiceOption(["bios", "uefi"], "For an OVA: what starts the disk. Default: bios"),
    cpus: parsedOption("NUMBER", parseCount, cpusSummary),
    memory: parsedOption("SIZE", parseSize, memorySummary),
    dryRun: flag(dryRunSummary, "n"),
  },
  examples: [
    { line: "disk convert vm.qcow2 vm.vmdk --for esxi", does: "for VMware ESXi" },
    { line: "disk convert vm.qcow2 vm.vdi", does: "for VirtualBox, with UUIDs of its own" },
    { line: "disk convert vm.qcow2 vm.ova --cpus 4 --memory 8GiB --firmware uefi", does: "with a description" },
  ],
  statuses: {
    3: "FROM cannot be used, TO is there, or the hypervisor does not take it; nothing was written",
    5: "it was paused by `job pause`",
    7: "it was cancelled",
  },
};

/** `rehome disk test` as it was called. */
export interface DiskTestCall {
  readonly disk: string;
  readonly bus: "virtio" | "sata" | "nvme" | undefined;
  readonly firmware: "bios" | "uefi" | undefined;
  readonly secureBoot: boolean;
  readonly luksPassphraseFile: readonly string[];
  readonly cpus: number | undefined;
  readonly memory: number | undefined;
  readonly timeout: number | undefined;
}

/** The definition of `rehome disk test`. */
export const diskTestCommand: CommandDefinition<DiskTestCall> = {
  summary: "Start a disk image in a virtual computer and wait for its login prompt",
  description: [
    "The computer is emulated by QEMU, without a network, and sees the disk through a layer that takes all writes: the image stays as it is. It needs qemu-system-x86_64, for UEFI the package ovmf, and no root. The system has to write to its first serial port, as those do that `disk build` has written into files.",
    "It says when the prompt came, or where the start stopped; -v shows the console.",
  ],
  fields: {
    disk: operand("DISK", "file", "The disk image; the ending of its name tells the format"),
    bus: choiceOption(["virtio", "sata", "nvme"], "What the disk hangs on. Default: virtio"),
    firmware: choiceOption(["bios", "uefi"], "What starts it. Default: bios"),
    secureBoot: flag("With --firmware uefi: start only what is signed"),
    luksPassphraseFile: listOption(
      "[LUKS=]FILE",
      "file",
      "Type the first line of this file when a passphrase is asked for, or that of the LUKS that is named",
    ),
    cpus: parsedOption("NUMBER", parseCount, "Processors. Default: 2"),
    memory: parsedOption("SIZE", parseSize, "Memory. Default: 1GiB"),
    timeout: parsedOption("SECONDS", parseCount, "Give up after so long. Default: 600"),
  },
  examples: [
    { line: "disk test vm.qcow2", does: "with a BIOS, from a virtio disk" },
    { line: "disk test vm.qcow2 --firmware uefi --bus nvme", does: "with UEFI, from an NVMe disk" },
  ],
  statuses: { 3: "the image cannot be used" },
};

function parseCount(text: string): number {
  const count = /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 0;
  if (count > 0) return count;
  throw new UsageError(`cannot use "${text}" as a number`, "Give a whole number above zero.");
}
