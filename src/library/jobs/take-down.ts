import type { JobId } from "../../engine/job.ts";
import type { Holding } from "../../engine/journal/journal.ts";
import { diskPorts } from "../../host/disk/disk-ports.ts";
import { takeDown } from "../../host/jobs/holdings.ts";
import { releaseParts } from "../../system/disk/build/open-parts.ts";

/**
 * Takes down what a dead process of a job held on this host. Arrays, groups and LUKS outlive who made them, and hold the loop devices that
 * they lie on: they go first.
 *
 * @throws {HoldingUnknownError} @throws {ToolFailedError} If it is in use.
 */
export async function takeDownWhole(job: JobId, holding: Holding): Promise<void> {
  using locks = new DisposableStack();
  if (holding.kind === "loop-device") {
    // A udev that sees a member come free puts the array together again.
    for (const device of diskPorts.attachedTo(holding.what)) locks.use(await diskPorts.keepFromUdev(device));
    await releaseParts({ paths: new Map([["", holding.what]]) }, diskPorts);
  }
  await takeDown(job, holding);
}
