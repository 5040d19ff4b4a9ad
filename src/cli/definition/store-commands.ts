import type { CommandDefinition } from "./command-definition.ts";
import { dryRunSummary } from "./common-options.ts";
import { flag } from "./field.ts";

/** `rehome store init` as it was called. */
export interface StoreInitCall {
  readonly dryRun: boolean;
}

/** The definition of `rehome store init`. */
export const storeInitCommand: CommandDefinition<StoreInitCall> = {
  summary: "Make an empty store",
  description: [
    "The first capture makes a store too, where there is none. A directory that is neither empty nor a store is refused.",
  ],
  fields: { dryRun: flag(dryRunSummary, "n") },
  examples: [
    { line: "store init", does: "where this host keeps its images" },
    { line: "store init --store /mnt/backup/images", does: "at another place" },
  ],
  statuses: { 3: "the place cannot be a store" },
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

/** `rehome store stats` as it was called. */
export type StoreStatsCall = Readonly<Record<string, never>>;

/** The definition of `rehome store stats`. */
export const storeStatsCommand: CommandDefinition<StoreStatsCall> = {
  summary: "Show what the store holds and how well it is used",
  description: [],
  fields: {},
  examples: [{ line: "store stats", does: "sizes, and what deduplication and compression saved" }],
};
