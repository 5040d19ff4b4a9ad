import { hostname } from "node:os";
import type { Checkpoint, CheckpointContext, JobKind } from "../../../engine/job-kind.ts";
import { isDeviceNodeMissing, makeDeviceNode, removeDeviceNode } from "../../../host/machines/device-nodes.ts";
import {
  detachedFile,
  removeMachineFile,
  renameMachineFile,
  writeMachineFile,
} from "../../../host/machines/machine-files.ts";
import type { DetachedManifest, DeviceNode } from "../../../journeys/machine/detached/detached-manifest.ts";
import { isOrdinaryDevice } from "../../../journeys/machine/detached/ordinary-devices.ts";
import { formatDetached } from "../../../journeys/machine/detached/parse-detached.ts";
import type { MachineRecord } from "../../../journeys/machine/states/machine-record.ts";
import type { OwnerStamp } from "../../../journeys/machine/states/owner-stamp.ts";
import { assertAttachable, recordAttached } from "../../../journeys/machine/states/ownership.ts";
import type { ValidationReport } from "../../../system/validate/index.ts";
import { readConfigurationOf, setAutostart } from "../../machines/configuration-files.ts";
import { describeDetached } from "../../machines/describe-detached.ts";
import { MachineUnsuitableError } from "../../machines/errors.ts";
import { namesManifest, readManifestIn, readManifestOf } from "../../machines/find-manifest.ts";
import { guardMachine, lockMachine } from "../../machines/guards.ts";
import type { HostRoot } from "../../machines/host-software.ts";
import { describeMachine } from "../../machines/list-machines.ts";
import { putBackStamp, readStamp, writeStamp } from "../../machines/owner-stamp.ts";
import { machinePlaces } from "../../machines/places.ts";
import { knownSiteId, readRecord, readRecords, siteId } from "../../machines/records.ts";
import { deviceKey, validateMachine } from "../../machines/validate-machine.ts";
import { choosePaths, type Paths } from "../../settings/settings.ts";
import { fromJson, toJson } from "../json.ts";
import { assertStopped, lockedCheckpoint, markIncomplete, putRecord } from "./machine-checkpoints.ts";
import { machineHooks } from "./machine-hooks.ts";
import { runAsJob, type JobOptions } from "../run-as-job.ts";

/** How a machine is to be attached. */
export interface AttachOptions extends HostRoot, JobOptions {
  /** Skips the checks of software. */
  readonly force?: boolean;
  /** Settings that an operator permits: `KEY` or `KEY=VALUE`. */
  readonly allow?: readonly string[];
  readonly warn?: (message: string) => void;
}

/** What came of attaching, or would. */
export interface Attached {
  readonly report: ValidationReport;
  readonly manifest: DetachedManifest;
  /** False where a finding kept it from it, and nothing was changed. */
  readonly isAttached: boolean;
}

interface AttachParameters {
  readonly name: string;
  readonly paths: Paths;
  readonly force: boolean;
  /** Device nodes that are made even if they are not harmless. */
  readonly allDevices: boolean;
}

interface AttachPlan {
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

/** The attaching of a machine as a job: until it is done the machine is incomplete, and undo makes it what it was. */
export const attachKind: JobKind = {
  kind: "machine-attach",
  planVersion: 2,
  checkpoints: ({ parameters, plan }) => attachCheckpoints(fromJson(parameters), fromJson(plan)),
  insteadOfUndo: () => "Detach the machine again with `rehome machine detach`.",
};

/** Says whether this host can hold a machine: a name, or a manifest from anywhere. Changes nothing. @throws {ManifestInvalidError} */
export async function planAttach(operand: string, options: AttachOptions = {}): Promise<Attached> {
  const { paths = choosePaths() } = options;
  if (!namesManifest(operand)) return { ...(await validateHere(operand, paths, options)), isAttached: false };
  const manifest = readManifestOf(operand);
  const isHere = isThisMachine(paths, manifest);
  return { manifest, report: await validateMachine(paths, manifest, { ...options, isHere }), isAttached: false };
}

/**
 * Attaches a machine whose files and settings are here, if nothing speaks against it.
 *
 * @throws {MachineStateError} @throws {MachineUnsuitableError} @throws {NotOwnerError} @throws {ManifestInvalidError} @throws {JobPausedError}
 */
export async function attachAsJob(name: string, options: AttachOptions = {}): Promise<Attached> {
  const { paths = choosePaths() } = options;
  const { manifest, report } = await validateHere(name, paths, options);
  if (report.findings.length > 0) return { manifest, report, isAttached: false };
  const parameters: AttachParameters = {
    name,
    paths,
    force: options.force ?? false,
    allDevices: options.allow?.includes(deviceKey) ?? false,
  };
  const before = readRecord(paths, name) ?? null;
  const stamp = readStamp(machinePlaces(paths, name).directory) ?? null;
  const plan: AttachPlan = { manifest, before, stamp, site: siteId(paths), report };
  const title = `attach ${name}${parameters.force ? " by force: its host's software was not compared" : ""}`;
  await runAsJob(attachKind, { title, parameters: toJson(parameters), plan: toJson(plan) }, { ...options, paths });
  return { manifest, report, isAttached: true };
}

async function validateHere(
  name: string,
  paths: Paths,
  options: AttachOptions,
): Promise<Pick<Attached, "manifest" | "report">> {
  const { path, hasSettings, epoch: known } = guardMachine(paths, name, "attach");
  if (!hasSettings && known === undefined)
    throw new MachineUnsuitableError(
      `cannot attach ${name}: it is not configured on this host`,
      `rehome machine create ${name} --from ${path}`,
    );
  const found = readManifestIn(path) ?? (await describeDetached(paths, name, { ...options, isRebuilt: true }));
  // It may have been given another name, and other settings, when it was created here.
  const manifest = {
    ...found,
    machine: { ...found.machine, name },
    configuration: { ...readConfigurationOf(paths, name), autostart: found.configuration.autostart },
  };
  assertAttachable(manifest.machine, readRecords(paths));
  return { manifest, report: await validateMachine(paths, manifest, { ...options, isHere: true }) };
}

/** Whether a manifest is one of a machine that lives here: then its name and UUID are taken by itself. */
function isThisMachine(paths: Paths, { machine, host }: DetachedManifest): boolean {
  const local = describeMachine(paths, machine.name, readRecord(paths, machine.name));
  const isSameSite = machine.site === (knownSiteId(paths) ?? "0".repeat(32)) && host.name === hostname();
  return isSameSite && local !== undefined && (local.uuid === undefined || local.uuid === machine.uuid);
}

function attachCheckpoints(
  { name, paths, force, allDevices }: AttachParameters,
  { manifest, before, stamp, site }: AttachPlan,
): Checkpoint[] {
  const { directory } = machinePlaces(paths, name);
  const { uuid, epoch, image } = manifest.machine;
  const known: MachineRecord = { name, uuid, epoch, ...(image !== undefined && { image }) };
  const after = recordAttached({ ...manifest.machine, name }, site);
  const devices = manifest.devices.filter((node) => allDevices || isOrdinaryDevice(node));
  const locked = lockedCheckpoint(() => lockMachine(paths, name, "attach"));
  const hooks = machineHooks(paths, { name, operation: "attach", before, known });
  return [
    hooks.before,
    markIncomplete(paths, { name, operation: "attach", before, known, locked }),
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
    locked({
      name: "stamp-owner",
      title: `Say in the directory of ${name} that this site owns it`,
      weight: 1,
      undo: "puts back",
      act: () => writeStamp(directory, after),
      takeBack: () => putBackStamp(directory, stamp),
    }),
    putRecord(paths, {
      name,
      before,
      after,
      title: `Own ${name}`,
      assertUndoable: () => assertStopped(paths, name, "take back the attaching of"),
      locked,
    }),
    hooks.after,
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
