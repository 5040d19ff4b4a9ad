import type { OnProgress } from "../../core/progress.ts";
import type { TreePath } from "../../core/tree/byte-string.ts";
import { syncFileSystemLater } from "../../host/file-systems.ts";
import { linuxTreeReader } from "../../host/tree/linux-tree-reader.ts";
import type { NodeSession } from "../../journeys/clone/node/node-session.ts";
import type { ComingImage } from "../../journeys/clone/node/receive-image.ts";
import { RollingCheck } from "../../system/compare/rolling-check.ts";
import type { RestorePlan } from "../../system/restore/plan.ts";
import { runRestore, type WrittenTree } from "../../system/restore/run.ts";
import type { CheckThreads } from "../images/compare.ts";
import type { WriteThreads } from "../settings/write-pool.ts";
import { assertEqual, checkTarget } from "../restore/restore-check.ts";
import { restorePorts, tryLock } from "../restore/restore-ports.ts";

/** An image that comes to a node, and where it goes. */
export interface TreeArrival {
  readonly plan: RestorePlan;
  readonly session: NodeSession;
  readonly coming: ComingImage;
  /** Says that the files that are there can give a frame, whole and right. */
  readonly isInFiles: (frame: number) => boolean;
  /** An earlier run has read it back: since then it may have been settled, and is no copy any more. */
  readonly isVerified: (root: string) => boolean;
  /** Makes of the verified tree, before it takes its place, what the golden node wants. */
  readonly settle: (root: string) => Promise<void>;
  /** Started while the node waited for the session to begin. */
  readonly threads: { readonly write: WriteThreads; readonly check: CheckThreads };
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal | undefined;
}

const restMs = 2000;

/** Writes an image into a new tree while it comes in, and reads back what it wrote. @throws {TargetDiffersError} */
export async function fillTree(arrival: TreeArrival): Promise<WrittenTree> {
  const { plan, session, coming, onProgress, signal } = arrival;
  const { manifest, chunks } = coming;
  const path = "" as TreePath;
  const { write, check: pool } = arrival.threads;
  const tree = linuxTreeReader();
  await using rolling = new RollingCheck({ tree, pool, root: plan.root, sync: syncFileSystemLater, restMs });
  return await runRestore(plan, chunks, restorePorts(write), {
    image: session.image,
    manifest,
    path,
    tryLock,
    onProgress,
    signal,
    onWritten: (number, entry, pieces, start) => rolling.wrote({ number, entry, pieces, start }),
    verify: async (root) => {
      await rolling.end();
      if (!arrival.isVerified(root)) {
        session.log("reading back what was written");
        const { checked } = rolling;
        const common = { store: { chunks }, manifest, root, path, fromDevice: true, onProgress, signal };
        const check = await checkTarget({ ...common, checked, threads: pool });
        assertEqual(check.differences, plan.target);
      }
      await arrival.settle(root);
    },
  });
}
