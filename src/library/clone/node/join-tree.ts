import { resolve } from "node:path";
import { crashPoint } from "../../../core/crash-points.ts";
import type { TreePath } from "../../../core/tree/byte-string.ts";
import { linuxTreeReader } from "../../../host/tree/linux-tree-reader.ts";
import { growingPrefix } from "../../../journeys/clone/node/growing-index.ts";
import { WrittenFiles } from "../../../journeys/clone/node/written-files.ts";
import type { RestoreFacts, RestorePlan, UnfinishedRestore } from "../../../system/restore/plan.ts";
import type { WrittenTree } from "../../../system/restore/run.ts";
import { findUnfinished, newStagePath } from "../../../system/restore/stage.ts";
import { makeCheckThreads } from "../../images/compare.ts";
import { lookAtTarget, tryLock } from "../../restore/restore-ports.ts";
import { realPath } from "../../settings/real-path.ts";
import { choosePaths } from "../../settings/settings.ts";
import { makeWriteThreads } from "../../settings/write-pool.ts";
import { fillTree, type TreeArrival } from "./fill-tree.ts";
import { factsOf, joinSession, type JoinSessionOptions, type ReceivedTree } from "./join-session.ts";
import { planTree } from "./plan-tree.ts";
import { chooseRawPlaces, writeRawStreams, type RawChoices, type RawNotices } from "./raw-streams.ts";
import type { SessionStay } from "./session-stay.ts";
import { settleCopy } from "./settle-copy.ts";
import type { BesideOptions } from "./store-beside.ts";
import { updateTree } from "./update-tree.ts";
import { VerifiedMark } from "./verified-mark.ts";

/** How to join a session with a directory as target. */
export interface JoinTreeOptions extends JoinSessionOptions, BesideOptions, RawChoices {
  /** The directory holds an older clone, which is made equal to the image; only what it lacks is fetched. */
  readonly update?: boolean;
}

/** Who wants to know what a join is about to do with a directory; each is waited for before it is done. */
export interface TreeNotices extends RawNotices {
  /** 8 hex digits that name its stage; by default any. */
  readonly job?: string;
  readonly planned?: (plan: RestorePlan) => Promise<void>;
  /** The tree at `root` is all that it is to be; it takes its place now, where that is another. */
  readonly publishing?: (root: string, received: ReceivedTree) => Promise<void>;
}

/** Joins a session as {@link cloneJoin} does, once: not again where the golden node captures anew. @throws As that. */
export async function joinTree(
  directory: string,
  options: JoinTreeOptions,
  stay: SessionStay,
  notices: TreeNotices = {},
): Promise<ReceivedTree> {
  const target = realPath(resolve(directory));
  const paths = options.paths ?? choosePaths();
  const isUpdate = options.update === true;
  const newStage = newStagePath(target, notices.job);
  const places = await chooseRawPlaces(options);
  let files: WrittenFiles | undefined;
  const doneUpTo = (image: string): TreePath | undefined =>
    findUnfinished(target, tryLock).find((each) => each.image === image && each.path === "")?.doneUpTo as
      | TreePath
      | undefined;
  // They load while the session has not begun.
  await using write = makeWriteThreads();
  await using check = makeCheckThreads();
  for (const threads of [write, check]) threads.start();
  const { result, ...facts } = await joinSession(
    options,
    {
      takes(image) {
        const done = isUpdate ? undefined : doneUpTo(image);
        return { isFresh: !isUpdate && done === undefined, doneUpTo: done, streams: places.map(({ name }) => name) };
      },
      fromFiles: (frame) => Promise.resolve(files?.frame(frame)),
      receive: async (session, arriving, index) => {
        const found = adoptOthers(lookAtTarget(target, newStage), options.session, session.image);
        const plan = planTree(found, { image: session.image, neededBytes: arriving.totals.bytes, isUpdate });
        await notices.planned?.(plan);
        files = new WrittenFiles(linuxTreeReader(), index, plan.root);
        session.log(`${isUpdate ? "updating" : "writing"} ${target}`);
        const mark = new VerifiedMark(paths, target, session.image);
        const resumed = plan.resumes !== undefined;
        const publishing = async (root: string, { losses, lossCount }: WrittenTree): Promise<void> =>
          await notices.publishing?.(root, { ...(await factsOf(arriving)), resumed, losses, lossCount });
        const arrival: TreeArrival = {
          plan,
          session,
          arriving,
          holdsOther: session.growing !== undefined && resumed,
          threads: { write, check },
          isInFiles: (frame) => files?.frame(frame) !== undefined,
          isVerified: (root) => mark.isOf(root),
          settle: async (root) => {
            const log = (line: string): void => session.log(line);
            const { onProgress = () => undefined, signal, mayErase = [] } = options;
            await writeRawStreams(await arriving.whole, places, mayErase, { log, onProgress, signal, notices });
            const { settlement } = session;
            if (settlement.identity === "none") return;
            if (!isUpdate) mark.put(root);
            crashPoint("clone.verified");
            await settleCopy(root, settlement, { log, signal, paths });
            crashPoint("clone.settled");
          },
          publishing,
          onProgress: options.onProgress ?? (() => undefined),
          signal: options.signal,
        };
        const written = isUpdate ? await updateTree(arrival) : await fillTree(arrival);
        if (isUpdate) await publishing(target, written);
        mark.remove();
        files = new WrittenFiles(linuxTreeReader(), index, target);
        session.log(`verified ${target}`);
        return { losses: written.losses, lossCount: written.lossCount, resumed };
      },
    },
    stay,
  );
  return { ...facts, ...result };
}

/** What an earlier capture of a session left is gone on with: it is written over. */
function adoptOthers(facts: RestoreFacts, session: string, image: string): RestoreFacts {
  const isOther = (each: UnfinishedRestore): boolean =>
    each.image !== image && each.image.startsWith(growingPrefix(session)) && each.path === "" && !each.isPublished;
  const adopt = ({ doneUpTo: _doneUpTo, ...each }: UnfinishedRestore): UnfinishedRestore => ({ ...each, image });
  const isGrowing = image.startsWith(growingPrefix(session));
  return isGrowing
    ? { ...facts, unfinished: facts.unfinished.map((each) => (isOther(each) ? adopt(each) : each)) }
    : facts;
}
