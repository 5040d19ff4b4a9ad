import { parseSize } from "../../core/size.ts";
import { parseDuration } from "../values/duration.ts";
import { wholeNumber } from "../values/whole-number.ts";
import type { CommandDefinition } from "./command-definition.ts";
import { dryRunSummary } from "./common-options.ts";
import {
  choiceOption,
  flag,
  listOption,
  operand,
  operandList,
  pairOption,
  parsedOption,
  textOption,
  type OptionField,
} from "./field.ts";

/** `rehome clone serve` as it was called. */
export interface CloneServeCall {
  readonly source: string;
  readonly session: string | undefined;
  readonly nodes: number | undefined;
  readonly minNodes: number | undefined;
  readonly maxWait: number | undefined;
  readonly order: string | undefined;
  readonly slowAfter: number | undefined;
  readonly giveUp: number | undefined;
  readonly linger: number | undefined;
  readonly exclude: readonly string[];
  readonly rate: number | undefined;
  readonly interface: string | undefined;
  readonly noDiscovery: boolean;
  readonly identity: "reset" | "keep" | "none" | undefined;
  readonly hostname: string | undefined;
  readonly hostnames: string | undefined;
  readonly bootLoader: string | undefined;
  readonly desc: readonly string[];
  readonly layout: string | undefined;
  readonly leaveOut: readonly string[];
  readonly bootRecord: readonly string[];
  readonly yesEraseAll: boolean;
  readonly releaseDelay: number | undefined;
  readonly port: number | undefined;
  readonly tokenFile: string | undefined;
  readonly ok: string | undefined;
  readonly ko: string | undefined;
  readonly retryKo: string | undefined;
  readonly allowExec: boolean;
  readonly dryRun: boolean;
}

const session = (summary: string): OptionField<string | undefined> => textOption("SESSION", "nothing", summary);
const port = parsedOption("PORT", wholeNumber("port", 0, 65_535), "TCP port of the golden node. Default: 30765");
const sessionOperand = operand("SESSION", "nothing", "Name of a session that is served on this host");

/** The definition of `rehome clone serve`. */
export const cloneServeCommand: CommandDefinition<CloneServeCall> = {
  summary: "Serve an image to many nodes through a chain, as their golden node",
  description: [
    "Each node writes what it gets and passes it on to the next, so that the whole takes hardly longer than one copy. Whatever happens to a node, the others go on; one that comes back goes on with what it has, and one that comes late gets everything.",
    "A system (`/`, a directory, machine:NAME) is captured first, into the store. Nodes need the session's token: it is printed, and written to --token-file before anyone can join. Who serves the same session again after a failure goes on with it.",
    "It starts when --nodes wait, or after --max-wait with at least --min-nodes, or on `rehome clone go`; it ends when every node has a verdict, or has been lost for --give-up.",
  ],
  fields: {
    source: operand("IMAGE|SYSTEM", "image-or-directory", "The image, or the system to capture first"),
    session: session("Name of the session; nodes join by it. Needed"),
    nodes: parsedOption("N", wholeNumber("number of nodes", 1, 100_000), "Start when so many wait"),
    minNodes: parsedOption("N", wholeNumber("number of nodes", 1, 100_000), "With --max-wait: start with no fewer"),
    maxWait: parsedOption("TIME", parseDuration, "Start after so long, such as 90s or 5m"),
    order: textOption(
      "FILE",
      "file",
      "Names or addresses of nodes, one a line, in the order of the chain. Default: by address",
    ),
    slowAfter: parsedOption("TIME", parseDuration, "Set a node aside that holds back the rest so long. Default: 10s"),
    giveUp: parsedOption("TIME", parseDuration, "Wait no longer for a node that is lost. Default: 15s"),
    linger: parsedOption("TIME", parseDuration, "Serve on for so long after the last verdict. Default: not at all"),
    exclude: listOption("PATTERN", "nothing", "Of a system: leave out what matches; several may be joined by |", "x"),
    identity: choiceOption(
      ["reset", "keep", "none"],
      "What nodes make of a system, once it is verified, as `rehome prepare` does: one of its own, the same elsewhere, or nothing. Default: reset",
    ),
    hostname: textOption(
      "own|kept|PATTERN",
      "nothing",
      "With reset, the copy's host name: the node's own (as DHCP gave it), the image's, or numbered, such as node%03d. Default: own",
    ),
    hostnames: textOption("FILE", "file", "With reset, host names by node: `NODE HOSTNAME`, one a line"),
    bootLoader: textOption(
      "LOADER",
      "nothing",
      "grub, with kernel modules for the initramfs as in 'grub --with=jfs --with=ata_piix'",
      "r",
    ),
    desc: pairOption(
      "DISK=FILE",
      "file",
      "Nodes that clone to disks divide theirs as this desc file of the KA method says (two words do as well); repeatable. Default: as the golden system's are",
      "p",
    ),
    layout: textOption("FILE", "file", "They divide them like this; see `rehome disk layout`"),
    leaveOut: listOption(
      "DISK",
      "nothing",
      "Nodes do not get this disk of the golden system; of /, what is mounted from it is not captured. Several may be joined by |",
      "X",
    ),
    bootRecord: listOption(
      "DISK",
      "nothing",
      "Copy the code at the start of this disk of this host, in the place of GRUB's for a BIOS; repeatable",
      "m",
    ),
    yesEraseAll: flag("Nodes may erase their disks, if they are given the same option"),
    releaseDelay: parsedOption(
      "TIME",
      parseDuration,
      "Let the nodes go one after the other, so far apart. Default: 0s",
    ),
    rate: parsedOption("SIZE", parseSize, "Send at most so much a second, such as 50MiB or 500M"),
    interface: textOption(
      "ADDRESS",
      "nothing",
      "The address to serve at, or its interface or name. Needed where this host has several",
    ),
    noDiscovery: flag("Do not answer nodes that ask on the local net where the session is; they need --from then"),
    port,
    tokenFile: textOption("FILE", "file", "Write the session's token to FILE, for its owner only"),
    ok: textOption("FILE", "file", "At the end, write the names of the nodes that have a verified copy"),
    ko: textOption("FILE", "file", "At the end, write the names of the others"),
    retryKo: textOption("FILE", "file", "Let only those join whose names are in FILE, as --ko wrote it"),
    allowExec: flag("Let `rehome clone exec` run commands on nodes that allow it too"),
    dryRun: flag(dryRunSummary, "n"),
  },
  examples: [
    { line: "clone serve web --session lab1 --nodes 24", does: "the newest image of web, to 24 nodes" },
    {
      line: "clone serve / --session lab1 --min-nodes 20 --max-wait 5m --token-file /run/lab1.token",
      does: "this host, to whoever has come after five minutes",
    },
    {
      line: "clone serve / --session lab1 --nodes 24 -p sda desc -x /tmp -X 'sdb|sdc' -r grub",
      does: "this host to disks of 24 nodes, in the words of the KA method",
    },
  ],
  configured: "clone-serve",
  statuses: { 3: "the session is another one's", 6: "done, but the nodes listed have no verified copy" },
};

/** `rehome clone join` as it was called. */
export interface CloneJoinCall {
  readonly session: string | undefined;
  readonly from: string | undefined;
  readonly dir: string | undefined;
  readonly disk: readonly string[];
  readonly layout: string | undefined;
  readonly yesErase: readonly string[];
  readonly yesEraseAll: boolean;
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
    "The token comes from --token-file or REHOME_SESSION_TOKEN. The same command after a failure goes on with what is there.",
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
