import { existsSync } from "node:fs";
import type { Checkpoint, JobKind } from "../../../../../engine/job-kind.ts";
import {
  detachedFile,
  hasMachineFile,
  removeMachineFile,
  writeMachineFile,
} from "../../../../../host/machines/machine-files.ts";
import type { DetachedManifest } from "../../../../../journeys/machine/detached/detached-manifest.ts";
import { formatDetached } from "../../../../../journeys/machine/detached/parse-detached.ts";
import type { MachineRecord } from "../../../../../journeys/machine/states/machine-record.ts";
import type { OwnerStamp } from "../../../../../journeys/machine/states/owner-stamp.ts";
import { assertOwned, recordDetached } from "../../../../../journeys/machine/states/ownership.ts";
import { setAutostart } from "../../../../machines/configuration-files.ts";
import { describeDetached, type DescribeOptions } from "../../../../machines/describe-detached.ts";
import { MachineUnsuitableError } from "../../../../machines/errors.ts";
import { guardMachine, lockMachine } from "../../../../machines/guards.ts";
import { putBackStamp, readStamp } from "../../../../machines/owner-stamp.ts";
import { machinePlaces } from "../../../../machines/places.ts";
import { readRecord, siteId } from "../../../../machines/records.ts";
import { planCaptureOf, type PlannedCapture } from "../../../../capture/capture.ts";
import type { ImageName } from "../../../../../image/store/image-names.ts";
import type { CaptureResult } from "../../../../../system/capture/run.ts";
import { choosePaths, type Paths } from "../../../../settings/settings.ts";
import { storePath, type StoreOptions } from "../../../../store/store.ts";
import { captureCheckpoint, type CaptureParameters } from "../../images/capture-job.ts";
import { fromJson, toJson } from "../../../json.ts";
import { lockedCheckpoint, markIncomplete, putRecord } from "../machine-checkpoints.ts";
import { machineHooks } from "../machine-hooks.ts";
import { runAsJob, type JobOptions } from "../../../run-as-job.ts";

/** How a machine is to be detached. */
export interface DetachOptions extends DescribeOptions, JobOptions {
  /** Stores the machine as an image, in the store that is named. */
  readonly toImage?: Pick<StoreOptions, "store">;
}

interface DetachParameters {
  readonly name: string;
  readonly paths: Paths;
  readonly image?: CaptureParameters;
}

interface DetachPlan {
  readonly manifest: DetachedManifest;
  /** What was on record before. */
  readonly before: MachineRecord | null;
  /** Whose it was, as its directory said. */
  readonly stamp: OwnerStamp | null;
  readonly capture?: PlannedCapture;
}

/** The detaching of a machine as a job: until it is done the machine is incomplete, and undo makes it what it was. */
export const detachKind: JobKind = {
  kind: "machine-detach",
  planVersion: 2,
  checkpoints: ({ parameters, plan }) => detachCheckpoints(fromJson(parameters), fromJson(plan)),
  insteadOfUndo: () => "Attach the machine again with `rehome machine attach`.",
};

/** What detaching a machine leaves. */
export interface Detached {
  readonly manifest: DetachedManifest;
  /** Where the manifest is. */
  readonly path: string;
  /** The image that it was stored as. */
  readonly image?: ImageName;
}

/**
 * Detaches a machine of this host: it is configured then, and its directory holds all that another host must know.
 *
 * @throws {MachineStateError} @throws {MachineUnsuitableError} @throws {NotOwnerError} @throws {JobPausedError}
 */
export async function detachAsJob(name: string, options: DetachOptions = {}): Promise<Detached> {
  const { paths = choosePaths(), toImage } = options;
  guardMachine(paths, name, "detach");
  const before = readRecord(paths, name);
  const site = siteId(paths);
  assertOwned("detach", before, site);
  const manifest = await describeDetached(paths, name, options);
  const system = `machine:${name}`;
  const plan: DetachPlan = {
    manifest,
    before: before ?? null,
    stamp: readStamp(machinePlaces(paths, name).directory) ?? null,
    ...(toImage && { capture: await planCaptureOf(system, { ...toImage, paths }) }),
  };
  const image = toImage && { system, store: storePath({ ...toImage, paths }), paths, options: {} };
  const order = {
    title: `detach ${name}`,
    parameters: toJson({ name, paths, ...(image && { image }) } satisfies DetachParameters),
    plan: toJson(plan),
  };
  const { checkpoints } = await runAsJob(detachKind, order, { ...options, paths });
  const captured = fromJson<Captured | null>(checkpoints.find((one) => one.name === "capture")?.result ?? null);
  return {
    manifest,
    path: `${machinePlaces(paths, name).directory}/.rehome/${detachedFile}`,
    ...(captured && { image: captured.name }),
  };
}

type Captured = Pick<CaptureResult, "name">;

function detachCheckpoints(
  { name, paths, image: target }: DetachParameters,
  { manifest, before, stamp, capture }: DetachPlan,
): Checkpoint[] {
  const { directory } = machinePlaces(paths, name);
  const { uuid, epoch, image } = manifest.machine;
  const { autostart } = manifest.configuration;
  const known: MachineRecord = { name, uuid, epoch, ...(image !== undefined && { image }), autostart };
  const locked = lockedCheckpoint(() => lockMachine(paths, name, "detach"));
  const hooks = machineHooks(paths, { name, operation: "detach", before, known });
  return [
    hooks.before,
    markIncomplete(paths, { name, operation: "detach", before, known, locked }),
    locked({
      name: "write-manifest",
      title: `Write what ${name} is and needs into its directory`,
      weight: 1,
      undo: "removes",
      act() {
        writeMachineFile(directory, detachedFile, formatDetached(manifest));
        putBackStamp(directory, null);
      },
      takeBack() {
        putBackStamp(directory, stamp);
        removeMachineFile(directory, detachedFile);
      },
    }),
    ...(target && capture ? [captureCheckpoint(target, capture)] : []),
    locked({
      name: "stop-autostart",
      title: `Start ${name} with this host no more`,
      weight: 1,
      undo: "puts back",
      act: () => setAutostart(paths, name, false),
      takeBack: () => setAutostart(paths, name, autostart),
    }),
    putRecord(paths, {
      name,
      before,
      after({ results }) {
        const captured = fromJson<Captured | null>(results.get("capture") ?? null);
        return recordDetached({ ...known, ...(captured && { image: `${captured.name.name}:${captured.name.tag}` }) });
      },
      title: `Give up ${name}`,
      assertUndoable() {
        if (existsSync(directory) && hasMachineFile(directory, detachedFile)) return;
        throw new MachineUnsuitableError(
          `cannot take back the detaching of ${name}: its directory is not as it was left`,
          "Where it was attached meanwhile, it is; bring it back by detaching it there.",
        );
      },
      locked,
    }),
    hooks.after,
  ];
}
