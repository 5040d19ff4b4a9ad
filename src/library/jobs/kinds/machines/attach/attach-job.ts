import { hostname } from "node:os";
import { parseImageOperand } from "../../../../../core/operand.ts";
import type { JobKind } from "../../../../../engine/job-kind.ts";
import { isMounted } from "../../../../../host/file-systems.ts";
import type { DetachedManifest } from "../../../../../journeys/machine/detached/detached-manifest.ts";
import { assertAttachable } from "../../../../../journeys/machine/states/ownership.ts";
import {
  planMachineUpdate,
  type PackageChange,
  type PlannedUpdate,
} from "../../../../../journeys/machine/update/plan-update.ts";
import type { ValidationReport } from "../../../../../system/validate/index.ts";
import { showImage, storeOf } from "../../../../images/images.ts";
import { readConfigurationOf } from "../../../../machines/configuration-files.ts";
import { describeDetached } from "../../../../machines/describe-detached.ts";
import { MachineUnsuitableError } from "../../../../machines/errors.ts";
import {
  namesManifest,
  readManifestIn,
  readManifestOf,
  readManifestOfImage,
} from "../../../../machines/find-manifest.ts";
import { guardMachine } from "../../../../machines/guards.ts";
import type { HostRoot } from "../../../../machines/host-software.ts";
import { describeMachine } from "../../../../machines/list-machines.ts";
import { readStamp } from "../../../../machines/owner-stamp.ts";
import { readPackagesOf } from "../../../../machines/machine-packages.ts";
import { machinePlaces } from "../../../../machines/places.ts";
import { knownSiteId, readRecord, readRecords, siteId } from "../../../../machines/records.ts";
import { deviceKey, validateMachine } from "../../../../machines/validate-machine.ts";
import { choosePaths, type Paths } from "../../../../settings/settings.ts";
import { storePath, type StoreOptions } from "../../../../store/store.ts";
import { fromJson, toJson } from "../../../json.ts";
import { runAsJob, type JobOptions } from "../../../run-as-job.ts";
import {
  attachCheckpoints,
  snapshotOf,
  type Arrival,
  type AttachParameters,
  type AttachPlan,
} from "./attach-checkpoints.ts";
import { assertMachineName, assertRoomFor, stageOf } from "../create/new-machine-checkpoints.ts";

/** How a machine is to be attached. */
export interface AttachOptions extends HostRoot, JobOptions {
  /** Skips the checks of software. */
  readonly force?: boolean;
  /** Settings that an operator permits: `KEY` or `KEY=VALUE`. */
  readonly allow?: readonly string[];
  /** The image that holds its files and its manifest; they are not here yet. */
  readonly from?: StoreOptions & { readonly image: string };
  /** Brings packages of the machine that are out of step to this host's versions first. */
  readonly update?: boolean;
  readonly warn?: (message: string) => void;
}

/** What came of attaching, or would. */
export interface Attached {
  readonly report: ValidationReport;
  readonly manifest: DetachedManifest;
  /** False where a finding kept it from it, and nothing was changed. */
  readonly isAttached: boolean;
  /** Packages of the machine that were brought to this host's versions. */
  readonly updated?: readonly PackageChange[];
}

/** The attaching of a machine as a job: until it is done the machine is incomplete, and undo makes it what it was. */
export const attachKind: JobKind = {
  kind: "machine-attach",
  planVersion: 2,
  checkpoints: ({ id, parameters, plan }) => attachCheckpoints(id, fromJson(parameters), fromJson(plan)),
  remains({ id, parameters }) {
    const { paths, name } = fromJson<AttachParameters>(parameters);
    return [...new Set([stageOf(paths, id), snapshotOf(machinePlaces(paths, name).directory, id)])];
  },
  insteadOfUndo: () => "Detach the machine again with `rehome machine detach`.",
};

/** Says whether this host can hold a machine: a name, or a manifest from anywhere. Changes nothing. @throws {ManifestInvalidError} */
export async function planAttach(operand: string, options: AttachOptions = {}): Promise<Attached> {
  const { paths = choosePaths() } = options;
  if (options.from !== undefined)
    return { ...(await validateImage(operand, paths, options.from, options)), isAttached: false };
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
  const { manifest, report, arrival } =
    options.from === undefined
      ? { ...(await validateHere(name, paths, options)), arrival: undefined }
      : await validateImage(name, paths, options.from, options);
  const planned = options.update === true ? await planUpdateOf(name, paths, report) : undefined;
  const findings = planned?.remaining ?? report.findings;
  if (findings.length > 0) return { manifest, report: { ...report, findings }, isAttached: false };
  const updated = planned?.changes ?? [];
  const parameters: AttachParameters = {
    name,
    paths,
    force: options.force ?? false,
    allDevices: options.allow?.includes(deviceKey) ?? false,
    ...(arrival && { arrival }),
    ...(updated.length > 0 && { update: updated }),
  };
  const before = readRecord(paths, name) ?? null;
  const stamp = readStamp(machinePlaces(paths, name).directory) ?? null;
  const plan: AttachPlan = { manifest, before, stamp, site: siteId(paths), report };
  const title = `attach ${name}${parameters.force ? " by force: its host's software was not compared" : ""}`;
  await runAsJob(attachKind, { title, parameters: toJson(parameters), plan: toJson(plan) }, { ...options, paths });
  return { manifest, report: { ...report, findings }, isAttached: true, ...(planned && { updated }) };
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

/** @throws {MachineUnsuitableError} If the machine could not be put back. */
async function planUpdateOf(name: string, paths: Paths, report: ValidationReport): Promise<PlannedUpdate> {
  const { directory } = machinePlaces(paths, name);
  if (isMounted(directory))
    throw new MachineUnsuitableError(
      `cannot update ${name}: ${directory} is a mount point, and could not be put back at once`,
      "Update its packages yourself, on a snapshot, or mount the directory above.",
    );
  return planMachineUpdate(report.findings, await readPackagesOf(directory));
}

/** The same for a machine whose files and manifest are in an image. */
async function validateImage(
  name: string,
  paths: Paths,
  { image, ...place }: NonNullable<AttachOptions["from"]>,
  options: AttachOptions,
): Promise<Pick<Attached, "manifest" | "report"> & { readonly arrival: Arrival }> {
  assertMachineName("attach", name);
  assertRoomFor(paths, name);
  const where = { ...storeOf(parseImageOperand(image), place), paths };
  const { name: found } = await showImage(image, where);
  const held = await readManifestOfImage(`@${found.image}`, image, where);
  const isConfigured = describeMachine(paths, name, readRecord(paths, name)) !== undefined;
  const configuration = isConfigured
    ? { ...readConfigurationOf(paths, name), autostart: held.configuration.autostart }
    : held.configuration;
  const label = `${found.name}:${found.tag}`;
  const manifest = { ...held, machine: { ...held.machine, name, image: label }, configuration };
  assertAttachable(manifest.machine, readRecords(paths));
  return {
    manifest,
    report: await validateMachine(paths, manifest, { ...options, isHere: false, isConfigured }),
    arrival: { image: `@${found.image}`, store: storePath(where), isConfigured },
  };
}
