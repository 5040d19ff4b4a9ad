import { hostname } from "node:os";
import { resolve } from "node:path";
import { findGolden } from "../../../journeys/clone/discovery/find-golden.ts";
import { defaultPort } from "../../../journeys/clone/link/chain-port.ts";
import { parseToken } from "../../../journeys/clone/wire/token.ts";
import type { RestorePlan } from "../../../system/restore/plan.ts";
import { newStagePath } from "../../../system/restore/stage.ts";
import { lookAtTarget } from "../../restore/restore-ports.ts";
import type { StreamPlace } from "../../restore/streams/plan-targets.ts";
import { realPath } from "../../settings/real-path.ts";
import { choosePaths } from "../../settings/settings.ts";
import type { CloneJoinOptions } from "./join.ts";
import { planTree } from "./plan-tree.ts";
import { chooseRawPlaces } from "./raw-streams.ts";
import type { CloneThen } from "./settle-copy.ts";
import { findBeside, type BesideOptions } from "./store-beside.ts";

/** What a join would do on this node. */
export interface CloneJoinPlan {
  readonly session: string;
  /** How this node is called in the session. */
  readonly name: string;
  /** Where golden nodes are that answer for the session, or the one that was named, which was not asked. */
  readonly golden: readonly string[];
  readonly directory: string;
  /** What would be done to it: `in-place` for a mount point, `converge` for an older clone. */
  readonly mode: RestorePlan["mode"];
  /** Where the tree is written until it is verified; absent unless `mode` is `staged`. */
  readonly stage?: string;
  /** Where raw streams would be written. */
  readonly streams: readonly StreamPlace[];
  /** The store that would be taken from. */
  readonly fromStore?: string;
  readonly freeBytes: number;
  /** The image of an earlier run that would be gone on with. */
  readonly unfinished?: string;
  readonly afterwards: CloneThen;
}

/** What is known of a join's target before it begins. */
export interface PlannedTarget {
  readonly plan: RestorePlan;
  readonly streams: readonly StreamPlace[];
  readonly beside: BesideOptions;
  readonly freeBytes: number;
  /** The image of an earlier run that would be gone on with. */
  readonly unfinished: string | undefined;
}

/**
 * Looks whether a join could write to a directory, absolute and without symlinks, and to places of raw streams, and whether a store
 * beside is there. Changes nothing.
 *
 * @throws {TargetUnsuitableError} @throws {DeviceRefusedError} @throws {StoreNotFoundError} @throws {UsageError}
 */
export async function planJoinTarget(
  target: string,
  options: Pick<CloneJoinOptions, "update" | "raw" | "mayErase" | "fromStore" | "paths">,
): Promise<PlannedTarget> {
  const facts = lookAtTarget(target, newStagePath(target));
  const isUpdate = options.update === true;
  const unfinished = isUpdate ? undefined : facts.unfinished.find(({ path }) => path === "")?.image;
  const plan = planTree(facts, { image: unfinished ?? "", neededBytes: 0, isUpdate });
  const beside = await findBeside(options, options.paths ?? choosePaths());
  return { plan, streams: await chooseRawPlaces(options), beside, freeBytes: facts.freeBytes, unfinished };
}

/**
 * Says what {@link cloneJoin} would do; joins nothing and changes nothing.
 *
 * @throws {TargetUnsuitableError} If it would refuse the directory. @throws {DeviceRefusedError} If it would refuse a device.
 * @throws {StoreNotFoundError}
 */
export async function planCloneJoin(directory: string, options: CloneJoinOptions): Promise<CloneJoinPlan> {
  const target = realPath(resolve(directory));
  const { plan, streams, beside, freeBytes, unfinished } = await planJoinTarget(target, options);
  const { session, from, port, afterwards = { kind: "stay" } } = options;
  const token = parseToken(options.token);
  const found = from === undefined ? await findGolden({ session, token }) : [{ host: from, port: port ?? defaultPort }];
  return {
    session,
    name: options.name ?? hostname(),
    golden: found.map((place) => `${place.host}:${place.port}`),
    directory: target,
    mode: plan.mode,
    ...(plan.stage !== undefined && { stage: plan.stage }),
    streams,
    ...beside,
    freeBytes,
    ...(unfinished !== undefined && { unfinished }),
    afterwards,
  };
}
