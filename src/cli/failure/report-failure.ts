import { InterruptedError, RehomeError } from "../../core/errors.ts";
import type { JobId } from "../../engine/job.ts";
import type { ExitStatus } from "../../core/exit-status.ts";
import { BuildInvalidError } from "../../journeys/build/errors.ts";
import { TargetDiffersError } from "../../system/restore/errors.ts";
import { quoteForShell } from "../render/shell-words.ts";
import type { Messages } from "../terminal/messages.ts";
import { OutputClosedError, OutputFailedError, type Output } from "../terminal/output.ts";
import { describeFailure, traceFailure } from "./describe-failure.ts";

/** Where and how a failure is told. */
export interface FailureReport {
  readonly messages: Messages;
  readonly output: Output;
  /** The command line, for the command that goes on. */
  readonly args: readonly string[];
  readonly json: boolean;
  /** The user told the work to stop. */
  readonly isInterrupted: boolean;
  /** The job that failed, if it came so far. */
  readonly job: JobId | undefined;
}

/**
 * Tells a failure: on standard error what went wrong and what to do, with `-vv` where it comes from; with `--json` also a
 * document on standard output, unless another one has begun there. Returns the status to end with.
 */
export function reportFailure(thrown: unknown, report: FailureReport): ExitStatus {
  const { messages, output, args, json, isInterrupted, job } = report;
  const error = isInterrupted && isFalloutOfInterrupt(thrown) ? new InterruptedError("the command") : thrown;
  const { code, message, remedy, status } = describeFailure(error);
  messages.status("");
  tryToPrint(() => output.flush());
  messages.warn(`rehome: ${message} [${code}]`);
  if (remedy !== "") messages.warn(remedy);
  if (code === "INTERRUPTED") messages.warn(`  rehome ${quoteForShell(args)}`);
  if (job !== undefined && !(error instanceof RehomeError && error.message.includes(job)))
    messages.warn(
      `It is job ${job}: \`rehome job resume ${job}\` goes on with it, \`rehome job show ${job}\` says what else can be done.`,
    );
  if (messages.verbose > 1) for (const line of traceFailure(thrown)) messages.warn(line);
  const facts = {
    ...(error instanceof TargetDiffersError && { differences: error.differences }),
    ...(error instanceof BuildInvalidError && { problems: error.problems }),
  };
  if (json && !output.hasPrinted)
    tryToPrint(() => {
      output.document({
        error: { code, message, remedy, exitStatus: status, ...(job !== undefined && { job }), ...facts },
      });
      output.flush();
    });
  return status;
}

/** Threads that were told to end, and loops that look at their signal themselves, fail in their own ways. */
function isFalloutOfInterrupt(error: unknown): boolean {
  return !(error instanceof RehomeError) || error.code === "WORKER_FAILED";
}

/** The failure itself is told on standard error; where results cannot be written there is nowhere else to tell them. */
function tryToPrint(print: () => void): void {
  try {
    print();
  } catch (error) {
    if (!(error instanceof OutputClosedError) && !(error instanceof OutputFailedError)) throw error;
  }
}
