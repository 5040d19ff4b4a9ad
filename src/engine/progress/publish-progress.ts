import type { JobId } from "../job.ts";
import type { EnginePorts } from "../ports.ts";
import type { JobProgress, ProgressMeter } from "./job-progress.ts";

/** Readers get a new value at most five times a second. */
const publishIntervalMs = 200;

/** Lets other processes see the latest progress of a job until it is disposed of. */
export function publishProgress(
  { clock, files }: Pick<EnginePorts, "clock" | "files">,
  job: JobId,
  meter: ProgressMeter,
): Disposable {
  const timer = clock.every(publishIntervalMs, () => {
    publish(meter.read(clock.nowMs()));
  });
  const publish = (progress: JobProgress | undefined): void => {
    try {
      files.publishProgress(job, progress);
    } catch {
      // A full disk hides the progress of a job; it is no reason to end it.
    }
  };
  return {
    [Symbol.dispose]() {
      timer[Symbol.dispose]();
      publish(undefined);
    },
  };
}
