import { hostname } from "node:os";
import { SessionRefusedError } from "../../../../journeys/clone/errors.ts";
import { growingPrefix } from "../../../../journeys/clone/node/growing-index.ts";
import { lookAtSession, type SeenSession } from "../../../../journeys/clone/node/look-at-session.ts";
import { makeCheckThreads } from "../../../images/compare.ts";
import { choosePaths } from "../../../settings/settings.ts";
import { makeWriteThreads } from "../../../settings/write-pool.ts";
import {
  joinSession,
  soughtGolden,
  whileCapturedAnew,
  type EndedJoin,
  type JoinSessionOptions,
  type Received,
  type ReceivedTree,
} from "../join-session.ts";
import { chooseRawPlaces } from "../raw-streams.ts";
import { SessionStay } from "../session-stay.ts";
import { doThen, type CloneThen } from "../settle-copy.ts";
import { DiskRecord, type DiskProgress } from "./disk-record.ts";
import { findFormerJoin } from "./former-join.ts";
import { NodeDisk, type JoinDiskOptions, type NodeDiskNotices } from "./node-disk.ts";
import { devicesOf, planNodeDisks } from "./plan-node-disks.ts";
import { rawPartitionsOf } from "./received-disk.ts";

/** How to join a session with disks as target, and what to do then. */
export interface CloneJoinDiskOptions extends JoinDiskOptions {
  /** What to do once the golden node lets this node go. Default: stay. */
  readonly afterwards?: CloneThen;
}

/** What the disks of a node got of a session. */
export interface ReceivedDisks extends ReceivedTree {
  readonly devices: readonly { readonly disk: string; readonly path: string }[];
}

/** What the disks of a node got, and what came then. */
export interface CloneJoinDiskResult extends ReceivedDisks, EndedJoin {}

/** Who wants to know what a join is about to do with disks; each is waited for before it is done. */
export interface DiskNotices extends NodeDiskNotices {
  /** The disks are finished, and the golden node is told. */
  readonly received?: (received: ReceivedDisks) => Promise<void>;
}

/**
 * Joins a session and makes disks of this node that start of it: divides them, makes file systems, writes the image into these while it
 * comes in and is passed on, reads it back, prepares it as the golden node says, and installs a boot loader. Serves those behind it until
 * the golden node ends the session. What is refused is refused before the session counts this node, and before anything is changed; the
 * same call after a failure or kill goes on.
 *
 * @throws {SessionRefusedError} @throws {LayoutRefusedError} @throws {DeviceRefusedError} @throws {TargetDiffersError}
 * @throws {CopyNotPreparedError} @throws {BootLoaderError} @throws {DiskNotCleanError} @throws {UsageError}
 */
export async function cloneJoinDisk(options: CloneJoinDiskOptions): Promise<CloneJoinDiskResult> {
  const startedAtMs = Date.now();
  const { paths = choosePaths(), afterwards = { kind: "stay" }, signal } = options;
  using record = await DiskRecord.hold(paths, devicesOf(options));
  using stay = new SessionStay(options.onLine);
  const received = await whileCapturedAnew(options, () => joinDisks(options, record, stay));
  record.remove();
  const thenStatus = await doThen(afterwards, received.devices[0]?.path ?? "", {
    log: (line) => stay.log(line),
    signal,
  });
  return { ...received, thenStatus, durationMs: Date.now() - startedAtMs };
}

/** Joins a session as {@link cloneJoinDisk} does, once: not again where the golden node captures anew. The record stays, which says that the disks are finished. @throws As that. */
export async function joinDisks(
  options: JoinDiskOptions,
  record: DiskRecord,
  stay: SessionStay,
  notices: DiskNotices = {},
): Promise<ReceivedDisks> {
  const { paths = choosePaths() } = options;
  const seen = await seeSession(options);
  const found = await findFormerJoin(paths, options, seen);
  const { former, isBegun } = found;
  const planned = await planNodeDisks(seen, options, { isBegun });
  const places = await chooseRawPlaces(options);
  const disks = former?.disks ?? planned;
  const node = new NodeDisk(options, record, notices, { seen, disks, ...found });
  const doneUpTo = await node.doneUpTo();
  await using write = makeWriteThreads();
  await using check = makeCheckThreads();
  for (const threads of [write, check]) threads.start();
  const hasTree = former?.done.includes("restore") === true;
  const isGrowing = seen.image.startsWith(growingPrefix(options.session));
  // Who divides its disks by what all of an image takes has to wait for that.
  const waits = isGrowing && former === undefined && options.layout !== undefined;
  const outcomeOf = ({ result, ...facts }: Received<DiskProgress>): ReceivedDisks => ({
    ...facts,
    devices: node.devices,
    resumed: former !== undefined,
    losses: result.written?.losses ?? [],
    lossCount: result.written?.lossCount ?? 0,
  });
  const received = await joinSession<DiskProgress>(
    options,
    {
      takes(image) {
        if (image !== seen.image)
          throw new SessionRefusedError(isGrowing ? "anew" : "session", "it has begun anew with another image");
        // They are written before the tree counts as written.
        const raw = [...rawPartitionsOf(disks.plan).map(({ stream }) => stream), ...places.map(({ name }) => name)];
        const streams = hasTree ? [] : raw;
        return { isFresh: !hasTree && !waits && doneUpTo === undefined, hasTree, doneUpTo, streams };
      },
      fromFiles: (frame) => Promise.resolve(node.frame(frame)),
      receive: (session, arriving, index) => node.receive(session, arriving, index, { write, check }, places),
      received: async (known) => await notices.received?.(outcomeOf(known)),
    },
    stay,
  );
  return outcomeOf(received);
}

/** Looks what a session is about, before it is joined. @throws {SessionRefusedError} @throws {GoldenNodeUnreachableError} */
export async function seeSession(options: JoinSessionOptions, once = false): Promise<SeenSession> {
  const { name, onLine = () => undefined, signal } = options;
  return await lookAtSession({ golden: soughtGolden(options), name: name ?? hostname(), once, onLine, signal });
}
