import type { CheckpointRecord } from "../../../engine/job.ts";
import type { JobEvent } from "../../../engine/journal/journal.ts";
import type { NextStep } from "../../../engine/next-steps.ts";
import type { ShownJob } from "../../../library/jobs/look-at-jobs.ts";
import { entryNoun, formatProgress } from "../../progress/progress-text.ts";
import { formatFacts, type Fact } from "../../render/facts.ts";
import { formatDuration } from "../../render/quantities.ts";
import { formatTable, type Column } from "../../render/table.ts";
import { formatTime } from "../../render/time.ts";

/** A job for people: facts, checkpoints, what can be done. */
export function describeJob(job: ShownJob, width: number, nowMs: number): string[] {
  const { id, title, kind, planVersion, state, owner, createdAtMs, changedAtMs, failure, holdings } = job;
  const runs = owner !== null && state !== "interrupted" ? ` (process ${owner.pid} on ${owner.host})` : "";
  const facts: Fact[] = [
    ["state", `${state}${runs}, since ${formatTime(changedAtMs / 1000)}`],
    ["kind", `${kind}, plan version ${planVersion}`],
    ["made", formatTime(createdAtMs / 1000)],
    ["progress", describeProgress(job)],
    ["failure", failure === null ? "" : `${failure.message} [${failure.code}]`],
    ["remedy", failure?.remedy ?? ""],
    ["holds", holdings.map((holding) => `${holding.kind} ${holding.what}`).join(", ")],
    ["log", job.logPath],
    ["evidence", job.evidencePath ?? ""],
  ];
  return [
    `job ${id}: ${title}`,
    ...formatFacts(facts, width),
    "",
    ...formatTable(checkpointColumns(job, nowMs), job.checkpoints, width),
    "",
    ...describeNext(job),
  ];
}

function describeProgress({ progress }: ShownJob): string {
  if (progress === undefined) return "";
  const { percent, rate, etaMs, stalledMs } = progress;
  const pace = {
    elapsedMs: 0,
    bytesPerSecond: rate,
    ...(etaMs !== undefined && { remainingMs: etaMs }),
    ...(stalledMs !== undefined && { stalledMs }),
  };
  return `${percent} %: ${formatProgress(progress, pace, entryNoun)}`;
}

function checkpointColumns({ pointOfNoReturn }: ShownJob, nowMs: number): readonly Column<CheckpointRecord>[] {
  return [
    { title: "CHECKPOINT", cell: ({ name }) => name },
    { title: "STATE", cell: ({ state }) => state },
    { title: "TIME", cell: (checkpoint) => formatTimeTaken(checkpoint, nowMs), align: "right" },
    { title: "UNDO", cell: ({ name, undo }) => (name === pointOfNoReturn ? "none: point of no return" : undo) },
    { title: "WHAT IT DOES", cell: ({ title }) => title, cuttable: true },
  ];
}

function formatTimeTaken({ state, startedAtMs, endedAtMs }: CheckpointRecord, nowMs: number): string {
  if (startedAtMs === null) return "";
  if (endedAtMs !== null) return formatDuration(endedAtMs - startedAtMs);
  return state === "running" ? formatDuration(Math.max(0, nowMs - startedAtMs)) : "";
}

const effects: Readonly<Record<NextStep, string>> = {
  pause: "stops it for now",
  resume: "goes on with it",
  cancel: "ends it for good; what it did stays",
  undo: "takes back what it did",
  rate: "SIZE changes how much it reads in a second",
};

/** What can be done with a job, a command a line. */
export function describeNext({ id, next, insteadOfUndo }: ShownJob): string[] {
  const commands = next.map((step) => `  rehome job ${step} ${id}${step === "rate" ? "" : "  "} ${effects[step]}`);
  return [
    ...(commands.length === 0 ? ["There is nothing to be done."] : ["What can be done:", ...commands]),
    ...(insteadOfUndo === undefined ? [] : [`It cannot be undone any more. ${insteadOfUndo}`]),
  ];
}

/** What happened to a job, a line for each event. */
export function describeEvents(events: readonly JobEvent[], width: number): string[] {
  const columns: readonly Column<JobEvent>[] = [
    { title: "EVENT", cell: ({ number }) => String(number), align: "right" },
    { title: "TIME", cell: ({ atMs }) => formatTime(atMs / 1000) },
    { title: "KIND", cell: ({ kind }) => kind },
    { title: "FACTS", cell: ({ facts }) => JSON.stringify(facts), cuttable: true },
  ];
  return events.length === 0 ? [] : ["", ...formatTable(columns, events, width)];
}
