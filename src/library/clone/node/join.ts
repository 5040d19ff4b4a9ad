import { resolve } from "node:path";
import { crashPoint } from "../../../core/crash-points.ts";
import type { TreePath } from "../../../core/tree/byte-string.ts";
import { linuxTreeReader } from "../../../host/tree/linux-tree-reader.ts";
import { growingPrefix } from "../../../journeys/clone/node/growing-index.ts";
import { WrittenFiles } from "../../../journeys/clone/node/written-files.ts";
import type { RestoreFacts, UnfinishedRestore } from "../../../system/restore/plan.ts";
import { findUnfinished, newStagePath } from "../../../system/restore/stage.ts";
import { makeCheckThreads } from "../../images/compare.ts";
import { makeWriteThreads } from "../../settings/write-pool.ts";
import { realPath } from "../../settings/real-path.ts";
import { joinSession, whileCapturedAnew, type JoinSessionOptions, type ReceivedTree } from "./join-session.ts";
import { chooseRawPlaces, writeRawStreams, type RawChoices } from "./raw-streams.ts";
import { fillTree, type TreeArrival } from "./fill-tree.ts";
import { planTree } from "./plan-tree.ts";
import { updateTree } from "./update-tree.ts";
import { lookAtTarget, tryLock } from "../../restore/restore-ports.ts";
import { choosePaths } from "../../settings/settings.ts";
import { doThen, settleCopy, type CloneThen } from "./settle-copy.ts";
import { VerifiedMark } from "./verified-mark.ts";

/** How to join a session with a directory as target. */
export interface CloneJoinOptions extends JoinSessionOptions, RawChoices {
  /** The directory holds an older clone, which is made equal to the image; only what it lacks is fetched. */
  readonly update?: boolean;
  /** What to do once the golden node lets this node go. Default: stay. */
  readonly afterwards?: CloneThen;
}

/** What a directory of a node got. */
export interface CloneJoinResult extends ReceivedTree {
  readonly directory: string;
}

/**
 * Joins a session and writes its image into a directory that is absent or empty (or holds an older clone: `update`), while it comes in
 * and is passed on; all of it is read back, and made a system of its own if the golden node says so. Serves those behind it until the
 * golden node ends the session. The same call after a failure or kill goes on.
 *
 * @throws {SessionRefusedError} @throws {TargetUnsuitableError} @throws {TargetDiffersError} @throws {CopyNotPreparedError}
 * @throws {StreamNotFoundError} @throws {DeviceRefusedError}
 */
export async function cloneJoin(directory: string, options: CloneJoinOptions): Promise<CloneJoinResult> {
  const startedAtMs = Date.now();
  const joined = await whileCapturedAnew(options, () => joinOnce(directory, options));
  return { ...joined, durationMs: Date.now() - startedAtMs };
}

async function joinOnce(directory: string, options: CloneJoinOptions): Promise<Omit<CloneJoinResult, "durationMs">> {
  const target = realPath(resolve(directory));
  const paths = options.paths ?? choosePaths();
  const isUpdate = options.update === true;
  const newStage = newStagePath(target);
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
  const { result, ...received } = await joinSession(options, {
    takes(image) {
      const done = isUpdate ? undefined : doneUpTo(image);
      return { isFresh: !isUpdate && done === undefined, doneUpTo: done, streams: places.map(({ name }) => name) };
    },
    fromFiles: (frame) => Promise.resolve(files?.frame(frame)),
    receive: async (session, arriving, index) => {
      const found = adoptOthers(lookAtTarget(target, newStage), options.session, session.image);
      const plan = planTree(found, { image: session.image, neededBytes: arriving.totals.bytes, isUpdate });
      files = new WrittenFiles(linuxTreeReader(), index, plan.root);
      session.log(`${isUpdate ? "updating" : "writing"} ${target}`);
      const mark = new VerifiedMark(paths, target, session.image);
      const arrival: TreeArrival = {
        plan,
        session,
        arriving,
        holdsOther: session.growing !== undefined && plan.resumes !== undefined,
        threads: { write, check },
        isInFiles: (frame) => files?.frame(frame) !== undefined,
        isVerified: (root) => mark.isOf(root),
        settle: async (root) => {
          const log = (line: string): void => session.log(line);
          const { onProgress = () => undefined, signal } = options;
          await writeRawStreams(await arriving.whole, places, options.mayErase ?? [], { log, onProgress, signal });
          const { settlement } = session;
          if (settlement.identity === "none") return;
          if (!isUpdate) mark.put(root);
          crashPoint("clone.verified");
          await settleCopy(root, settlement, { log, signal, paths });
          crashPoint("clone.settled");
        },
        onProgress: options.onProgress ?? (() => undefined),
        signal: options.signal,
      };
      const written = isUpdate ? await updateTree(arrival) : await fillTree(arrival);
      mark.remove();
      files = new WrittenFiles(linuxTreeReader(), index, target);
      session.log(`verified ${target}`);
      return { ...written, resumed: plan.resumes !== undefined };
    },
    released: (log) => doThen(options.afterwards ?? { kind: "stay" }, target, log),
  });
  return { ...received, ...result, directory: target };
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
