import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { storeStats } from "../../../library/store/store-care.ts";
import type { CommandContext } from "../../command-context.ts";
import type { StoreStatsCall } from "../../definition/index.ts";
import { formatFacts } from "../../render/facts.ts";
import { countOf, formatBytes, formatCount } from "../../render/quantities.ts";

/** `rehome store stats`. */
export async function runStoreStats(_call: StoreStatsCall, context: CommandContext): Promise<ExitStatus> {
  const stats = await storeStats({ ...context.store, signal: context.interruptible("measuring the store") });
  if (context.common.json) {
    context.output.document(stats);
    return exitStatus.done;
  }
  const { logicalBytes, uniqueBytes, storedBytes, garbageBytes } = stats;
  const facts = [
    ["id", stats.id],
    ["images", `${formatCount(stats.images)}, with ${countOf(stats.names, "name")}`],
    ["captured", `${formatBytes(logicalBytes)} in all images together`],
    [
      "unique",
      `${formatBytes(uniqueBytes)} in ${countOf(stats.chunks, "chunk")}${ratio(logicalBytes, uniqueBytes, "deduplication")}`,
    ],
    [
      "stored",
      `${formatBytes(storedBytes)} in ${countOf(stats.packs, "pack")}${ratio(uniqueBytes, storedBytes, "compression")}`,
    ],
    [
      "not needed",
      garbageBytes > 0 ? `${formatBytes(garbageBytes)}; \`rehome store prune\` frees what it can` : "nothing",
    ],
  ] as const;
  context.output.lines([stats.location, ...formatFacts(facts, context.output.width)]);
  return exitStatus.done;
}

function ratio(whole: number, part: number, by: string): string {
  return part > 0 ? `, ${(whole / part).toFixed(1)} : 1 by ${by}` : "";
}
