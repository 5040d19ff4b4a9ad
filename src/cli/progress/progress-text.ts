import type { Progress } from "../../core/progress.ts";
import { countOf, formatBytes, formatCount, formatDuration, formatShare } from "../render/quantities.ts";
import type { Pace } from "../../engine/progress/rate-estimate.ts";

/** What the items of a phase are called. */
export interface ItemNoun {
  readonly one: string;
  readonly many: string;
}

/** Of the phases of one operation, where their items differ. */
export type NounOf = (phase: string) => ItemNoun;

/** Entries of a tree. */
export const entryNoun: ItemNoun = { one: "entry", many: "entries" };
/** Steps of whatever a build's checkpoint does: lines that a program writes, entries of a tree. */
export const stepNoun: ItemNoun = { one: "step", many: "steps" };
/** Nodes of a session, and what goes through their chain. */
export const nodeNoun: ItemNoun = { one: "node", many: "nodes" };
export const blockNoun: ItemNoun = { one: "block", many: "blocks" };
/** Objects of a store. */
export const objectNoun: ItemNoun = { one: "object", many: "objects" };

/** How far a phase has come, in one line: `reading  312 MiB of 730 MiB (42 %)  5,204 entries  310 MiB/s  1.3 s left`. */
export function formatProgress(progress: Progress, pace: Pace, noun: ItemNoun): string {
  const { phase, bytes, totalBytes, items, totalItems } = progress;
  const parts = [phase];
  if (totalBytes !== undefined)
    parts.push(`${formatBytes(bytes)} of ${formatBytes(totalBytes)} (${formatShare(bytes, totalBytes)})`);
  else if (bytes > 0) parts.push(formatBytes(bytes));
  if (totalItems !== undefined) parts.push(`${formatCount(items)} of ${countOf(totalItems, noun.one, noun.many)}`);
  else if (items > 0) parts.push(countOf(items, noun.one, noun.many));
  if (pace.bytesPerSecond >= 1) parts.push(`${formatBytes(pace.bytesPerSecond)}/s`);
  if (pace.stalledMs !== undefined) parts.push(formatStall({ ...progress, stalledMs: pace.stalledMs }));
  else
    parts.push(
      pace.remainingMs === undefined ? formatDuration(pace.elapsedMs) : `${formatDuration(pace.remainingMs)} left`,
    );
  return parts.join("  ");
}

/** What is said of a phase in which nothing moves: `stalled for 45 s, waits for a hook`. */
export function formatStall({
  stalledMs,
  waitsFor,
}: Pick<Progress, "waitsFor"> & { readonly stalledMs: number }): string {
  return `stalled for ${formatDuration(stalledMs)}${waitsFor === undefined ? "" : `, waits for ${waitsFor}`}`;
}

/** A line of `--progress json`; its schema is `schemas/progress.json`. */
export function formatProgressJson(progress: Progress, pace: Pace, at: Date): string {
  return JSON.stringify({
    ...progress,
    stalledMs: pace.stalledMs === undefined ? undefined : Math.round(pace.stalledMs),
    rate: Math.round(pace.bytesPerSecond),
    etaMs: pace.remainingMs === undefined ? undefined : Math.round(pace.remainingMs),
    at: at.toISOString(),
  });
}
