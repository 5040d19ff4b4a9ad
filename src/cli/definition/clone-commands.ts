import { wholeNumber } from "../values/whole-number.ts";
import type { CommandDefinition } from "./command-definition.ts";
import { dryRunSummary } from "./common-options.ts";
import { flag, listOption, operand, operandList, parsedOption, textOption, type OptionField } from "./field.ts";

/** The name of a session as an option. */
export const session = (summary: string): OptionField<string | undefined> => textOption("SESSION", "nothing", summary);
/** The port of the golden node. */
export const port: OptionField<number | undefined> = parsedOption(
  "PORT",
  wholeNumber("port", 0, 65_535),
  "TCP port of the golden node. Default: 30765",
);
const sessionOperand = operand("SESSION", "nothing", "Name of a session that is served on this host");

/** `rehome clone join` as it was called. */
export interface CloneJoinCall {
  readonly session: string | undefined;
  readonly from: string | undefined;
  readonly dir: string | undefined;
  readonly disk: readonly string[];
  readonly layout: string | undefined;
  readonly yesErase: readonly string[];
  readonly yesEraseAll: boolean;
  readonly luksPassphraseFile: readonly string[];
  readonly raw: readonly string[];
  readonly fromStore: string | undefined;
  readonly name: string | undefined;
  readonly port: number | undefined;
  readonly listenPort: number | undefined;
  readonly reboot: boolean;
  readonly then: string | undefined;
  readonly dryRun: boolean;
  readonly tokenFile: string | undefined;
  readonly update: boolean;
  readonly allowExec: boolean;
}

/** The definition of `rehome clone join`. */
export const cloneJoinCommand: CommandDefinition<CloneJoinCall> = {
  summary: "Join a session and write its image to a directory, to disks, or into a store",
  description: [
    "The target is either --dir, --disk or --store. A store takes only what it lacks, and gives the image the next number under its name.",
    "Waits for the session to start, writes the tree beside --dir while it comes in, passes on what comes, reads all of it back from the device, and renames it. Then it serves those behind it until the golden node ends the session.",
    "A --disk is divided as the golden node says, as large as it is, or by --layout; the tree is written into its new file systems, read back, prepared as the golden node says, and made to start, by a BIOS or by UEFI. One that is in use is refused always; one that holds something unless it is named again with --yes-erase, or --yes-erase-all is given here and to `clone serve`. What is refused is refused before the session counts this node; -n asks the golden node and prints the plan. It needs root.",
    "The token comes from --token-file or REHOME_SESSION_TOKEN. A join is a job, which keeps where the token is and never the token: the same command after a failure, or `job resume`, goes on with what is there.",
  ],
  fields: {
    session: session("Name of the session. Needed"),
    from: textOption(
      "HOST",
      "nothing",
      "Name or address of the golden node. Default: asked for on the local net (UDP 30765)",
    ),
    dir: textOption("DIR", "directory", "Where to put the tree: absent, empty, or a mount point"),
    disk: listOption(
      "[DISK=]DEVICE",
      "file",
      "Make this disk of the node start; repeatable, one for each of the layout",
    ),
    layout: textOption("FILE", "file", "Divide the disks like this, whatever the golden node says"),
    yesErase: listOption("DEVICE", "file", "All that this device holds may go"),
    yesEraseAll: flag("All that the disks hold may go, if the golden node says so too"),
    luksPassphraseFile: listOption(
      "[LUKS=]FILE",
      "file",
      "The first line of this file is the passphrase of the layout's LUKS, or of the one that is named",
    ),
    raw: listOption(
      "NAME=PLACE",
      "file",
      "With --dir or --disk: write this raw stream of the image to a device, or to a file that is absent; repeatable",
    ),
    fromStore: textOption(
      "PATH",
      "directory",
      "With --dir or --disk: take what this store has of the image from there, and fetch only the rest",
    ),
    update: flag("DIR holds an older clone: make it equal, and fetch only what it lacks. What only it has is removed"),
    name: textOption("NAME", "nothing", "Name of this node in the session. Default: its host name"),
    port,
    listenPort: parsedOption(
      "PORT",
      wholeNumber("port", 0, 65_535),
      "TCP port for the next node. Default: any that is free",
    ),
    tokenFile: textOption("FILE", "file", "Read the session's token from FILE"),
    allowExec: flag("Run commands that the golden node sends, as its user `rehome clone exec` asks"),
    reboot: flag("Reboot once the golden node lets this node go"),
    // oxlint-disable-next-line unicorn/no-thenable -- the name of an option; it is no function
    then: textOption("COMMAND", "nothing", "Run a line of shell then; REHOME_TARGET names the copy"),
    dryRun: flag(dryRunSummary, "n"),
  },
  examples: [
    {
      line: "clone join --session lab1 --from 10.0.0.1 --dir /target --token-file lab1.token",
      does: "this node, into /target",
    },
    { line: "clone join --session lab2 --dir /target --update", does: "bring last week's clone up to date" },
    { line: "clone join --session lab1 --disk /dev/sda --yes-erase /dev/sda", does: "the disk of this node" },
    {
      line: "clone join --session lab2 --disk /dev/sda --yes-erase /dev/sda --from-store /srv/images",
      does: "again, with what a store on another disk has of last week's image",
    },
    { line: "clone join --session lab1 --store /srv/images", does: "keep the image itself" },
  ],
  configured: "clone-join",
  statuses: {
    3: "the golden node, the directory or the disk refuses; nothing changed",
    4: "what was read back differs",
    6: "verified, but what is listed is not as in the image, or the command given with --then failed",
  },
};

/** `rehome clone go` as it was called. */
export interface CloneSessionCall {
  readonly session: string;
}

/** `rehome clone status` as it was called. */
export interface CloneStatusCall extends CloneSessionCall {
  readonly follow: boolean;
}

/** The definition of `rehome clone go`. */
export const cloneGoCommand: CommandDefinition<CloneSessionCall> = {
  summary: "Start a session with the nodes that wait",
  description: [
    "To be given on the golden node, by the user who serves the session. Nothing happens while no node waits.",
  ],
  fields: { session: sessionOperand },
  examples: [{ line: "clone go lab1", does: "start now" }],
  documentOf: "clone status",
};

/** The definition of `rehome clone status`. */
export const cloneStatusCommand: CommandDefinition<CloneStatusCall> = {
  summary: "Show how the nodes of a session stand",
  description: ["To be given on the golden node, by the user who serves the session."],
  fields: {
    session: sessionOperand,
    follow: flag("Print it again whenever it has changed, until the session ends", "f"),
  },
  examples: [{ line: "clone status lab1", does: "each node, and how much it has" }],
};

/** `rehome clone log` as it was called. */
export interface CloneLogCall {
  readonly session: string;
  readonly node: string;
  readonly follow: boolean;
}

/** The definition of `rehome clone log`. */
export const cloneLogCommand: CommandDefinition<CloneLogCall> = {
  summary: "Show what a node told of itself",
  description: ["The golden node keeps each node's log, also when the session has ended."],
  fields: {
    session: sessionOperand,
    node: operand("NODE", "nothing", "Name of a node"),
    follow: flag("Go on printing until the session ends", "f"),
  },
  examples: [{ line: "clone log lab1 node07", does: "all of it" }],
  json: false,
};

/** `rehome clone exec` as it was called. */
export interface CloneExecCall {
  readonly session: string;
  readonly node: string;
  readonly command: readonly string[];
}

/** The definition of `rehome clone exec`. */
export const cloneExecCommand: CommandDefinition<CloneExecCall> = {
  summary: "Run a command on a node of a session",
  description: [
    "Only where the session was served, and the node joined, with --allow-exec. The command is signed by the golden node; its output comes into the node's log.",
  ],
  fields: {
    session: sessionOperand,
    node: operand("NODE", "nothing", "Name of a node"),
    command: operandList("WORD", "nothing", "The command and its arguments, after `--`", 1),
  },
  examples: [{ line: "clone exec lab1 node07 -- dmesg", does: "its output is in `clone log lab1 node07`" }],
  json: false,
  statuses: { 6: "the command ended with another status than 0" },
};
