import { randomBytes } from "node:crypto";
import type { Consistency } from "../../../../../core/manifest/manifest.ts";
import type { Checkpoint, JobKind } from "../../../../../engine/job-kind.ts";
import type { JobId } from "../../../../../engine/job.ts";
import type {
  DetachedManifest,
  MachineConfiguration,
} from "../../../../../journeys/machine/detached/detached-manifest.ts";
import { applyChanges } from "../../../../../journeys/machine/settings/apply-changes.ts";
import { cloneSettings } from "../../../../../journeys/machine/settings/clone-settings.ts";
import { parseUnitFile, writeUnitFile, type Setting } from "../../../../../journeys/machine/settings/unit-file.ts";
import type { MachineRecord } from "../../../../../journeys/machine/states/machine-record.ts";
import { recordAttached } from "../../../../../journeys/machine/states/ownership.ts";
import type { Finding } from "../../../../../system/validate/report.ts";
import { parseImageOperand } from "../../../../../core/operand.ts";
import { showImage, storeOf } from "../../../../images/images.ts";
import { lockMachine } from "../../../../machines/guards.ts";
import { siteId } from "../../../../machines/records.ts";
import { validateMachine } from "../../../../machines/validate-machine.ts";
import { choosePaths } from "../../../../settings/settings.ts";
import { storePath, type StoreOptions } from "../../../../store/store.ts";
import { version } from "../../../../version.ts";
import { fromJson, toJson } from "../../../json.ts";
import { runAsJob, type JobOptions } from "../../../run-as-job.ts";
import { lockedCheckpoint } from "../machine-checkpoints.ts";
import { machineHooks } from "../machine-hooks.ts";
import {
  assertMachineName,
  assertNameFree,
  configure,
  hostnameOf,
  own,
  publishTree,
  reserveName,
  resetIdentity,
  stageOf,
  type NewMachine,
} from "./new-machine-checkpoints.ts";
import { restoreTree, type TreeSource } from "../../restore/restore-tree-checkpoint.ts";

/** How a machine is to be made from an image. */
export interface CreateFromImageOptions extends JobOptions, StoreOptions {
  readonly image: string;
  /** `SECTION.KEY=VALUE` or `net.N.physical=DEVICE`. */
  readonly changes?: readonly string[];
  /** Settings that an operator permits: `KEY` or `KEY=VALUE`. */
  readonly allow?: readonly string[];
  /** The machine is the captured system itself: its original is gone. */
  readonly keepsIdentity?: boolean;
  /** Whether a new identity is made when it starts (`first-boot`, the default), or `now`. */
  readonly fresh?: "now" | "first-boot";
}

/** A machine before it is made from an image. */
export interface PlannedFromImage {
  readonly name: string;
  readonly uuid: string;
  /** `NAME:TAG`. */
  readonly image: string;
  /** Its `.nspawn` file. */
  readonly settings: string;
  /** What keeps this host from holding it; with any nothing is made. */
  readonly findings: readonly Finding[];
}

interface FromImageParameters {
  readonly name: string;
  readonly source: TreeSource;
  readonly keepsIdentity: boolean;
  readonly fresh: "now" | "first-boot";
}

interface FromImagePlan {
  readonly known: MachineRecord;
  readonly consistency: Consistency;
  readonly configuration: MachineConfiguration;
  readonly site: string;
}

/** Settings of a machine from a system that was none. */
const plainSettings: readonly Setting[] = [
  { section: "Exec", key: "Boot", value: "yes" },
  { section: "Exec", key: "PrivateUsers", value: "pick" },
];

/** The making of a machine from an image as a job: until it is done the machine is incomplete, and undo removes it. */
export const createFromImageKind: JobKind = {
  kind: "machine-create-image",
  planVersion: 2,
  checkpoints: ({ id, parameters, plan }) => checkpoints(id, fromJson(parameters), fromJson(plan)),
  insteadOfUndo: () => "Remove the machine with `rehome machine remove`.",
  remains: ({ id, parameters }) => [stageOf(fromJson<FromImageParameters>(parameters).source.paths, id)],
};

interface Planned extends PlannedFromImage {
  readonly parameters: FromImageParameters;
  readonly plan: Omit<FromImagePlan, "site">;
}

/**
 * Decides how a machine would be made from an image, and says what keeps this host from holding it. Changes nothing.
 *
 * @throws {UsageError} @throws {ImageNotFoundError} @throws {MachineUnsuitableError} @throws {MachineStateError}
 */
export async function planCreateFromImage(name: string, options: CreateFromImageOptions): Promise<Planned> {
  const { paths = choosePaths(), keepsIdentity = false, fresh = "first-boot", allow = [] } = options;
  assertMachineName("create", name);
  assertNameFree(paths, name);
  const place = { ...storeOf(parseImageOperand(options.image), options), paths };
  const { name: image, manifest } = await showImage(options.image, place);
  const { facts } = manifest.head;
  const had = facts.configuration === undefined ? plainSettings : parseUnitFile(facts.configuration.text).settings;
  const nspawn = applyChanges(keepsIdentity ? had : cloneSettings(had), options.changes ?? []);
  const configuration: MachineConfiguration = { nspawn, dropIns: [], autostart: false };
  const uuid = randomBytes(16).toString("hex");
  const described: DetachedManifest = {
    formatVersion: 1,
    detachedAt: manifest.head.capturedAt,
    writtenBy: `rehome ${version}`,
    isRebuilt: true,
    machine: {
      name,
      uuid,
      epoch: 0,
      site: "0".repeat(32),
      bytes: manifest.tail.counts.bytes,
      ...(facts.architecture !== undefined && { architecture: facts.architecture }),
    },
    configuration,
    software: { packages: [], livePatches: [] },
    host: { name: "" },
    devices: [],
  };
  const { signal } = options;
  const { findings } = await validateMachine(paths, described, { isHere: false, allow, ...(signal && { signal }) });
  const label = `${image.name}:${image.tag}`;
  return {
    name,
    uuid,
    image: label,
    settings: writeUnitFile(nspawn),
    findings,
    parameters: {
      name,
      source: { image: `@${image.image}`, store: storePath(place), paths, keepsManifest: false },
      keepsIdentity,
      fresh,
    },
    plan: {
      known: { name, uuid, epoch: 0, image: label },
      consistency: manifest.tail.consistency,
      configuration,
    },
  };
}

/** Makes a machine from an image; nothing is made if there are findings. @throws As {@link planCreateFromImage}, and {JobPausedError} */
export async function createFromImageAsJob(
  name: string,
  options: CreateFromImageOptions,
): Promise<PlannedFromImage & { readonly isCreated: boolean }> {
  const { paths = choosePaths() } = options;
  const { parameters, plan, ...planned } = await planCreateFromImage(name, options);
  if (planned.findings.length > 0) return { ...planned, isCreated: false };
  const order = {
    title: `create ${name} from ${planned.image}`,
    parameters: toJson(parameters),
    plan: toJson({ ...plan, site: siteId(paths) } satisfies FromImagePlan),
  };
  await runAsJob(createFromImageKind, order, { ...options, paths });
  return { ...planned, isCreated: true };
}

function checkpoints(
  id: JobId,
  { name, source, keepsIdentity, fresh }: FromImageParameters,
  { known, consistency, configuration, site }: FromImagePlan,
): Checkpoint[] {
  const { paths } = source;
  const stage = stageOf(paths, id);
  const made: NewMachine = {
    paths,
    name,
    known,
    before: null,
    locked: lockedCheckpoint(() => lockMachine(paths, name, "create")),
  };
  const variables = { REHOME_IMAGE: known.image ?? "" };
  const hooks = machineHooks(paths, { name, operation: "install", before: null, known, variables });
  return [
    hooks.before,
    reserveName(made),
    restoreTree(id, stage, source),
    ...(keepsIdentity ? [] : [resetIdentity(stage, { paths, fresh, hostname: hostnameOf(name) })]),
    publishTree(made, stage),
    configure(made, configuration),
    ...own(made, () => ({ ...recordAttached(known, site), consistency })),
    hooks.after,
  ];
}
