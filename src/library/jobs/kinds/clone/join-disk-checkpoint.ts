import { crashPoint } from "../../../../core/crash-points.ts";
import type { Checkpoint, CheckpointContext } from "../../../../engine/job-kind.ts";
import type { JobId } from "../../../../engine/job.ts";
import type { BuildRequest } from "../../../../system/disk/build/request.ts";
import { DiskRecord, readDiskProgress } from "../../../clone/node/disk/disk-record.ts";
import { joinDisks, type DiskNotices, type ReceivedDisks } from "../../../clone/node/disk/join-disk.ts";
import { devicesOf, type NodeDiskChoices } from "../../../clone/node/disk/plan-node-disks.ts";
import { isStillServed } from "../../../clone/node/is-still-served.ts";
import { whileCapturedAnew, type JoinSessionOptions } from "../../../clone/node/join-session.ts";
import type { BesideOptions } from "../../../clone/node/store-beside.ts";
import type { Paths } from "../../../settings/settings.ts";
import { toJson } from "../../json.ts";
import { buildHoldings } from "../disk/build-holdings.ts";
import { GrowingCursor } from "./growing-cursor.ts";
import { noteRaw, rawOf, type KeptRaw, type RawCursor } from "./raw-of-job.ts";
import type { SessionOfJob } from "./session-of-job.ts";

/** What a join's job keeps of its disks; all paths absolute. */
export interface DiskTargets extends KeptRaw, BesideOptions, Omit<NodeDiskChoices, "mayErase"> {
  readonly paths: Paths;
}

/** How far a join came. What of the disks is done is known in the {@link DiskRecord}. */
interface DiskCursor extends RawCursor {
  /** The disks are finished. */
  readonly received: ReceivedDisks;
  /** The golden node knows of it, and has let this node go. */
  readonly isOver: boolean;
}

/** Makes the disks of a node start with what a session brings, and serves those behind it until that ends. What they held nothing brings back. */
export function joinDiskCheckpoint(id: JobId, targets: DiskTargets, session: SessionOfJob): Checkpoint {
  const { paths, streams: _streams, ...choices } = targets;
  const devices = devicesOf(choices);
  return {
    name: "join",
    title: `Fill ${devices.join(", ")} from the session`,
    weight: 9,
    undo: "none",
    run: async (context) => toJson(await run(context)),
  };

  async function run(context: CheckpointContext): Promise<ReceivedDisks> {
    const cursor = new GrowingCursor<DiskCursor>(context);
    const how = await session.begin(context);
    using record = await DiskRecord.hold(paths, devices);
    const received = (await findReceived(cursor.now, how, context)) ?? (await join(how, record, cursor, context));
    // Without the record the disks are like those of anybody: nobody must begin with them again.
    await cursor.keep({ received, isOver: true });
    record.remove();
    return received;
  }

  /** What an earlier run had made, if there is nobody any more to tell of it. */
  async function findReceived(
    { received, isOver }: Partial<DiskCursor>,
    how: JoinSessionOptions,
    { log }: CheckpointContext,
  ): Promise<ReceivedDisks | undefined> {
    if (received === undefined) return undefined;
    const isKnown = isOver !== true && (await readDiskProgress(paths, devices)) !== undefined;
    if (isKnown && (await isStillServed(how, received.image))) return undefined;
    log("the session is over; what it was to bring is here");
    return { ...received, resumed: true };
  }

  async function join(
    how: JoinSessionOptions,
    record: DiskRecord,
    cursor: GrowingCursor<DiskCursor>,
    context: CheckpointContext,
  ): Promise<ReceivedDisks> {
    const options = { ...how, ...choices, ...rawOf(targets, cursor.now) };
    const stay = session.stayIn(context);
    const notices: DiskNotices = {
      ...noteRaw(id, cursor),
      mounting: (request) => hold(request, context),
      async received(now) {
        await cursor.keep({ received: now });
        crashPoint("clone.received");
      },
    };
    return await whileCapturedAnew(how, () => joinDisks(options, record, stay, notices));
  }

  async function hold(request: BuildRequest, { hold: journal, release, keep }: CheckpointContext): Promise<void> {
    for (const holding of buildHoldings(request)) {
      await journal(holding);
      keep({ [Symbol.asyncDispose]: () => release(holding) });
    }
  }
}
