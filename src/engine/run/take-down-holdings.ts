import type { EnginePorts } from "../ports.ts";
import type { JobSession } from "./job-session.ts";

/** Takes down what the job's last owner held when it died, the latest first, so that nothing of it works beside the next one. */
export async function takeDownHoldings(
  { journal, files, takeDown }: Pick<EnginePorts, "journal" | "files" | "takeDown">,
  session: Pick<JobSession, "id" | "write">,
): Promise<void> {
  for (const { job, ...holding } of (await journal.holdings(session.id)).toReversed()) {
    await takeDown(job, holding);
    await session.write({ release: holding });
    files.appendLog(job, `took down what a dead process had left: ${holding.kind} ${holding.what}`);
  }
}
