import type { EnginePorts } from "../ports.ts";

const keepEventsMs = 7 * 24 * 60 * 60 * 1000;
/** So that a job does not wait long for the traces of others; the next one goes on. */
const jobsAtOnce = 100;

/** Forgets events that need not be replayable any more, and jobs that ended long ago, with their directories. */
export async function forgetOld({
  journal,
  clock,
  files,
  keepEndedMs,
}: Pick<EnginePorts, "journal" | "clock" | "files" | "keepEndedMs">): Promise<void> {
  const nowMs = clock.nowMs();
  await journal.forgetEvents(nowMs - keepEventsMs);
  for (const id of await journal.forgetJobs(nowMs - keepEndedMs, jobsAtOnce)) files.remove(id);
}
