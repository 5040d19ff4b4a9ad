import type { CommandDefinition } from "./command-definition.ts";
import { dryRunSummary } from "./common-options.ts";
import { choiceOption, flag, listOption, operand, textOption } from "./field.ts";

/** `rehome machine clone` as it was called. */
export interface MachineCloneCall {
  readonly source: string;
  readonly name: string;
  readonly snapshot: string | undefined;
  readonly live: boolean;
  readonly fresh: "now" | "first-boot" | undefined;
  readonly set: readonly string[];
  readonly dryRun: boolean;
}

/** The definition of `rehome machine clone`. */
export const machineCloneCommand: CommandDefinition<MachineCloneCall> = {
  summary: "Make another machine of one, with an identity of its own",
  description: [
    "On btrfs the files are a snapshot, if the machine is a subvolume without others in it; elsewhere they are copied, and share their blocks where the file system can (XFS, btrfs). Identity is reset as by `prepare --identity reset`, settings are taken over but for what only one of two machines can have: fixed user ids become `pick`, MachineID= and Hostname= go. The clone does not start with the host.",
    "The source must be halted, unless --live is given: the clone then shows one instant, as after a power failure, where a snapshot is taken (`crash`), and files of different moments where they are copied (`fuzzy`); it is on record.",
    "--snapshot S clones from a snapshot, which is taken and kept if it is not there: a name, kept in `.rehome-snapshots` beside the machines, or a path. It carries a manifest: a snapshot of something else is refused, and so is an out-dated one, from before the machine was attached last or before the software changed that it needs of this host.",
  ],
  fields: {
    source: operand("NAME", "machine", "A machine of this host"),
    name: operand("NEW", "nothing", "What the clone is to be called"),
    snapshot: textOption("S", "directory", "Clone from this snapshot; it is taken if it is not there"),
    live: flag("The machine may run"),
    fresh: choiceOption(
      ["now", "first-boot"],
      "When its new identity is made. first-boot is for a machine that will be cloned again. Default: now",
    ),
    set: listOption("SETTING", "nothing", "Change a setting, as `machine create` does; repeatable"),
    dryRun: flag(dryRunSummary, "n"),
  },
  examples: [
    { line: "machine clone web1 web2", does: "a second machine" },
    { line: "machine clone web1 web3 --snapshot golden", does: "from a snapshot, which is kept for further clones" },
    { line: "machine clone web1 web4 --live", does: "while it runs" },
  ],
  statuses: {
    3: "the machine runs or is not this site's, the name is in use, or the snapshot is not fit; nothing changed",
  },
};
