import { tellPartitions } from "../../host/disk/device-users.ts";
import { ToolFailedError } from "../../host/processes.ts";
import type { DiskTarget } from "./disk-target.ts";

/** Tells the kernel of the partitions of devices that were built on; where it takes none the disk is no worse for it, and the log says so. */
export async function tellKernel(
  targets: readonly Pick<DiskTarget, "kind" | "path">[],
  { log, signal }: { readonly log: (line: string) => void; readonly signal: AbortSignal | undefined },
): Promise<void> {
  for (const { kind, path } of targets) {
    if (kind !== "device") continue;
    try {
      await tellPartitions(path, signal);
    } catch (error) {
      if (!(error instanceof ToolFailedError)) throw error;
      log(`the kernel does not know the new partitions of ${path}: ${error.message}`);
    }
  }
}
