import type { CommandDefinition } from "./command-definition.ts";
import { dryRunSummary } from "./common-options.ts";
import { parseDuration } from "../values/duration.ts";
import { choiceOperand, flag, operand, parsedOption } from "./field.ts";

const nameSummary = "A machine of this host";
const documentOf = "machine change";

/** `rehome machine rename` as it was called. */
export interface MachineRenameCall {
  readonly name: string;
  readonly newName: string;
  readonly dryRun: boolean;
}

/** The definition of `rehome machine rename`. */
export const machineRenameCommand: CommandDefinition<MachineRenameCall> = {
  summary: "Give a machine of this host another name",
  description: [
    "Its directory, snapshots, settings, drop-ins and record get the new name. What the machine calls itself inside (`/etc/hostname`) stays, and so does its UUID.",
    "The machine must be halted.",
  ],
  fields: {
    name: operand("NAME", "machine", nameSummary),
    newName: operand("NEW", "nothing", "What it is to be called"),
    dryRun: flag(dryRunSummary, "n"),
  },
  examples: [{ line: "machine rename web1 shop", does: "it is web1 no more" }],
  documentOf,
  statuses: { 3: "the machine runs, or the new name is in use; nothing changed" },
};

/** `rehome machine relocate` as it was called. */
export interface MachineRelocateCall {
  readonly name: string;
  readonly directory: string;
  readonly dryRun: boolean;
}

/** The definition of `rehome machine relocate`. */
export const machineRelocateCommand: CommandDefinition<MachineRelocateCall> = {
  summary: "Move the directory of a machine to another place of this host",
  description: [
    "Where both places lie on one mount the directory only gets another name; otherwise it is copied, the copy is compared with it, and the old one is removed. A drop-in of its unit then has systemd start the machine from there. If that cannot be saved everything is put back.",
    "The machine must be halted. Its new directory must not be there yet, and only root may enter the one above. To bring it back, name the directory that it had. Its snapshots stay where they are, and can be cloned from as before.",
  ],
  fields: {
    name: operand("NAME", "machine", nameSummary),
    directory: operand("DIR", "directory", "What its directory is to be"),
    dryRun: flag(dryRunSummary, "n"),
  },
  examples: [{ line: "machine relocate web1 /srv/machines/web1", does: "it is started from there" }],
  documentOf,
  statuses: { 3: "the machine runs, or the place is not fit; nothing changed" },
};

/** `rehome machine start` as it was called. */
export interface MachineStartCall {
  readonly name: string;
  readonly dryRun: boolean;
}

/** The definition of `rehome machine start`. */
export const machineStartCommand: CommandDefinition<MachineStartCall> = {
  summary: "Start a machine, if it is this site's",
  description: [
    "Where systemd runs, its unit (`systemd-nspawn@NAME.service`) is started; elsewhere systemd-nspawn is started as that unit would, and reads the settings in `/etc/systemd/nspawn` alone. A machine that another site has taken is refused.",
  ],
  fields: { name: operand("NAME", "machine", nameSummary), dryRun: flag(dryRunSummary, "n") },
  examples: [{ line: "machine start web1", does: "returns when it runs" }],
  documentOf,
  statuses: { 3: "the machine runs already, is not complete, or belongs to another site; nothing changed" },
};

/** `rehome machine stop` as it was called. */
export interface MachineStopCall {
  readonly name: string;
  readonly timeout: number | undefined;
  readonly force: boolean;
  readonly dryRun: boolean;
}

/** The definition of `rehome machine stop`. */
export const machineStopCommand: CommandDefinition<MachineStopCall> = {
  summary: "Shut a machine down, and wait until it is",
  description: [
    "The machine is asked to shut down in order. If it has not within the time it may take, this says so and fails; `machine list` then shows it as shutting down, until it is or is stopped with --force.",
  ],
  fields: {
    name: operand("NAME", "machine", nameSummary),
    timeout: parsedOption("DURATION", parseDuration, "How long it may take, such as 5m. Default: 90s"),
    force: flag("End it at once, as if its power were cut"),
    dryRun: flag(dryRunSummary, "n"),
  },
  examples: [
    { line: "machine stop web1", does: "it can be detached then" },
    { line: "machine stop web1 --force", does: "where it hangs" },
  ],
  documentOf,
  statuses: { 3: "the machine does not run; nothing changed" },
};

/** `rehome machine remove` as it was called. */
export interface MachineRemoveCall {
  readonly name: string;
  readonly keepData: boolean;
  readonly dryRun: boolean;
}

/** The definition of `rehome machine remove`. */
export const machineRemoveCommand: CommandDefinition<MachineRemoveCall> = {
  summary: "Remove a machine: its files, its snapshots, its configuration and what is on record of it",
  description: [
    "The machine must be halted. What goes is set aside first: until the first file is removed, `job undo` brings all of it back.",
    "With --keep-data its directory stays as it is, and so do its snapshots. Snapshots that were named by a path stay in any case.",
  ],
  fields: {
    name: operand("NAME", "machine", nameSummary),
    keepData: flag("Leave its directory and its snapshots"),
    dryRun: flag(dryRunSummary, "n"),
  },
  examples: [
    { line: "machine remove web1", does: "nothing of it is left" },
    { line: "machine remove web1 --keep-data", does: "its files live on elsewhere, on shared storage for one" },
  ],
  documentOf,
  statuses: { 3: "the machine runs, or its files are not this host's to remove; nothing changed" },
};

/** `rehome machine mark` as it was called. */
export interface MachineMarkCall {
  readonly name: string;
  readonly mark: "incomplete";
  readonly dryRun: boolean;
}

/** The definition of `rehome machine mark`. */
export const machineMarkCommand: CommandDefinition<MachineMarkCall> = {
  summary: "Mark a machine as incomplete, so that nobody starts, attaches or clones it",
  description: [
    "For a machine whose files are known to be damaged. `job undo` takes the mark off again; `machine remove` removes the machine.",
  ],
  fields: {
    name: operand("NAME", "machine", nameSummary),
    mark: choiceOperand("MARK", ["incomplete"], "What it is to be marked as"),
    dryRun: flag(dryRunSummary, "n"),
  },
  examples: [{ line: "machine mark web1 incomplete", does: "it is left alone from now on" }],
  documentOf,
  statuses: { 3: "the machine runs, or is not its own; nothing changed" },
};

/** `rehome machine reclaim` as it was called. */
export interface MachineReclaimCall {
  readonly name: string;
  readonly targetIsLost: boolean;
  readonly dryRun: boolean;
}

/** The definition of `rehome machine reclaim`. */
export const machineReclaimCommand: CommandDefinition<MachineReclaimCall> = {
  summary: "Take back a machine that another site owns, because that site is lost for good",
  description: [
    "A machine belongs to one site at a time. Where the site that owns it is destroyed, its ownership is raised above that site's (a higher epoch), on record and in the machine's own directory. Should that site come back, what it has of the machine is an old copy: it is refused where both meet.",
    "Never do this while the other site may run the machine. A machine that was never attached here is configured afterwards: attach it.",
  ],
  fields: {
    name: operand("NAME", "machine", nameSummary),
    targetIsLost: flag("Say that the site which owns it will never run it again. Must be given"),
    dryRun: flag(dryRunSummary, "n"),
  },
  examples: [{ line: "machine reclaim web1 --target-is-lost", does: "it is this site's again" }],
  documentOf,
  statuses: { 3: "no other site owns the machine; nothing changed" },
};
