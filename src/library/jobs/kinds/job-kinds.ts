import { JobUnknownError } from "../../../engine/errors.ts";
import type { JobKind } from "../../../engine/job-kind.ts";
import type { JobRecord } from "../../../engine/job.ts";
import { attachKind } from "./machines/attach/attach-job.ts";
import { buildKind } from "./build-job.ts";
import { captureKind } from "./images/capture-job.ts";
import { captureTarKind } from "./images/capture-tar-job.ts";
import { cloneMachineKind } from "./machines/create/clone-machine-job.ts";
import { cloneJoinDiskKind } from "./clone/join-disk-job.ts";
import { cloneJoinStoreKind } from "./clone/join-store-job.ts";
import { cloneJoinKind } from "./clone/join-tree-job.ts";
import { cloneServeKind } from "./clone/clone-serve-job.ts";
import { copyKind } from "./images/copy-job.ts";
import { createFromImageKind } from "./machines/create/create-from-image-job.ts";
import { createMachineKind } from "./machines/create/create-machine-job.ts";
import { detachKind } from "./machines/attach/detach-job.ts";
import { markKind, reclaimKind } from "./machines/record-jobs.ts";
import { removeMachineKind } from "./machines/remove-job.ts";
import { startMachineKind, stopMachineKind } from "./machines/power-jobs.ts";
import { relocateKind } from "./machines/relocate-job.ts";
import { renameKind } from "./machines/rename-job.ts";
import { diskBuildKind } from "./disk/build-job.ts";
import { diskConvertKind } from "./disk/convert-job.ts";
import { prepareKind } from "./prepare-job.ts";
import { restoreKind } from "./restore/restore-job.ts";
import { restoreRawKind } from "./restore/restore-raw-job.ts";
import { updateHostKind } from "./machines/attach/update-host-job.ts";
import { pruneKind, removeKind } from "./images/store-jobs.ts";

const kinds: readonly JobKind[] = [
  captureKind,
  captureTarKind,
  restoreKind,
  restoreRawKind,
  pruneKind,
  removeKind,
  copyKind,
  cloneServeKind,
  cloneJoinKind,
  cloneJoinDiskKind,
  cloneJoinStoreKind,
  detachKind,
  createMachineKind,
  attachKind,
  cloneMachineKind,
  markKind,
  reclaimKind,
  removeMachineKind,
  renameKind,
  relocateKind,
  startMachineKind,
  stopMachineKind,
  diskBuildKind,
  diskConvertKind,
  prepareKind,
  createFromImageKind,
  updateHostKind,
];

/** The kind of a job; undefined if this program does not have it. */
export function findKind(job: Pick<JobRecord, "kind">): JobKind | undefined {
  if (job.kind === "build") return buildKind();
  return kinds.find(({ kind }) => kind === job.kind);
}

/** The kind of a job that any process may resume or undo. @throws {JobUnknownError} If this program does not have it. */
export function kindOf(job: JobRecord): JobKind {
  const kind = findKind(job);
  if (kind === undefined) throw new JobUnknownError(job.id, job.kind, job.planVersion);
  return kind;
}
