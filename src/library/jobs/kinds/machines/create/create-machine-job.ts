import { statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import type { Checkpoint, JobKind } from "../../../../../engine/job-kind.ts";
import { parseSettings } from "../../../../../journeys/machine/settings/parse-settings.ts";
import { writeUnitFile } from "../../../../../journeys/machine/settings/unit-file.ts";
import { applyChanges } from "../../../../../journeys/machine/settings/apply-changes.ts";
import type { DetachedManifest } from "../../../../../journeys/machine/detached/detached-manifest.ts";
import { assertLegal } from "../../../../../journeys/machine/states/machine-state.ts";
import { recordDetached } from "../../../../../journeys/machine/states/ownership.ts";
import type { HostFinding } from "../../../../../system/validate/index.ts";
import { describeDetached } from "../../../../machines/describe-detached.ts";
import { MachineUnsuitableError } from "../../../../machines/errors.ts";
import { readManifestIn, readManifestOf } from "../../../../machines/find-manifest.ts";
import { lockMachine } from "../../../../machines/guards.ts";
import { describeMachine } from "../../../../machines/list-machines.ts";
import { readRecord, removeRecord, writeRecord } from "../../../../machines/records.ts";
import { unsafeSettings } from "../../../../machines/validate-machine.ts";
import { choosePaths, type Paths } from "../../../../settings/settings.ts";
import { fromJson, toJson } from "../../../json.ts";
import { lockedCheckpoint } from "../machine-checkpoints.ts";
import { assertMachineName, configure } from "./new-machine-checkpoints.ts";
import { runAsJob, type JobOptions } from "../../../run-as-job.ts";

/** How a machine is to be configured. */
export interface CreateOptions extends JobOptions {
  /** The directory of a detached machine, or its manifest. */
  readonly from: string;
  /** `SECTION.KEY=VALUE` or `net.N.physical=DEVICE`. */
  readonly changes?: readonly string[];
  /** Its whole `.nspawn` file, in place of what the manifest and `changes` say. */
  readonly edited?: string;
  /** Settings that an operator permits: `KEY` or `KEY=VALUE`. */
  readonly allow?: readonly string[];
}

/** A configuration before it is committed. */
export interface PlannedCreate {
  readonly manifest: DetachedManifest;
  /** Its `.nspawn` file. */
  readonly settings: string;
  /** Settings that are not permitted; with any of them nothing is created. */
  readonly findings: readonly HostFinding[];
}

interface CreateParameters {
  readonly name: string;
  readonly paths: Paths;
}

/** The creation of a machine from a manifest as a job. */
export const createMachineKind: JobKind = {
  kind: "machine-create",
  planVersion: 1,
  checkpoints: ({ parameters, plan }) => createCheckpoints(fromJson(parameters), fromJson(plan)),
  insteadOfUndo: () => "Remove the machine with `rehome machine remove`.",
};

/**
 * Makes of a manifest what a machine would be configured as here. Validates nothing and changes nothing.
 *
 * @throws {UsageError} @throws {ManifestInvalidError} @throws {MachineUnsuitableError} If the name is in use.
 */
export async function planCreateMachine(name: string, options: CreateOptions): Promise<PlannedCreate> {
  const { paths = choosePaths() } = options;
  assertMachineName("create", name);
  const existing = describeMachine(paths, name, readRecord(paths, name));
  if (
    existing !== undefined &&
    (existing.hasSettings || existing.epoch !== undefined || existing.state === "running")
  ) {
    if (existing.state === "detached") assertLegal(name, "install", existing.state);
    throw new MachineUnsuitableError(
      `cannot create ${name}: a machine of that name is ${existing.state} here`,
      `Choose another name, or rehome machine remove ${name}`,
    );
  }
  const found = await findManifest(options.from, paths);
  const nspawn =
    options.edited === undefined
      ? applyChanges(found.configuration.nspawn, options.changes ?? [])
      : parseSettings(name, options.edited);
  const configuration = { ...found.configuration, nspawn };
  const manifest = { ...found, machine: { ...found.machine, name }, configuration };
  const findings = unsafeSettings(manifest, options.allow ?? []);
  return { manifest, settings: writeUnitFile(nspawn), findings };
}

/** Configures a machine as its manifest says; nothing is created if there are findings. @throws As {@link planCreateMachine}, and {JobPausedError} */
export async function createMachineAsJob(
  name: string,
  options: CreateOptions,
): Promise<PlannedCreate & { readonly isCreated: boolean }> {
  const { paths = choosePaths() } = options;
  const planned = await planCreateMachine(name, options);
  if (planned.findings.length > 0) return { ...planned, isCreated: false };
  const order = {
    title: `create ${name}`,
    parameters: toJson({ name, paths } satisfies CreateParameters),
    plan: toJson(planned.manifest),
  };
  await runAsJob(createMachineKind, order, { ...options, paths });
  return { ...planned, isCreated: true };
}

/** A machine that was never detached has no manifest: it is made from its tree. */
async function findManifest(from: string, paths: Paths): Promise<DetachedManifest> {
  const path = resolve(from);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return readManifestOf(path);
  return (
    readManifestIn(path) ??
    (await describeDetached({ ...paths, machinesDirectory: dirname(path) }, basename(path), { isRebuilt: true }))
  );
}

function createCheckpoints(
  { name, paths }: CreateParameters,
  { machine, configuration }: DetachedManifest,
): Checkpoint[] {
  const { uuid, epoch, image } = machine;
  const locked = lockedCheckpoint(() => lockMachine(paths, name, "create"));
  return [
    configure({ paths, name, locked }, configuration),
    locked({
      name: "put-record",
      title: `Keep ${name} on record`,
      weight: 1,
      undo: "removes",
      act: () => writeRecord(paths, recordDetached({ name, uuid, epoch, ...(image !== undefined && { image }) })),
      takeBack() {
        const record = readRecord(paths, name);
        if (record?.owner !== undefined || record?.mark === "incomplete")
          throw new MachineUnsuitableError(
            `cannot take back the creation of ${name}: it was attached since`,
            `rehome machine remove ${name}`,
          );
        removeRecord(paths, name);
      },
    }),
  ];
}
