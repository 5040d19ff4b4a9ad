import { parseSize } from "../../core/size.ts";
import type { CommandDefinition } from "./command-definition.ts";
import { flag, operand, parsedOperand, textOption } from "./field.ts";
import { dryRunSummary } from "./common-options.ts";

const kinds = [
  "capture",
  "restore",
  "build",
  "prune",
  "rm",
  "copy",
  "machine-create",
  "machine-detach",
  "machine-attach",
];

const id = operand("ID", "job", "The job's id, or as much of its beginning as no other job has");

/** A command that takes one job, as it was called. */
export interface JobCall {
  readonly id: string;
}

/** `rehome job list` as it was called. */
export interface JobListCall {
  readonly all: boolean;
  readonly kind: string | undefined;
}

/** The definition of `rehome job list`. */
export const jobListCommand: CommandDefinition<JobListCall> = {
  summary: "List jobs, the newest first",
  description: [
    "Every command that changes something is a job: build, capture, restore, store prune, rm. Shows all jobs that did not end, and the newest 20 that did. A job whose process died is `interrupted`. One in which nothing has moved for 30 seconds is shown as stalled, with what it waits for.",
  ],
  fields: {
    all: flag("List all jobs that are kept"),
    kind: textOption("KIND", kinds, "List only jobs of this kind, such as capture"),
  },
  examples: [
    { line: "job list", does: "what runs, what waits for you, and what was done lately" },
    { line: "job list --all --kind restore --json", does: "all restores, for a program" },
  ],
};

/** The definition of `rehome job show`. */
export const jobShowCommand: CommandDefinition<JobCall> = {
  summary: "Show a job: its checkpoints, how far it is, and what can be done with it",
  description: [
    "Names the point of no return: the first checkpoint that cannot be taken back. With -v also what happened to the job in the last seven days.",
  ],
  fields: { id },
  examples: [{ line: "job show 3f", does: "the job whose id begins with 3f" }],
};

/** `rehome job log` as it was called. */
export interface JobLogCall extends JobCall {
  readonly follow: boolean;
}

/** The definition of `rehome job log`. */
export const jobLogCommand: CommandDefinition<JobLogCall> = {
  summary: "Print the log of a job",
  description: [],
  fields: { id, follow: flag("Go on printing until the job runs no more", "f") },
  examples: [
    { line: "job log 3f", does: "what it said so far" },
    { line: "job log 3f -f", does: "and what it says from now on" },
  ],
  json: false,
};

/** The definition of `rehome job pause`. */
export const jobPauseCommand: CommandDefinition<JobCall> = {
  summary: "Pause a running job at its next safe point",
  description: ["Reaches the job within two seconds whatever process runs it, and returns once it is paused."],
  fields: { id },
  examples: [{ line: "job pause 3f", does: "stop it for now; `job resume` goes on" }],
  statuses: { 1: "it has not stopped within 10 seconds; it will", 3: "it does not run" },
  documentOf: "job show",
};

/** The definition of `rehome job resume`. */
export const jobResumeCommand: CommandDefinition<JobCall> = {
  summary: "Go on with a job that was paused, failed or was interrupted",
  description: ["Runs it here, from where it stopped. An undo that was interrupted is gone on with."],
  fields: { id },
  examples: [{ line: "job resume 3f", does: "finish it" }],
  statuses: { 3: "it runs, or has ended", 5: "it was paused again", 7: "it was cancelled meanwhile" },
  documentOf: "job show",
};

/** The definition of `rehome job cancel`. */
export const jobCancelCommand: CommandDefinition<JobCall> = {
  summary: "End a job for good at its next safe point",
  description: ["What it did stays; `job undo` takes it back."],
  fields: { id },
  examples: [{ line: "job cancel 3f", does: "it will not be gone on with" }],
  statuses: { 1: "it has not stopped within 10 seconds; it will", 3: "it has ended" },
  documentOf: "job show",
};

/** The definition of `rehome job undo`. */
export const jobUndoCommand: CommandDefinition<JobCall> = {
  summary: "Take back what a job did",
  description: [
    "Removes what the job made and puts back what was there, the last checkpoint first. Refused once the job has begun a checkpoint that cannot be taken back, with what can be done instead.",
  ],
  fields: { id },
  examples: [{ line: "job undo 3f", does: "as if it had never been" }],
  statuses: { 3: "it runs, or is past its point of no return; nothing was changed" },
  documentOf: "job show",
};

/** `rehome job rate` as it was called. */
export interface JobRateCall extends JobCall {
  /** Bytes a second; null is without a limit. */
  readonly rate: number | null;
}

/** The definition of `rehome job rate`. */
export const jobRateCommand: CommandDefinition<JobRateCall> = {
  summary: "Change how much a job reads in a second",
  description: [
    "A running job heeds it within two seconds; one that is paused, once it goes on. Captures take a rate.",
  ],
  fields: {
    id,
    rate: parsedOperand("SIZE", (text) => (text === "none" ? null : parseSize(text)), "Such as 20MiB; or none"),
  },
  examples: [
    { line: "job rate 3f 20MiB", does: "leave something for others" },
    { line: "job rate 3f none", does: "as fast as it goes" },
  ],
  statuses: { 3: "it has ended, or takes no rate" },
  documentOf: "job show",
};

/** `rehome job repair` as it was called. */
export interface JobRepairCall {
  readonly undo: boolean;
  readonly resume: boolean;
  readonly dryRun: boolean;
}

/** The definition of `rehome job repair`. */
export const jobRepairCommand: CommandDefinition<JobRepairCall> = {
  summary: "Find what dead jobs left, and clear it up",
  description: [
    "Lists jobs whose process died, what they left mounted, attached or running, and files that a cancelled job left. Takes down mounts, loop devices and processes, and removes directories of jobs that nobody knows. The jobs themselves wait for --resume or --undo.",
  ],
  fields: {
    undo: flag("Take back all jobs that are listed and can be taken back"),
    resume: flag("Go on with all jobs that are listed and can be gone on with"),
    dryRun: flag(dryRunSummary, "n"),
  },
  examples: [
    { line: "job repair -n", does: "is anything left?" },
    { line: "job repair --resume", does: "after a power failure: finish what was begun" },
  ],
  statuses: { 3: "with -n: something is left", 6: "something listed could not be cleared up" },
};
