import type { CommandDefinition } from "./command-definition.ts";
import { choiceOption, flag, listOption, optionalOperand, textOption } from "./field.ts";

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
    firmware: choiceOption(firmwareWords, "Plan for starting with this firmware. Default: none is asked for"),
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
