import { dirname, join } from "node:path";
import type { Checkpoint, CheckpointContext } from "../../../../../engine/job-kind.ts";
import type { JobId } from "../../../../../engine/job.ts";
import { isDeviceNodeMissing, makeDeviceNode, removeDeviceNode } from "../../../../../host/machines/device-nodes.ts";
import {
  detachedFile,
  removeMachineFile,
  renameMachineFile,
  writeMachineFile,
} from "../../../../../host/machines/machine-files.ts";
import type { DetachedManifest, DeviceNode } from "../../../../../journeys/machine/detached/detached-manifest.ts";
import { isOrdinaryDevice } from "../../../../../journeys/machine/detached/ordinary-devices.ts";
import { formatDetached } from "../../../../../journeys/machine/detached/parse-detached.ts";
import type { MachineRecord } from "../../../../../journeys/machine/states/machine-record.ts";
import type { OwnerStamp } from "../../../../../journeys/machine/states/owner-stamp.ts";
import { recordAttached } from "../../../../../journeys/machine/states/ownership.ts";
import type { PackageChange } from "../../../../../journeys/machine/update/plan-update.ts";
import type { ValidationReport } from "../../../../../system/validate/index.ts";
import { setAutostart } from "../../../../machines/configuration-files.ts";
import { lockMachine } from "../../../../machines/guards.ts";
import { machinePlaces } from "../../../../machines/places.ts";
import type { Paths } from "../../../../settings/settings.ts";
import { fromJson } from "../../../json.ts";
import { lockedCheckpoint, markIncomplete } from "../machine-checkpoints.ts";
import { machineHooks } from "../machine-hooks.ts";
import {
  assertRoomFor,
  configure,
  own,
  publishTree,
  reserveName,
  stageOf,
  type NewMachine,
} from "../create/new-machine-checkpoints.ts";
import { updateCheckpoints } from "./update-checkpoints.ts";
import { restoreTree } from "../../restore/restore-tree-checkpoint.ts";

/** What the attaching of a machine keeps of how it was called. */
export interface AttachParameters {
  readonly name: string;
  readonly paths: Paths;
  readonly force: boolean;
  /** Device nodes that are made even if they are not harmless. */
  readonly allDevices: boolean;
  /** Its files come from an image. */
  readonly arrival?: Arrival;
  /** Packages in the machine that are brought to this host's versions first. */
  readonly update?: readonly PackageChange[];
}

/** The image that a machine's files come from. */
export interface Arrival {
  /** `@ID`. */
  readonly image: string;
  readonly store: string;
  /** Its settings are here already. */
  readonly isConfigured: boolean;
}

/** What was decided before a machine is attached. */
export interface AttachPlan {
  readonly manifest: DetachedManifest;
  readonly before: MachineRecord | null;
  /** Whose it was, as its directory said. */
  readonly stamp: OwnerStamp | null;
  readonly site: string;
  /** What force passed over, for the evidence. */
  readonly report: ValidationReport;
}

/** The name of what is left of a manifest after the machine was attached by force. */
const forcedFile = "attached-forced.json";

/** Where the state from before an update is kept: beside the machine, to be exchanged with it. */
export function snapshotOf(directory: string, id: JobId): string {
  return join(dirname(directory), `.rehome-machine-${id}`);
}

/** The checkpoints of attaching a machine. */
export function attachCheckpoints(
  id: JobId,
  { name, paths, force, allDevices, arrival, update: changes }: AttachParameters,
  { manifest, before, stamp, site }: AttachPlan,
): Checkpoint[] {
  const { directory } = machinePlaces(paths, name);
  const { uuid, epoch, image } = manifest.machine;
  const known: MachineRecord = { name, uuid, epoch, ...(image !== undefined && { image }) };
  const devices = manifest.devices.filter((node) => allDevices || isOrdinaryDevice(node));
  const locked = lockedCheckpoint(() => lockMachine(paths, name, "attach"));
  const hooks = machineHooks(paths, { name, operation: "attach", before, known });
  const stage = stageOf(paths, id);
  const made: NewMachine = { paths, name, known, before, locked };
  const updating =
    changes &&
    updateCheckpoints({
      directory,
      snapshot: snapshotOf(directory, id),
      changes,
      lock: () => lockMachine(paths, name, "attach"),
    });
  return [
    hooks.before,
    ...(arrival === undefined
      ? [markIncomplete(paths, { name, operation: "attach", before, known, locked })]
      : [
          reserveName(made, () => assertRoomFor(paths, name)),
          restoreTree(id, stage, { ...arrival, paths, keepsManifest: true }),
          publishTree(made, stage),
          ...(arrival.isConfigured ? [] : [configure(made, manifest.configuration)]),
        ]),
    ...(updating?.update ?? []),
    {
      name: "make-devices",
      title: `Make the device nodes of ${name} that are missing`,
      weight: 1,
      undo: "removes",
      run: (context) => makeDevices(directory, devices, context),
      takeBack: async ({ cursor }) => {
        for (const at of fromJson<readonly number[] | null>(cursor) ?? []) {
          const node = devices[at];
          if (node !== undefined) removeDeviceNode(directory, node);
        }
        await Promise.resolve();
      },
    },
    locked({
      name: "restore-autostart",
      title: `Start ${name} with this host, if it was started with the other`,
      weight: 1,
      undo: "puts back",
      act: () => manifest.configuration.autostart && setAutostart(paths, name, true),
      takeBack: () => setAutostart(paths, name, false),
    }),
    locked({
      name: "remove-manifest",
      title: force ? `Keep the manifest of ${name} as ${forcedFile}` : `Remove the manifest of ${name}`,
      weight: 1,
      undo: "puts back",
      act() {
        if (force) renameMachineFile(directory, detachedFile, forcedFile);
        else removeMachineFile(directory, detachedFile);
      },
      takeBack() {
        if (force) renameMachineFile(directory, forcedFile, detachedFile);
        else if (!manifest.isRebuilt) writeMachineFile(directory, detachedFile, formatDetached(manifest));
      },
    }),
    ...own(made, () => recordAttached({ ...manifest.machine, name }, site), stamp),
    hooks.after,
    ...(updating ? [updating.dropSnapshot] : []),
  ];
}

/** Keeps which nodes are missing before it makes the first of them, so that undo removes those and no others. */
async function makeDevices(
  directory: string,
  devices: readonly DeviceNode[],
  { cursor, saveCursor, log }: CheckpointContext,
): Promise<null> {
  if (cursor === null)
    await saveCursor([...devices.keys()].filter((at) => isDeviceNodeMissing(directory, devices[at] as DeviceNode)));
  for (const node of devices)
    if (makeDeviceNode(directory, node) === "left")
      log(`${node.path} was left: its directory is missing, or something else stands there`);
  return null;
}
