import type { CommandDefinition } from "./command-definition.ts";
import { dryRunSummary } from "./common-options.ts";
import { flag, listOption, operand, textOption } from "./field.ts";

/** `rehome machine list` as it was called. */
export type MachineListCall = Readonly<Record<string, never>>;

/** The definition of `rehome machine list`. */
export const machineListCommand: CommandDefinition<MachineListCall> = {
  summary: "List the machines of this host, with what each is at",
  description: [
    "States: `configured` has settings and no files of its own, `detached` is configured and can be attached here or elsewhere, `incomplete` is between two states, `installed` can be started, `running` runs, `moved` is owned by another site.",
    "With -v also whether a machine is started with the host, the epoch of its ownership, and where it went.",
  ],
  fields: {},
  examples: [
    { line: "machine list", does: "all of them" },
    { line: "machine list -v", does: "with ownership" },
    { line: "machine list --json", does: "for programs" },
  ],
};

const hostRootSummary = "Take what is installed on the host from the root in DIR instead of /";
const allowSummary = "Permit a setting that reaches out of the machine; repeatable";

/** `rehome machine detach` as it was called. */
export interface MachineDetachCall {
  readonly name: string;
  readonly dryRun: boolean;
  readonly hostRoot: string | undefined;
}

/** The definition of `rehome machine detach`. */
export const machineDetachCommand: CommandDefinition<MachineDetachCall> = {
  summary: "Detach a machine from this host, so that its directory can be attached elsewhere",
  description: [
    "The machine must be halted. A manifest is written into its directory (`.rehome/detached.json`): its settings, and what of this host's software it depends on. Move the directory by any means, or not at all where storage is shared. The machine stays configured here.",
    "With -n the manifest is printed and nothing changes; that works for a machine that runs, and without root.",
  ],
  fields: {
    name: operand("NAME", "machine", "A machine of this host"),
    dryRun: flag("Print the manifest, and change nothing", "n"),
    hostRoot: textOption("DIR", "directory", hostRootSummary),
  },
  examples: [
    { line: "machine detach web1", does: "its directory can be moved then" },
    { line: "machine detach -n web1 | ssh host2 rehome machine attach -n -", does: "will it fit there?" },
  ],
  statuses: { 3: "the machine runs, or its directory is not fit; nothing changed" },
};

/** `rehome machine create` as it was called. */
export interface MachineCreateCall {
  readonly name: string;
  readonly from: string | undefined;
  readonly set: readonly string[];
  readonly allow: readonly string[];
  readonly edit: boolean;
  readonly show: boolean;
  readonly dryRun: boolean;
}

/** The definition of `rehome machine create`. */
export const machineCreateCommand: CommandDefinition<MachineCreateCall> = {
  summary: "Configure a machine from the manifest of a detached one",
  description: [
    "Nothing is validated; `machine attach` does that. Settings that reach out of the machine need --allow: bind mounts of this host, capabilities, user ids of the host, system-call filters, programs to start, and keys that are not known.",
    "--set changes a setting: `SECTION.KEY=VALUE` as in systemd.nspawn(5) (nothing after `=` takes it away), `net.N.physical=DEVICE` names another network device of this host, N counted from 0.",
  ],
  fields: {
    name: operand("NAME", "nothing", "What the machine is to be called here"),
    from: textOption("PATH", "file", "The directory of a detached machine, or its manifest. Must be given"),
    set: listOption("SETTING", "nothing", "Change a setting; repeatable"),
    allow: listOption("KEY[=VALUE]", "nothing", allowSummary),
    edit: flag("Open the settings in $VISUAL or $EDITOR before they are written"),
    show: flag("Print the settings as they would be, and change nothing"),
    dryRun: flag(dryRunSummary, "n"),
  },
  examples: [
    { line: "machine create web1 --from /var/lib/machines/web1", does: "as it was configured before" },
    {
      line: "machine create web1 --from ./web1 --set net.0.physical=br1 --allow Bind=/srv",
      does: "with another bridge, and a directory of this host",
    },
  ],
  statuses: { 3: "a setting is not permitted, or the name is in use; nothing changed" },
};

/** `rehome machine attach` as it was called. */
export interface MachineAttachCall {
  readonly machine: string;
  readonly dryRun: boolean;
  readonly force: boolean;
  readonly allow: readonly string[];
  readonly hostRoot: string | undefined;
}

/** The definition of `rehome machine attach`. */
export const machineAttachCommand: CommandDefinition<MachineAttachCall> = {
  summary: "Attach a configured machine, if this host can hold it",
  description: [
    "First everything that speaks against it is listed, with what would mend it: packages and patches that the machine depends on and that are not the same here, in both directions, and what else of this host does not fit. With any finding nothing changes and the machine stays configured.",
    "With -n that is all; instead of a name it takes a manifest then: `-` (standard input), or a file (it holds `/` or ends in `.json`). The rules are in docs/validation.md.",
    "A machine that was never detached is attached by a manifest made from its own tree; the software of its host is not compared then.",
  ],
  fields: {
    machine: operand("NAME", "machine", "A machine that is configured here; with -n also a manifest"),
    dryRun: flag("Say whether it can be attached, and change nothing", "n"),
    force: flag("Do not compare software: packages, patches, distribution, kernel, systemd", "F"),
    allow: listOption("KEY[=VALUE]", "nothing", allowSummary),
    hostRoot: textOption("DIR", "directory", hostRootSummary),
  },
  examples: [
    { line: "machine attach web1", does: "it can be started then" },
    { line: "machine attach -n web1.json", does: "will it fit here?" },
    { line: "machine attach web1 -F", does: "whatever is installed here" },
  ],
  statuses: { 3: "this host cannot hold the machine; nothing changed" },
};
