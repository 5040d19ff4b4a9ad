import { resolve } from "node:path";
import type { JobKind } from "../../../../engine/job-kind.ts";
import type { JobRecord } from "../../../../engine/job.ts";
import { pointOfNoReturn } from "../../../../engine/run/undo-job.ts";
import type { ReceivedTree } from "../../../clone/node/join-session.ts";
import type { CloneJoinResult } from "../../../clone/node/join.ts";
import { planJoinTarget } from "../../../clone/node/plan-join.ts";
import type { CloneThen } from "../../../clone/node/settle-copy.ts";
import { findBeside, type BesideOptions } from "../../../clone/node/store-beside.ts";
import { realPath } from "../../../settings/real-path.ts";
import { choosePaths, type Paths } from "../../../settings/settings.ts";
import { fromJson, toJson } from "../../json.ts";
import { choicesOf, hasUnfinished, runAsJob, type JobOptions } from "../../run-as-job.ts";
import { isSameJoin } from "./is-same-join.ts";
import { joinTreeCheckpoint, remainsOfTree, type TreeTarget } from "./join-tree-checkpoint.ts";
import { keepRaw, type KeptRaw } from "./raw-of-job.ts";
import { keepToken, SessionOfJob, type JoinWatcher, type SessionByToken } from "./session-of-job.ts";
import { thenCheckpoints, thenStatusOf } from "./then-checkpoint.ts";

/** How to join a session with a directory as target, as a job. */
export interface CloneJoinJobOptions extends SessionByToken, BesideOptions {
  /** The directory holds an older clone, which is made equal to the image; only what it lacks is fetched. */
  readonly update?: boolean;
  /** `NAME=DEVICE-OR-FILE`. */
  readonly raw?: readonly string[];
  /** Devices that may hold something. */
  readonly mayErase?: readonly string[];
  /** What to do once the golden node lets this node go. Default: stay. */
  readonly afterwards?: CloneThen;
}

/** What the job keeps of how it was called; all paths absolute. */
interface TreeParameters {
  readonly directory: string;
  readonly paths: Paths;
  readonly options: Omit<CloneJoinJobOptions, "raw" | keyof JobOptions> & KeptRaw;
}

/** A join into a directory as a job. */
export const cloneJoinKind: JobKind = cloneJoinKindWith({});

function cloneJoinKindWith(watcher: JoinWatcher): JobKind {
  return {
    kind: "clone-join",
    planVersion: 1,
    checkpoints({ id, parameters }) {
      const { directory, paths, options } = fromJson<TreeParameters>(parameters);
      const { update: _update, fromStore: _store, streams: _streams, mayErase: _mayErase, ...given } = options;
      const { afterwards, ...kept } = given;
      const session = new SessionOfJob(kept, paths, watcher);
      return [
        joinTreeCheckpoint(id, targetOf(fromJson(parameters)), session),
        ...thenCheckpoints(afterwards, session, () => directory),
      ];
    },
    insteadOfUndo,
    remains: (job) => remainsOfTree(job, targetOf(fromJson(job.parameters))),
  };
}

/**
 * Joins a session with a directory as a job; run again after it was stopped, it goes on with what is there. The journal keeps where the
 * session's token is, never the token.
 *
 * @throws {TargetUnsuitableError} @throws {DeviceRefusedError} @throws {SessionTokenMissingError} @throws {StoreNotFoundError} Before there is a job.
 * @throws {JobPausedError} @throws {JobCancelledError} And whatever {@link cloneJoin} throws.
 */
export async function cloneJoinAsJob(
  directory: string,
  given: CloneJoinJobOptions,
  watcher: JoinWatcher = {},
): Promise<CloneJoinResult> {
  const startedAtMs = Date.now();
  const { paths = choosePaths(), session } = given;
  const target = realPath(resolve(directory));
  const { raw: _raw, ...choices } = choicesOf(given);
  const options = { ...choices, ...(await findBeside(given, paths)), ...keepRaw(given), ...keepToken(given) };
  const parameters: TreeParameters = { directory: target, paths, options };
  const order = { title: `join session ${session} into ${target}`, parameters: toJson(parameters), plan: null };
  const kind = cloneJoinKindWith(watcher);
  try {
    // What is refused is refused before there is a job.
    await planJoinTarget(target, given);
  } catch (error) {
    // Unless a job of before has written a part already: then the targets are not what they were.
    if (!(await hasUnfinished(kind, order, paths, isSameJoin))) throw error;
  }
  const { checkpoints } = await runAsJob(kind, order, { ...given, paths }, isSameJoin);
  const received = fromJson<ReceivedTree>(checkpoints.find(({ name }) => name === "join")?.result ?? null);
  const durationMs = Date.now() - startedAtMs;
  return { ...received, thenStatus: thenStatusOf(checkpoints), directory: target, durationMs };
}

function targetOf({ directory, paths, options }: TreeParameters): TreeTarget {
  const { update = false, fromStore, streams, mayErase } = options;
  return { directory, paths, update, ...(fromStore !== undefined && { fromStore }), streams, mayErase };
}

function insteadOfUndo(job: JobRecord): string {
  const { directory, options } = fromJson<TreeParameters>(job.parameters);
  if (pointOfNoReturn(job)?.name === "then")
    return `The copy may be in use: remove "${directory}" by hand if it is not.`;
  if (options.update === true)
    return "Make it equal another image: `rehome clone join --update`, or restore one of before.";
  return `What a device held is gone once it is written to. \`rehome job resume ${job.id}\` finishes the copy.`;
}
