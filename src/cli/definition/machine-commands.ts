import type { CommandDefinition } from "./command-definition.ts";
import { dryRunSummary } from "./common-options.ts";
import { choiceOption, flag, listOption, operand, textOption } from "./field.ts";

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
  readonly toImage: boolean;
  readonly dryRun: boolean;
  readonly hostRoot: string | undefined;
}

/** The definition of `rehome machine detach`. */
export const machineDetachCommand: CommandDefinition<MachineDetachCall> = {
  summary: "Detach a machine from this host, so that its directory can be attached elsewhere",
  description: [
    "The machine must be halted. A manifest is written into its directory (`.rehome/detached.json`): its settings, and what of this host's software it depends on. Move the directory by any means, or not at all where storage is shared. The machine stays configured here.",
    "With --to-image its files and its manifest are captured as one image, which `machine attach NAME --from IMAGE` attaches where the store can be reached. The files stay here as well until `machine remove`.",
    "With -n the manifest is printed and nothing changes; that works for a machine that runs, and without root.",
  ],
  fields: {
    name: operand("NAME", "machine", "A machine of this host"),
    toImage: flag("Store the machine as an image too, in the store that --store names"),
    dryRun: flag("Print the manifest, and change nothing", "n"),
    hostRoot: textOption("DIR", "directory", hostRootSummary),
  },
  examples: [
    { line: "machine detach web1", does: "its directory can be moved then" },
    { line: "machine detach web1 --to-image --store /mnt/store", does: "as one image, to be attached elsewhere" },
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
  readonly keepIdentity: boolean;
  readonly fresh: "now" | "first-boot" | undefined;
  readonly show: boolean;
  readonly dryRun: boolean;
}

/** The definition of `rehome machine create`. */
export const machineCreateCommand: CommandDefinition<MachineCreateCall> = {
  summary: "Configure a machine from the manifest of a detached one, or make one from an image",
  description: [
    "From the directory of a detached machine (with a `/` in it) or its manifest only the configuration is made, and nothing is validated; `machine attach` does that. Settings that reach out of the machine need --allow: bind mounts of this host, capabilities, user ids of the host, system-call filters, programs to start, and keys that are not known.",
    "From an image of any system, this host or another or a machine, the machine itself is made: everything that keeps this host from holding it is listed first, then the image is restored and read back, and its identity is reset as by `prepare --identity reset`. It makes its machine-id and host keys when it starts first; with --fresh now it has them at once, with --keep-identity it is the captured system itself. Settings are those in the image, or `Boot=yes` and `PrivateUsers=pick`.",
    "--set changes a setting: `SECTION.KEY=VALUE` as in systemd.nspawn(5) (nothing after `=` takes it away), `net.N.physical=DEVICE` names another network device of this host, N counted from 0.",
  ],
  fields: {
    name: operand("NAME", "nothing", "What the machine is to be called here"),
    from: textOption(
      "PATH|IMAGE",
      "image-or-directory",
      "The directory of a detached machine, its manifest, or an image. Must be given",
    ),
    set: listOption("SETTING", "nothing", "Change a setting; repeatable"),
    allow: listOption("KEY[=VALUE]", "nothing", allowSummary),
    edit: flag("Open the settings in $VISUAL or $EDITOR before they are written"),
    keepIdentity: flag("From an image: the machine is the captured system itself, which runs nowhere else"),
    fresh: choiceOption(["now", "first-boot"], "From an image: when the new identity is made. Default: first-boot"),
    show: flag("Print the settings as they would be, and change nothing"),
    dryRun: flag(dryRunSummary, "n"),
  },
  examples: [
    { line: "machine create web1 --from /var/lib/machines/web1", does: "as it was configured before" },
    {
      line: "machine create web1 --from ./web1 --set net.0.physical=br1 --allow Bind=/srv",
      does: "with another bridge, and a directory of this host",
    },
    { line: "machine create web9 --from web:3", does: "a new machine from an image" },
  ],
  statuses: { 3: "a setting is not permitted, or the name is in use; nothing changed" },
};

/** `rehome machine attach` as it was called. */
export interface MachineAttachCall {
  readonly machine: string;
  readonly from: string | undefined;
  readonly dryRun: boolean;
  readonly force: boolean;
  readonly update: boolean;
  readonly host: boolean;
  readonly yes: boolean;
  readonly allow: readonly string[];
  readonly hostRoot: string | undefined;
}

/** The definition of `rehome machine attach`. */
export const machineAttachCommand: CommandDefinition<MachineAttachCall> = {
  summary: "Attach a configured machine, if this host can hold it",
  description: [
    "First everything that speaks against it is listed, with what would mend it: packages and patches that the machine depends on and that are not the same here, in both directions, and what else of this host does not fit. With any finding nothing changes and the machine stays configured.",
    "With -n that is all; instead of a name it takes a manifest then: `-` (standard input), or a file (it holds `/` or ends in `.json`). The rules are in docs/validation.md.",
    "With -u the machine is updated first, where packages are all that is out of step: those that it has itself go up to this host's versions by its own apt, in a sandbox with the network of this host; what it does not have itself it inherits. Nothing goes back to an earlier version, and nothing is removed. A snapshot is kept meanwhile, and put back if it fails; `.rehome/update.log` in the machine says what was done. With --host this host's packages go up to the machine's versions instead.",
    "With --from the files and the manifest come from an image that `machine detach --to-image` made; it is validated first, restored and read back before the machine is said to be attached, and configured as its manifest says where it is not configured here.",
    "A machine that was never detached is attached by a manifest made from its own tree; the software of its host is not compared then.",
  ],
  fields: {
    machine: operand("NAME", "machine", "A machine that is configured here; with -n also a manifest"),
    from: textOption("IMAGE", "image", "Its files are in this image, and not here yet"),
    dryRun: flag("Say whether it can be attached, and change nothing", "n"),
    force: flag("Do not compare software: packages, patches, distribution, kernel, systemd", "F"),
    update: flag("Bring packages of the machine that are out of step to this host's versions first", "u"),
    host: flag("With -u: bring this host's packages to the machine's versions instead; shows them, and needs --yes"),
    yes: flag("With -u --host: install what was shown"),
    allow: listOption("KEY[=VALUE]", "nothing", allowSummary),
    hostRoot: textOption("DIR", "directory", hostRootSummary),
  },
  examples: [
    { line: "machine attach web1", does: "it can be started then" },
    { line: "machine attach -n web1.json", does: "will it fit here?" },
    { line: "machine attach web1 --from web1:3", does: "with its files from an image" },
    { line: "machine attach web1 -u", does: "with the machine's packages brought to this host's versions" },
    { line: "machine attach web1 -F", does: "whatever is installed here" },
  ],
  statuses: { 3: "this host cannot hold the machine; nothing changed" },
};
