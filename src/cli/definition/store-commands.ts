import type { CommandDefinition } from "./command-definition.ts";
import { dryRunSummary } from "./common-options.ts";
import { parseSize } from "../../core/size.ts";
import { choiceOperand, flag, listOption, operand, optionalOperand, parsedOption, textOption } from "./field.ts";

/** `rehome store init` as it was called. */
export interface StoreInitCall {
  readonly path: string | undefined;
  readonly encrypt: boolean;
  readonly dryRun: boolean;
}

/** The definition of `rehome store init`. */
export const storeInitCommand: CommandDefinition<StoreInitCall> = {
  summary: "Make an empty store",
  description: [
    "The first capture makes a store too, where there is none. A directory that is neither empty nor a store is refused.",
  ],
  fields: {
    path: optionalOperand("PATH", "directory", "Where to make it. Default: what --store says"),
    encrypt: flag("Seal everything in it; the key file, or a new passphrase, opens it from then on"),
    dryRun: flag(dryRunSummary, "n"),
  },
  examples: [
    { line: "store init", does: "where this host keeps its images" },
    { line: "store init /mnt/backup/images --encrypt", does: "at another place; asks for a new passphrase" },
    { line: "store init /mnt/stick --encrypt --key-file /root/stick.key", does: "opened by a key file" },
  ],
  statuses: { 3: "the place cannot be a store" },
};

/** `rehome store key` as it was called. */
export interface StoreKeyCall {
  readonly action: "add" | "list" | "remove";
  readonly id: string | undefined;
  readonly newKeyFile: string | undefined;
  readonly label: string | undefined;
}

/** The definition of `rehome store key`. */
export const storeKeyCommand: CommandDefinition<StoreKeyCall> = {
  summary: "Add, list and remove what opens an encrypted store",
  description: [
    "Each passphrase and each key file opens the whole store. Adding and removing one writes no image anew; the last one cannot be removed. Whoever had a key that was removed may have kept what it opened: where that matters, copy the images into a new store.",
  ],
  fields: {
    action: choiceOperand("ACTION", ["add", "list", "remove"], "`add`, `list` or `remove`"),
    id: optionalOperand("KEY", "nothing", "The key to remove, as `list` shows it"),
    newKeyFile: textOption("FILE", "file", "Add this key file. Default: a new passphrase, asked for twice"),
    label: textOption("TEXT", "nothing", "What the new key is called in lists"),
  },
  examples: [
    { line: "store key list", does: "all keys of the store" },
    { line: "store key add --label office", does: "one more passphrase" },
    { line: "store key add --new-key-file /root/store.key", does: "a key file, for services" },
    { line: "store key remove 1f2e3d4c", does: "no longer opened by it" },
  ],
  statuses: { 3: "the passphrase or key file is wrong, or it is the last key" },
};

/** `rehome store check` as it was called. */
export interface StoreCheckCall {
  readonly repair: boolean;
  readonly dryRun: boolean;
}

/** The definition of `rehome store check`. */
export const storeCheckCommand: CommandDefinition<StoreCheckCall> = {
  summary: "Check every object in the store",
  description: [
    "Reads the whole store and names every damaged or missing object, with the images that need it. --repair keeps all that is intact; what is missing is stored again by the next capture of a system that still has it.",
  ],
  fields: {
    repair: flag("Take damaged objects out, so that the next capture stores them again"),
    dryRun: flag("With --repair: only say what is damaged, and change nothing", "n"),
  },
  examples: [
    { line: "store check", does: "is everything intact?" },
    { line: "store check --repair", does: "and make the best of it" },
  ],
  statuses: { 4: "something is damaged or missing" },
};

/** `rehome store prune` as it was called. */
export interface StorePruneCall {
  readonly dryRun: boolean;
}

/** The definition of `rehome store prune`. */
export const storePruneCommand: CommandDefinition<StorePruneCall> = {
  summary: "Free what no image needs",
  description: [
    "May run beside captures and restores. What is not needed is condemned first, and deleted by a later prune, once nothing that began before can still rely on it.",
  ],
  fields: { dryRun: flag(dryRunSummary, "n") },
  examples: [
    { line: "store prune -n", does: "what would be freed" },
    { line: "store prune", does: "free it" },
  ],
};

/** `rehome store copy` as it was called. */
export interface StoreCopyCall {
  readonly source: string;
  readonly target: string;
  readonly images: readonly string[];
  readonly rate: number | undefined;
  readonly targetKeyFile: string | undefined;
}

/** The definition of `rehome store copy`. */
export const storeCopyCommand: CommandDefinition<StoreCopyCall> = {
  summary: "Copy images to another store",
  description: [
    "Copies what is missing there, as it is stored: nothing is compressed again, between plain and encrypted stores too. What came over is read back before it gets its names. The same command again goes on where it was.",
    "A target that is no store yet becomes a plain one; make it with `rehome store init --encrypt` first for an encrypted one.",
  ],
  fields: {
    source: operand("SRC", "directory", "The store to copy from"),
    target: operand("DST", "directory", "The store to copy to"),
    images: listOption(
      "PATTERN",
      "image",
      "Only these: NAME or NAME:TAG; `*` and `?` stand for anything. Default: all",
    ),
    rate: parsedOption("SIZE", parseSize, "Copy at most so much a second, such as 20MiB or 500M"),
    targetKeyFile: textOption("FILE", "file", "Open DST with this key file. Default: the same as SRC"),
  },
  examples: [
    { line: "store copy /var/lib/rehome/store /mnt/stick/images", does: "all images" },
    { line: "store copy ./a ./b --images 'web:*' --rate 10MiB", does: "those of web, gently" },
  ],
  statuses: { 3: "a name leads to another image in DST; nothing was copied", 4: "an image is damaged" },
};

/** `rehome store upgrade` as it was called. */
export interface StoreUpgradeCall {
  readonly dryRun: boolean;
}

/** The definition of `rehome store upgrade`. */
export const storeUpgradeCommand: CommandDefinition<StoreUpgradeCall> = {
  summary: "Bring a store to the newest version of the format",
  description: [
    "Says first what it will do. A store of every earlier version can be read without it; one of a later version, which this rehome does not know, is refused. So far there is one version, so that nothing is left to do.",
  ],
  fields: { dryRun: flag(dryRunSummary, "n") },
  examples: [{ line: "store upgrade -n", does: "which version it has, and what would be done" }],
  statuses: { 3: "the store is of a version that this rehome does not know" },
};

/** `rehome store stats` as it was called. */
export type StoreStatsCall = Readonly<Record<string, never>>;

/** The definition of `rehome store stats`. */
export const storeStatsCommand: CommandDefinition<StoreStatsCall> = {
  summary: "Show what the store holds and how well it is used",
  description: [],
  fields: {},
  examples: [{ line: "store stats", does: "sizes, and what deduplication and compression saved" }],
};
