import type { TreePath } from "../../../core/tree/byte-string.ts";
import { readTree } from "../../../image/tree-index/tree-index-reader.ts";
import { FrameSet } from "../../../journeys/clone/chain/frame-set.ts";
import { EntrySet } from "../../../system/compare/entry-set.ts";
import { treeOfImage } from "../../../system/restore/restored-tree.ts";
import { runConvergence, type WrittenTree } from "../../../system/restore/run.ts";
import { chooseConvergence } from "../../restore/choose-convergence.ts";
import { assertEqual, checkTarget } from "../../restore/restore-check.ts";
import type { TreeArrival } from "./fill-tree.ts";
import { restorePorts, tryLock } from "../../restore/restore-ports.ts";

/**
 * Makes an older clone equal the image, file by file; only what it lacks is asked for. Run again after a kill, it goes on.
 *
 * All of the tree is read, once: what was right before is not read again at the end.
 *
 * @throws {TargetDiffersError}
 */
export async function updateTree({
  plan: { target },
  session,
  arriving,
  isInFiles,
  settle,
  threads,
  onProgress,
  signal,
}: TreeArrival): Promise<WrittenTree> {
  const { manifest, chunks } = await arriving.whole;
  const path = "" as TreePath;
  const common = {
    store: { chunks },
    manifest,
    root: target,
    path,
    fromDevice: true,
    threads: threads.check,
    onProgress,
    signal,
  };
  const { differences } = await checkTarget(common);
  const { choose, extra } = chooseConvergence(differences, { removesExtra: true });
  const entries = (): ReturnType<typeof readTree> => readTree(chunks, manifest.tail.tree);
  const needed = new FrameSet();
  const known = new EntrySet();
  let number = 0;
  for await (const entry of entries()) {
    const at = number++;
    if (choose(entry) !== "write") known.add(at);
    else if (entry.kind === "file")
      for (const piece of entry.pieces) {
        if (piece.kind !== "chunk") continue;
        const { block } = chunks.locate(piece.id, piece.lengthBytes);
        if (!needed.has(block) && !isInFiles(block)) needed.add(block);
      }
  }
  session.need(needed);
  const convergence = { entries: entries(), choose, extra };
  const tree = treeOfImage(chunks, manifest, path);
  const settings = { image: session.image, tree, path, tryLock, onProgress, signal };
  const written = await runConvergence(target, convergence, chunks, restorePorts(threads.write), settings);
  const after = await checkTarget({ ...common, checked: known });
  assertEqual(after.differences, target);
  await settle(target);
  return written;
}
