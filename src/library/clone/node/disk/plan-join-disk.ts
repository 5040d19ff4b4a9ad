import { hostname } from "node:os";
import type { StreamPlace } from "../../../restore/streams/plan-targets.ts";
import { choosePaths } from "../../../settings/settings.ts";
import { chooseRawPlaces } from "../raw-streams.ts";
import type { CloneThen } from "../settle-copy.ts";
import { findFormerJoin } from "./former-join.ts";
import { seeSession, type CloneJoinDiskOptions } from "./join-disk.ts";
import { findBeside } from "../store-beside.ts";
import { planNodeDisks, type PlannedNodeDisks } from "./plan-node-disks.ts";

/** What a join would do with the disks of this node. */
export interface CloneJoinDiskPlan extends PlannedNodeDisks {
  readonly session: string;
  /** How this node is called in the session. */
  readonly name: string;
  /** Where the golden node is that was asked. */
  readonly golden: string;
  readonly image: string;
  /** An earlier join has begun, and would be gone on with. */
  readonly resumes: boolean;
  /** Where raw streams would be written beside. */
  readonly streams: readonly StreamPlace[];
  /** The store that would be taken from. */
  readonly fromStore?: string;
  readonly afterwards: CloneThen;
}

/**
 * Asks the golden node, and says what {@link cloneJoinDisk} would do; the session does not count this node, and nothing is changed.
 *
 * @throws {GoldenNodeUnreachableError} And what the join would refuse.
 */
export async function planCloneJoinDisk(options: CloneJoinDiskOptions): Promise<CloneJoinDiskPlan> {
  const { session, name, afterwards = { kind: "stay" } } = options;
  const paths = options.paths ?? choosePaths();
  const beside = await findBeside(options, paths);
  const seen = await seeSession(options, true);
  const { former, isBegun } = await findFormerJoin(paths, options, seen);
  const planned = await planNodeDisks(seen, options, { isBegun });
  const { place, image } = seen;
  const streams = await chooseRawPlaces(options);
  return {
    session,
    name: name ?? hostname(),
    golden: `${place.host}:${place.port}`,
    image,
    resumes: former !== undefined,
    streams,
    ...beside,
    afterwards,
    ...planned,
    ...(former && { ...former.disks, erases: {} }),
  };
}
