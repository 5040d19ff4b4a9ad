import { resolve } from "node:path";
import { InterruptedError } from "../../../../core/errors.ts";
import type { JobKind } from "../../../../engine/job-kind.ts";
import type { JobRecord, Json } from "../../../../engine/job.ts";
import { pointOfNoReturn } from "../../../../engine/run/undo-job.ts";
import { GoldenNodeUnreachableError } from "../../../../journeys/clone/errors.ts";
import { DiskRecord } from "../../../clone/node/disk/disk-record.ts";
import { type CloneJoinDiskResult, type ReceivedDisks } from "../../../clone/node/disk/join-disk.ts";
import { planCloneJoinDisk } from "../../../clone/node/disk/plan-join-disk.ts";
import { devicesOf, type NodeDiskChoices } from "../../../clone/node/disk/plan-node-disks.ts";
import { readSessionToken } from "../../../clone/node/session-token.ts";
import type { CloneThen } from "../../../clone/node/settle-copy.ts";
import { findBeside, type BesideOptions } from "../../../clone/node/store-beside.ts";
import { splitName } from "../../../disk/per-disk.ts";
import { choosePaths, type Paths } from "../../../settings/settings.ts";
import { fromJson, toJson } from "../../json.ts";
import { choicesOf, hasUnfinished, runAsJob, type JobOptions } from "../../run-as-job.ts";
import { isSameJoin } from "./is-same-join.ts";
import { joinDiskCheckpoint } from "./join-disk-checkpoint.ts";
import { keepRaw, type KeptRaw } from "./raw-of-job.ts";
import { keepToken, SessionOfJob, type JoinWatcher, type SessionByToken } from "./session-of-job.ts";
import { thenCheckpoints, thenStatusOf } from "./then-checkpoint.ts";

/** How to join a session with disks as target, as a job. */
export interface CloneJoinDiskJobOptions extends SessionByToken, BesideOptions, NodeDiskChoices {
  /** `NAME=DEVICE-OR-FILE`: raw streams beside the disks. */
  readonly raw?: readonly string[];
  /** What to do once the golden node lets this node go. Default: stay. */
  readonly afterwards?: CloneThen;
}

/** What the job keeps of how it was called; all paths absolute. */
interface DiskParameters {
  readonly paths: Paths;
  readonly options: Omit<CloneJoinDiskJobOptions, "raw" | keyof JobOptions> & KeptRaw;
}

/** A join onto disks as a job. */
export const cloneJoinDiskKind: JobKind = cloneJoinDiskKindWith({});

function cloneJoinDiskKindWith(watcher: JoinWatcher): JobKind {
  return {
    kind: "clone-join-disk",
    planVersion: 1,
    mounts: true,
    checkpoints({ id, parameters }) {
      const { paths, options } = fromJson<DiskParameters>(parameters);
      const { disks, mayErase, streams, afterwards, ...more } = options;
      const { layout, mayEraseAll, fromStore, luksPassphraseFiles = [], ...kept } = more;
      const choices = {
        ...(layout !== undefined && { layout }),
        ...(mayEraseAll !== undefined && { mayEraseAll }),
        ...(fromStore !== undefined && { fromStore }),
        luksPassphraseFiles,
      };
      const session = new SessionOfJob(kept, paths, watcher);
      return [
        joinDiskCheckpoint(id, { paths, disks, mayErase, streams, ...choices }, session),
        ...thenCheckpoints(afterwards, session, firstDevice),
      ];
    },
    insteadOfUndo,
  };
}

/**
 * Joins a session with disks as a job; run again after it was stopped, it goes on with what is on them.
 *
 * @throws What `planCloneJoinDisk` throws, before there is a job, if the golden node is there by then. @throws {SessionTokenMissingError}
 * @throws {JobPausedError} @throws {JobCancelledError} And whatever {@link cloneJoinDisk} throws.
 */
export async function cloneJoinDiskAsJob(
  given: CloneJoinDiskJobOptions,
  watcher: JoinWatcher = {},
): Promise<CloneJoinDiskResult> {
  const startedAtMs = Date.now();
  const { paths = choosePaths(), session, layout } = given;
  const { raw: _raw, ...choices } = choicesOf(given);
  const options = {
    ...choices,
    disks: given.disks.map(absolute),
    ...(layout !== undefined && { layout: resolve(layout) }),
    luksPassphraseFiles: (given.luksPassphraseFiles ?? []).map(absolute),
    ...(await findBeside(given, paths)),
    ...keepRaw(given),
    ...keepToken(given),
  };
  const title = `join session ${session} into ${devicesOf(given).join(", ")}`;
  const order = { title, parameters: toJson({ paths, options } satisfies DiskParameters), plan: null };
  const kind = cloneJoinDiskKindWith(watcher);
  if (!(await hasUnfinished(kind, order, paths, isSameJoin))) await assertJoinable({ ...given, paths });
  const { checkpoints } = await runAsJob(kind, order, { ...given, paths }, isSameJoin);
  const received = fromJson<ReceivedDisks>(checkpoints.find(({ name }) => name === "join")?.result ?? null);
  return { ...received, thenStatus: thenStatusOf(checkpoints), durationMs: Date.now() - startedAtMs };
}

const answerWithinMs = 5000;

/** What is refused is refused before there is a job; a golden node that cannot tell yet how disks are divided is waited for by the job. */
async function assertJoinable(given: CloneJoinDiskJobOptions & { readonly paths: Paths }): Promise<void> {
  using _record = await DiskRecord.hold(given.paths, devicesOf(given));
  const late = AbortSignal.timeout(answerWithinMs);
  const signal = given.signal === undefined ? late : AbortSignal.any([given.signal, late]);
  try {
    await planCloneJoinDisk({ ...given, signal, token: readSessionToken(given.session, given.tokenFile) });
  } catch (error) {
    const isNotThere =
      error instanceof GoldenNodeUnreachableError || (error instanceof InterruptedError && late.aborted);
    if (!isNotThere || given.signal?.aborted === true) throw error;
  }
}

function absolute(given: string): string {
  const [name, path] = splitName(given);
  return name === undefined ? resolve(path) : `${name}=${resolve(path)}`;
}

function firstDevice(results: ReadonlyMap<string, Json>): string {
  return fromJson<ReceivedDisks>(results.get("join") ?? null).devices[0]?.path ?? "";
}

function insteadOfUndo(job: JobRecord): string {
  const { session, disks } = fromJson<DiskParameters>(job.parameters).options;
  const devices = disks.map((disk) => splitName(disk)[1]).join(", ");
  if (pointOfNoReturn(job)?.state === "done")
    return `What ${devices} held is gone; session ${session} has replaced it.`;
  return `What ${devices} held is gone once it is written to. \`rehome job resume ${job.id}\` finishes the disk, \`rehome job cancel ${job.id}\` leaves it as it is.`;
}
