import type { OnProgress } from "../../../core/progress.ts";
import { byteStringFromText, type TreePath } from "../../../core/tree/byte-string.ts";
import type { FileDescriptor, TreeReader } from "../../../core/tree/tree-reader.ts";
import { syncFileSystemLater } from "../../../host/file-systems.ts";
import { linuxTreeReader } from "../../../host/tree/linux-tree-reader.ts";
import type { NodeSession } from "../../../journeys/clone/node/node-session.ts";
import type { ArrivingImage, ComingImage } from "../../../journeys/clone/node/receive-image.ts";
import type { Difference } from "../../../system/compare/difference.ts";
import { RollingCheck } from "../../../system/compare/rolling-check.ts";
import type { RestorePlan } from "../../../system/restore/plan.ts";
import { treeOfImage } from "../../../system/restore/restored-tree.ts";
import { runConvergence, runRestore, type WrittenTree } from "../../../system/restore/run.ts";
import { explainDifferences } from "../../disk/explain-differences.ts";
import type { CheckThreads } from "../../images/compare.ts";
import { chooseConvergence } from "../../restore/choose-convergence.ts";
import { makeWriteThreads, type WriteThreads } from "../../settings/write-pool.ts";
import { assertEqual, checkTarget } from "../../restore/restore-check.ts";
import { restorePorts, tryLock } from "../../restore/restore-ports.ts";

/** An image that comes to a node, and where it goes. */
export interface TreeArrival {
  readonly plan: RestorePlan;
  readonly session: NodeSession;
  readonly arriving: ArrivingImage;
  /** What was written so far may be of an earlier capture of the session. */
  readonly holdsOther: boolean;
  /** Says that the files that are there can give a frame, whole and right. */
  readonly isInFiles: (frame: number) => boolean;
  /** An earlier run has read it back: since then it may have been settled, and is no copy any more. */
  readonly isVerified: (root: string) => boolean;
  /** Makes of the verified tree, before it takes its place, what the golden node wants. */
  readonly settle: (root: string) => Promise<void>;
  /** Told of the settled tree before it takes its place. */
  readonly publishing?: (root: string, written: WrittenTree) => Promise<void>;
  /** Where other file systems are mounted below the root, absolute, as the tree names them. */
  readonly mountPoints?: readonly string[];
  /** Started while the node waited for the session to begin. */
  readonly threads: { readonly write: WriteThreads; readonly check: CheckThreads };
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal | undefined;
}

const restMs = 2000;

/** Writes an image into a new tree while it comes in, and reads back what it wrote, once it knows all that the image is. @throws {TargetDiffersError} */
export async function fillTree(arrival: TreeArrival): Promise<WrittenTree> {
  const { plan, session, arriving, onProgress, signal } = arrival;
  const path = "" as TreePath;
  const { write, check: pool } = arrival.threads;
  const tree = linuxTreeReader();
  const { mountPoints = [] } = arrival;
  const syncMounted = async (): Promise<void> => {
    for (const mountPoint of mountPoints) await syncMount(tree, `${plan.root}${mountPoint}`);
  };
  const sync = async (root: FileDescriptor): Promise<void> => {
    await Promise.all([syncFileSystemLater(root), syncMounted()]);
  };
  await using rolling = new RollingCheck({ tree, pool, root: plan.root, sync, restMs });
  return await runRestore(plan, arriving.chunks, restorePorts(write), {
    image: session.image,
    tree: arriving,
    path,
    tryLock,
    onProgress,
    signal,
    onWritten: (number, entry, pieces, start) => rolling.wrote({ number, entry, pieces, start }),
    verify: async (root) => {
      await rolling.end();
      const whole = await arriving.whole;
      if (!arrival.isVerified(root)) {
        session.log("reading back what was written");
        const { checked } = rolling;
        const common = { store: whole, manifest: whole.manifest, root, path, fromDevice: true, onProgress, signal };
        await syncMounted();
        let { differences } = await checkTarget({ ...common, checked, threads: pool });
        if (arrival.holdsOther && differences.length > 0) {
          await removeOther(arrival, root, whole, differences);
          ({ differences } = await checkTarget({ ...common, threads: pool }));
        }
        assertEqual(withoutMountPoints(differences, mountPoints), plan.target);
      }
      await arrival.settle(root);
    },
    publishing: arrival.publishing,
  });
}

/** Takes away what an earlier capture had and this one has not, and what that changed. */
async function removeOther(
  { session, onProgress, signal }: TreeArrival,
  root: string,
  { manifest, chunks }: ComingImage,
  differences: readonly Difference[],
): Promise<void> {
  const path = "" as TreePath;
  const tree = treeOfImage(chunks, manifest, path);
  const convergence = { entries: tree.entries(), ...chooseConvergence(differences, { removesExtra: true }) };
  const settings = { image: session.image, tree, path, tryLock, onProgress, signal };
  await runConvergence(root, convergence, chunks, restorePorts(makeWriteThreads()), settings);
}

async function syncMount(tree: TreeReader, directory: string): Promise<void> {
  const file = tree.openRoot(directory);
  try {
    await syncFileSystemLater(file);
  } finally {
    tree.close(file);
  }
}

/** What file systems bring with them, and the places that were made for them, are not the image's. */
function withoutMountPoints(differences: readonly Difference[], mountPoints: readonly string[]): readonly Difference[] {
  if (mountPoints.length === 0) return differences;
  const places = mountPoints.map((mountPoint) => byteStringFromText(mountPoint.slice(1)));
  const known = { touched: new Map(), ran: [], mountPoints: places, efiMountPoint: undefined, lost: new Set<string>() };
  return explainDifferences(differences, known).filter(({ by }) => by === undefined);
}
