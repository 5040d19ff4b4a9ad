import type { JobKind } from "../../../../engine/job-kind.ts";
import type { MachineRecord } from "../../../../journeys/machine/states/machine-record.ts";
import type { OwnerStamp } from "../../../../journeys/machine/states/owner-stamp.ts";
import { recordReclaimed } from "../../../../journeys/machine/states/ownership.ts";
import { lockMachine } from "../../../machines/guards.ts";
import { putBackStamp, readStamp, writeStamp } from "../../../machines/owner-stamp.ts";
import { machinePlaces } from "../../../machines/places.ts";
import { writeRecord } from "../../../machines/records.ts";
import type { Paths } from "../../../settings/settings.ts";
import { fromJson } from "../../json.ts";
import { assertAsLeft, lockedCheckpoint, markIncomplete, restoreRecord } from "./machine-checkpoints.ts";
import { machineHooks } from "./machine-hooks.ts";
import { changeMachine, lookBefore, type ChangeOptions, type MachineChange } from "./machine-change.ts";

interface RecordParameters {
  readonly name: string;
  readonly paths: Paths;
}

interface MarkPlan {
  readonly before: MachineRecord | null;
  readonly known: MachineRecord;
}

/** The marking of a machine as incomplete, as a job; to undo it is the only way back. */
export const markKind: JobKind = {
  kind: "machine-mark",
  planVersion: 1,
  checkpoints({ parameters, plan }) {
    const { name, paths } = fromJson<RecordParameters>(parameters);
    const { before, known } = fromJson<MarkPlan>(plan);
    const locked = lockedCheckpoint(() => lockMachine(paths, name, "mark"));
    const hooks = machineHooks(paths, { name, operation: "mark", before, known });
    return [hooks.before, markIncomplete(paths, { name, operation: "mark", before, known, locked }), hooks.after];
  },
  insteadOfUndo: () => "Remove the machine with `rehome machine remove`.",
};

/** Marks a machine whose files somebody knows to be damaged, so that nobody starts, attaches or clones it. @throws {MachineStateError} */
export async function markMachineAsJob(name: string, options: ChangeOptions = {}): Promise<MachineChange> {
  const { paths, before, known } = lookBefore(name, "mark", options);
  const parameters: RecordParameters = { name, paths };
  const order = { operation: "mark", title: `mark ${name} incomplete`, parameters, name } as const;
  return await changeMachine(markKind, { ...order, plan: { before, known } satisfies MarkPlan }, options);
}

interface ReclaimPlan extends MarkPlan {
  readonly after: MachineRecord;
  readonly site: string;
  /** What the machine's directory says; absent where there is none. */
  readonly stamp?: OwnerStamp | null;
}

/** The reclaiming of a machine from a site that is lost, as a job. */
export const reclaimKind: JobKind = {
  kind: "machine-reclaim",
  planVersion: 1,
  checkpoints({ parameters, plan }) {
    const { name, paths } = fromJson<RecordParameters>(parameters);
    const { before, known, after, site, stamp } = fromJson<ReclaimPlan>(plan);
    const locked = lockedCheckpoint(() => lockMachine(paths, name, "reclaim"));
    const hooks = machineHooks(paths, { name, operation: "reclaim", before, known });
    const { directory } = machinePlaces(paths, name);
    return [
      hooks.before,
      markIncomplete(paths, { name, operation: "reclaim", before, known, locked }),
      locked({
        name: "own",
        title: `Own ${name} from epoch ${after.epoch} on, on record${stamp === undefined ? "" : " and in its directory"}`,
        weight: 1,
        undo: "puts back",
        act() {
          if (stamp !== undefined) writeStamp(directory, { ...after, owner: site });
          writeRecord(paths, after);
        },
        takeBack() {
          assertAsLeft(paths, name, after, "take back the reclaiming of");
          restoreRecord(paths, name, { ...(before ?? after), mark: "incomplete" });
          if (stamp !== undefined) putBackStamp(directory, stamp);
        },
      }),
      hooks.after,
    ];
  },
  insteadOfUndo: () => "Detach the machine with `rehome machine detach`, so that another site can attach it.",
};

/**
 * Takes a machine back that another site owns and will never give back. Its epoch is raised above what that site has, so
 * that its copy is refused wherever it meets this one.
 *
 * @throws {MachineStateError} If no other site owns it.
 */
export async function reclaimMachineAsJob(name: string, options: ChangeOptions = {}): Promise<MachineChange> {
  const { paths, site, machine, before, known } = lookBefore(name, "reclaim", options);
  const stamp = readStamp(machine.path);
  const after = recordReclaimed({ ...known, uuid: before?.uuid ?? stamp?.uuid ?? known.uuid }, stamp, {
    site,
    hasTree: machine.hasTree,
  });
  const plan: ReclaimPlan = { before, known, after, site, ...(machine.hasTree && { stamp: stamp ?? null }) };
  const from = machine.movedTo ?? "the site that owns it";
  const parameters: RecordParameters = { name, paths };
  const title = `reclaim ${name}: ${from} is said to be lost`;
  return await changeMachine(reclaimKind, { operation: "reclaim", title, parameters, plan, name }, options);
}
