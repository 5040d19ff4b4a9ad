import { parseSize } from "../../core/size.ts";
import { parseDuration } from "../values/duration.ts";
import { wholeNumber } from "../values/whole-number.ts";
import { port, session } from "./clone-commands.ts";
import type { CommandDefinition } from "./command-definition.ts";
import { dryRunSummary } from "./common-options.ts";
import { choiceOption, flag, listOption, operand, pairOption, parsedOption, textOption } from "./field.ts";

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

/** The definition of `rehome clone serve`. */
export const cloneServeCommand: CommandDefinition<CloneServeCall> = {
  summary: "Serve an image to many nodes through a chain, as their golden node",
  description: [
    "Each node writes what it gets and passes it on to the next, so that the whole takes hardly longer than one copy. Whatever happens to a node, the others go on; one that comes back goes on with what it has, and one that comes late gets everything.",
    "A system (`/`, a directory, machine:NAME) is served while it is captured into the store: nodes write what is stored of it already. Nodes need the session's token: it is printed, and written to --token-file before anyone can join. Who serves the same session again after a failure goes on with it.",
    "It starts when --nodes wait, or after --max-wait with at least --min-nodes, or on `rehome clone go`; it ends when every node has a verdict, or has been lost for --give-up.",
  ],
  fields: {
    source: operand("IMAGE|SYSTEM", "image-or-directory", "The image, or the system to capture and serve"),
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
    linger: parsedOption(
      "TIME",
      parseDuration,
      "Go on for so long after the last verdict: who comes meanwhile is served. Default: 0s",
    ),
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
