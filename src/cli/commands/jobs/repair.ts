import { UsageError } from "../../../core/errors.ts";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { resumeJob, undoJobOf } from "../../../library/jobs/control.ts";
import { findLeftovers, removeLeftovers, type Leftover, type Leftovers } from "../../../library/jobs/repair.ts";
import type { CommandContext } from "../../command-context.ts";
import type { JobRepairCall } from "../../definition/index.ts";
import { describeFailure } from "../../failure/describe-failure.ts";
import { entryNoun } from "../../progress/progress-text.ts";

type Way = "resume" | "undo";

/** What was done about a leftover, beside taking down what it held. */
interface Treated {
  readonly job: string;
  readonly done?: Way;
  readonly error?: { readonly code: string; readonly message: string };
}

/** `rehome job repair`. */
export async function runJobRepair(call: JobRepairCall, context: CommandContext): Promise<ExitStatus> {
  if (call.undo && call.resume)
    throw new UsageError("cannot use --undo with --resume: a job goes one way", "Give one of the two.");
  const leftovers = await findLeftovers();
  const isClean = leftovers.jobs.length === 0 && leftovers.directories.length === 0;
  if (!context.common.json) context.output.lines(describeLeftovers(leftovers, call));
  const treated = call.dryRun ? [] : await treat(leftovers, call, context);
  if (context.common.json) context.output.document({ ...leftovers, treated, dryRun: call.dryRun });
  if (call.dryRun) return isClean ? exitStatus.done : exitStatus.refused;
  return treated.some(({ error }) => error !== undefined) ? exitStatus.incomplete : exitStatus.done;
}

async function treat(leftovers: Leftovers, call: JobRepairCall, context: CommandContext): Promise<readonly Treated[]> {
  const failures = await removeLeftovers(leftovers);
  const treated: Treated[] = failures.map(({ job, error }) => failed(job, error, context));
  const way: Way | undefined = call.resume ? "resume" : call.undo ? "undo" : undefined;
  if (way === undefined) return treated;
  const work = way === "resume" ? resumeJob : undoJobOf;
  const signal = context.interruptible("the repair");
  for (const leftover of leftovers.jobs) {
    const { job } = leftover;
    if (!canGo(leftover, way) || failures.some((failure) => failure.job === job)) continue;
    signal.throwIfAborted();
    try {
      using view = context.startProgress(entryNoun);
      await work(job, { signal, onProgress: view.onProgress });
      treated.push({ job, done: way });
    } catch (error) {
      if (signal.aborted) throw error;
      treated.push(failed(job, error, context));
    }
  }
  if (!context.common.json)
    for (const { job, done } of treated)
      if (done) context.output.line(`job ${job}: ${done === "undo" ? "undone" : "done"}`);
  return treated;
}

function canGo({ next, isUndoing }: Leftover, way: Way): boolean {
  return next.includes(way) || isUndoing;
}

function failed(job: string, error: unknown, { messages }: CommandContext): Treated {
  const { code, message, remedy } = describeFailure(error);
  messages.warn(`job ${job}: ${message} [${code}]`);
  if (remedy !== "") messages.warn(remedy);
  return { job, error: { code, message } };
}

function describeLeftovers({ jobs, directories }: Leftovers, { dryRun }: JobRepairCall): string[] {
  if (jobs.length === 0 && directories.length === 0) return ["no job left anything"];
  const verb = dryRun ? "would remove" : "removed";
  return [
    ...jobs.flatMap(({ job, title, state, holdings, remains, next }) => [
      `job ${job} is ${state}: ${title}`,
      ...holdings.map(({ kind, what }) => `  ${dryRun ? "would take" : "takes"} down its ${kind} ${what}`),
      ...remains.map((path) => `  left ${path}`),
      ...next.filter((step) => step === "resume" || step === "undo").map((step) => `  rehome job ${step} ${job}`),
    ]),
    ...directories.map((path) => `${verb} ${path}: no job has it`),
  ];
}
