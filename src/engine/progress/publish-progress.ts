import type { JobId } from "../job.ts";
import type { EnginePorts } from "../ports.ts";
import type { ProgressMeter } from "./job-progress.ts";

/** Readers get a new value at most five times a second. */
const publishIntervalMs = 200;

/** Lets other processes see the latest progress of a job until it is disposed of. */
export function publishProgress(
  { clock, files }: Pick<EnginePorts, "clock" | "files">,
  job: JobId,
  meter: ProgressMeter,
): Disposable {
  const timer = clock.every(publishIntervalMs, () => {
    const progress = meter.read(clock.nowMs());
    if (progress) files.publishProgress(job, progress);
  });
  return {
    [Symbol.dispose]() {
      timer[Symbol.dispose]();
      files.publishProgress(job, undefined);
    },
  };
}
