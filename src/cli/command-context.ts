import type { ExitStatus } from "../core/exit-status.ts";
import type { JobId } from "../engine/job.ts";
import type { StoreOptions } from "../library/store/store.ts";
import type { CommonOptions } from "./definition/index.ts";
import type { ItemNoun, NounOf } from "./progress/progress-text.ts";
import type { ProgressView } from "./progress/progress-view.ts";
import type { Messages } from "./terminal/messages.ts";
import type { Output } from "./terminal/output.ts";

/** What a command has to act with, beside what it was called with. */
export interface CommandContext {
  readonly common: CommonOptions;
  /** The store that was named, and what opens it, for the library. */
  readonly store: Pick<StoreOptions, "store" | "paths">;
  /** Standard output: results. */
  readonly output: Output;
  /** Standard error: everything else. */
  readonly messages: Messages;
  /** From now on Ctrl-C stops `action` (`the capture`) at the next safe point, through the signal returned. */
  readonly interruptible: (action: string) => AbortSignal;
  /** Notes which job the command runs, so that a failure can say how to go on with it. */
  readonly onJob: (job: JobId) => void;
  /** The job that was noted. */
  readonly job: () => JobId | undefined;
  /** Begins to show progress; dispose of it before results are printed. */
  readonly startProgress: (noun: ItemNoun | NounOf) => ProgressView;
}

/** A command: acts, prints, and says what to end with. Failures are thrown. */
export type RunCommand<Call> = (call: Call, context: CommandContext) => Promise<ExitStatus>;
