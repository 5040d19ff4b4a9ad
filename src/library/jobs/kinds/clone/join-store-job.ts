import { crashPoint } from "../../../../core/crash-points.ts";
import type { Checkpoint, CheckpointContext, JobKind } from "../../../../engine/job-kind.ts";
import type { ImageId } from "../../../../image/store/image-names.ts";
import { isStillServed } from "../../../clone/node/is-still-served.ts";
import { whileCapturedAnew } from "../../../clone/node/join-session.ts";
import { joinStore, type CloneJoinStoreResult, type ReceivedImage } from "../../../clone/node/join-store.ts";
import { choosePaths, type Paths } from "../../../settings/settings.ts";
import { storePath } from "../../../store/store.ts";
import { fromJson, toJson } from "../../json.ts";
import { choicesOf, runAsJob } from "../../run-as-job.ts";
import { removeNumberedNames } from "../remove-numbered-names.ts";
import { GrowingCursor } from "./growing-cursor.ts";
import { keepToken, SessionOfJob, type JoinWatcher, type KeptSession, type SessionByToken } from "./session-of-job.ts";

/** How to join a session with a store as target, as a job. */
export interface CloneJoinStoreJobOptions extends SessionByToken {
  /** Path of the store; by default {@link chooseStorePath}. */
  readonly store?: string;
}

/** What the job keeps of how it was called; all paths absolute. */
interface StoreParameters {
  readonly store: string;
  readonly paths: Paths;
  readonly options: KeptSession;
}

/** How far it came. Blocks that are in the store are found there. */
interface StoreCursor {
  /** The image that gets its name from this job. */
  readonly named: ImageId;
  /** The store has it, with its name. */
  readonly received: ReceivedImage;
}

/** A join into a store as a job of one checkpoint: what came in before its end is no image yet, and the next run finds it. */
export const cloneJoinStoreKind: JobKind = cloneJoinStoreKindWith({});

function cloneJoinStoreKindWith(watcher: JoinWatcher): JobKind {
  return {
    kind: "clone-join-store",
    planVersion: 1,
    checkpoints: ({ parameters }) => [joinStoreCheckpoint(fromJson(parameters), watcher)],
    insteadOfUndo: () => "Remove the image with `rehome rm`.",
  };
}

/**
 * Joins a session with a store as a job; run again after it was stopped, it goes on with what the store has.
 *
 * @throws {SessionTokenMissingError} Before there is a job. @throws {JobPausedError} @throws {JobCancelledError} And whatever
 * {@link cloneJoinStore} throws.
 */
export async function cloneJoinStoreAsJob(
  given: CloneJoinStoreJobOptions,
  watcher: JoinWatcher = {},
): Promise<CloneJoinStoreResult> {
  const startedAtMs = Date.now();
  const { paths = choosePaths(), session } = given;
  const store = storePath({ ...given, paths });
  const options = { ...choicesOf(given), ...keepToken(given) };
  const parameters: StoreParameters = { store, paths, options };
  const order = { title: `join session ${session} into ${store}`, parameters: toJson(parameters), plan: null };
  const { result } = await runAsJob(cloneJoinStoreKindWith(watcher), order, { ...given, paths });
  return { ...fromJson<ReceivedImage>(result), durationMs: Date.now() - startedAtMs };
}

function joinStoreCheckpoint({ store, paths, options }: StoreParameters, watcher: JoinWatcher): Checkpoint {
  const session = new SessionOfJob(options, paths, watcher);
  return {
    name: "join",
    title: `Put the session's image into ${store}`,
    weight: 1,
    undo: "removes",
    run: async (context) => toJson(await run(context)),
    async takeBack(context) {
      const { named } = new GrowingCursor<StoreCursor>(context).now;
      if (named !== undefined) await removeNumberedNames(named, store, paths);
    },
  };

  async function run(context: CheckpointContext): Promise<ReceivedImage> {
    const cursor = new GrowingCursor<StoreCursor>(context);
    const how = await session.begin(context);
    const { received } = cursor.now;
    if (received && !(await isStillServed(how, received.name.image))) {
      context.log("the session is over; what it was to bring is here");
      return received;
    }
    const stay = session.stayIn(context);
    return await whileCapturedAnew(how, () =>
      joinStore({ ...how, store }, stay, {
        async naming(image) {
          await cursor.keep({ named: image });
          crashPoint("clone.naming");
        },
        async received(now) {
          await cursor.keep({ received: now });
          crashPoint("clone.received");
        },
      }),
    );
  }
}
