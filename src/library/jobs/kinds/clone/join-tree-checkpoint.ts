import { crashPoint } from "../../../../core/crash-points.ts";
import type { Checkpoint, CheckpointContext } from "../../../../engine/job-kind.ts";
import type { JobId, JobRecord } from "../../../../engine/job.ts";
import { SessionRefusedError } from "../../../../journeys/clone/errors.ts";
import {
  identityOf,
  isFinished,
  isInPlace,
  takeBackRestore,
  traceRestore,
  type RestoreTrace,
} from "../../../../system/restore/take-back.ts";
import { isStillServed } from "../../../clone/node/is-still-served.ts";
import { whileCapturedAnew, type JoinSessionOptions, type ReceivedTree } from "../../../clone/node/join-session.ts";
import { joinTree, type TreeNotices } from "../../../clone/node/join-tree.ts";
import { joinWithTree } from "../../../clone/node/join-with-tree.ts";
import type { BesideOptions } from "../../../clone/node/store-beside.ts";
import { removeVerifiedMark } from "../../../clone/node/verified-mark.ts";
import { restorePorts } from "../../../restore/restore-ports.ts";
import type { Paths } from "../../../settings/settings.ts";
import { fromJson, toJson } from "../../json.ts";
import { assertUnchangedSince } from "./assert-unchanged-since.ts";
import { GrowingCursor } from "./growing-cursor.ts";
import {
  assertRawUntouched,
  noteRaw,
  rawOf,
  rawTemporaries,
  removeRaw,
  type KeptRaw,
  type RawCursor,
} from "./raw-of-job.ts";
import type { SessionOfJob } from "./session-of-job.ts";

/** What a join's job keeps of its target; all paths absolute. */
export interface TreeTarget extends KeptRaw, BesideOptions {
  readonly directory: string;
  readonly paths: Paths;
  readonly update: boolean;
}

/** How far a join came. What of the tree is written is known beside the directory. */
interface TreeCursor extends RawCursor {
  /** What was there before, unless that is an older clone, which nothing brings back. */
  readonly trace: RestoreTrace;
  /** The tree is all that it is to be since then, and takes its place. */
  readonly received: ReceivedTree;
  readonly receivedAtMs: number;
  readonly isUndoing: boolean;
}

/** Fills a directory from a session, and serves those behind it until that ends: a node is in it from its begin to its end. */
export function joinTreeCheckpoint(id: JobId, target: TreeTarget, session: SessionOfJob): Checkpoint {
  const { directory, paths, update, streams, fromStore } = target;
  const isFinal = update || streams.some(({ kind }) => kind === "device");
  return {
    name: "join",
    title: `${update ? "Update" : "Fill"} ${directory} from the session`,
    weight: 9,
    undo: isFinal ? "none" : "removes",
    run: async (context) => toJson(await run(context)),
    ...(!isFinal && { takeBack }),
  };

  async function run(context: CheckpointContext): Promise<ReceivedTree> {
    const cursor = new GrowingCursor<TreeCursor>(context);
    // An undo that failed is not gone on with.
    if (cursor.now.isUndoing === true) await cursor.keep({ isUndoing: false });
    const how = await session.begin(context);
    const whole = wholeOf(cursor.now);
    if (whole) return await endWith(whole, how, context);
    const beside = fromStore === undefined ? {} : { fromStore };
    const options = { ...how, update, ...beside, ...rawOf(target, cursor.now) };
    const stay = session.stayIn(context);
    return await whileCapturedAnew(how, () => joinTree(directory, options, stay, notices(cursor)));
  }

  /** The tree as an earlier run has left it, where that had come so far. */
  function wholeOf({ received, trace }: Partial<TreeCursor>): ReceivedTree | undefined {
    const isThere = update || (trace !== undefined && isFinished(trace));
    return received && isThere ? { ...received, resumed: true } : undefined;
  }

  async function endWith(
    whole: ReceivedTree,
    how: JoinSessionOptions,
    context: CheckpointContext,
  ): Promise<ReceivedTree> {
    const { log } = context;
    try {
      if (await isStillServed(how, whole.image)) await joinWithTree(directory, whole, how, session.stayIn(context));
      else log("the session is over; what it was to bring is here");
    } catch (error) {
      if (!(error instanceof SessionRefusedError)) throw error;
      log(error.message);
    }
    return whole;
  }

  function notices(cursor: GrowingCursor<TreeCursor>): TreeNotices {
    return {
      ...noteRaw(id, cursor),
      async planned(plan) {
        // What was there before is what the first run found.
        if (!update && cursor.now.trace === undefined) await cursor.keep({ trace: traceRestore(plan, restorePorts()) });
      },
      async publishing(root, received) {
        const { trace } = cursor.now;
        const now = { received, receivedAtMs: Date.now() };
        await cursor.keep(trace === undefined ? now : { ...now, trace: { ...trace, root: identityOf(root) } });
        crashPoint("clone.received");
      },
    };
  }

  async function takeBack(context: CheckpointContext): Promise<void> {
    const cursor = new GrowingCursor<TreeCursor>(context);
    const { trace, received, receivedAtMs, isUndoing } = cursor.now;
    if (isUndoing !== true) {
      if (trace && received && receivedAtMs !== undefined && isInPlace(trace))
        assertUnchangedSince(id, trace.target, receivedAtMs);
      assertRawUntouched(id, cursor.now);
      await cursor.keep({ isUndoing: true });
    }
    if (trace) takeBackRestore(trace, restorePorts());
    crashPoint("clone.tree-removed");
    removeRaw(id, cursor.now, streams);
    removeVerifiedMark(paths, directory);
  }
}

/** What a join leaves that nobody will go on with. */
export function remainsOfTree({ id, checkpoints: [join] }: JobRecord, target: TreeTarget): readonly string[] {
  const { trace, received } = fromJson<Partial<TreeCursor> | null>(join?.cursor ?? null) ?? {};
  const stage = received === undefined && trace?.stage !== undefined ? [trace.stage] : [];
  return [...stage, ...rawTemporaries(id, target.streams)];
}
