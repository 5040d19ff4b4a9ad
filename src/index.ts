/**
 * rehome as a library: captures whole Linux systems into images, restores, compares and verifies them.
 *
 * Functions take operands as the command line does (`/`, `./rootfs`, `machine:web`; `web`, `web:2`, `@1f2e3d4c`), and options
 * with a default for everything. Every failure a caller can act on is a {@link RehomeError} with a stable `code` and a `remedy`.
 */
export { RehomeError, InterruptedError, UsageError } from "./core/errors.ts";
export { exitStatus, exitStatusOfError, type ErrorCode, type ExitStatus } from "./core/exit-status.ts";
export type {
  Consistency,
  Manifest,
  PackageFact,
  SecretFile,
  SecretKind,
  SecretsFound,
} from "./core/manifest/manifest.ts";
export type { OnProgress, Progress } from "./core/progress.ts";
export { displayBytes, parseDisplayed, type ByteString, type TreePath } from "./core/tree/byte-string.ts";
export type { Entry, EntryKind, ExtendedAttribute, Piece } from "./core/tree/entry.ts";
export type { CheckResult, Damage } from "./image/care/check.ts";
export type { PruneResult } from "./image/care/prune.ts";
export type { RepairResult } from "./image/care/repair.ts";
export type { StoreStats } from "./image/care/stats.ts";
export type { ImageName } from "./image/store/image-names.ts";
export { capture, findSecrets, planCaptureOf, type CaptureOptions } from "./library/capture/capture.ts";
export { diffImages, diffTree, type CompareOptions } from "./library/images/compare.ts";
export {
  listEntries,
  listImages,
  readFileOf,
  removeImage,
  showImage,
  tagImage,
  type ListOptions,
} from "./library/images/images.ts";
export { signImage, type SignedImage } from "./library/images/sign.ts";
export type { ShownSignature } from "./library/images/shown-signatures.ts";
export {
  planRestoreOf,
  restore,
  type PlannedRestore,
  type RestoreOptions,
  type RestoreResult,
} from "./library/restore/restore.ts";
export {
  cloneJoinDisk,
  type CloneJoinDiskOptions,
  type CloneJoinDiskResult,
} from "./library/clone/node/disk/join-disk.ts";
export { planCloneJoinDisk, type CloneJoinDiskPlan } from "./library/clone/node/disk/plan-join-disk.ts";
export { cloneJoinStore, type CloneJoinStoreResult } from "./library/clone/node/join-store.ts";
export { cloneJoin, type CloneJoinOptions, type CloneJoinResult } from "./library/clone/node/join.ts";
export { cloneJoinDiskAsJob, type CloneJoinDiskJobOptions } from "./library/jobs/kinds/clone/join-disk-job.ts";
export { cloneJoinStoreAsJob, type CloneJoinStoreJobOptions } from "./library/jobs/kinds/clone/join-store-job.ts";
export { cloneJoinAsJob, type CloneJoinJobOptions } from "./library/jobs/kinds/clone/join-tree-job.ts";
export type { JoinWatcher } from "./library/jobs/kinds/clone/session-of-job.ts";
export {
  cloneServeAsJob,
  type CloneServeJobOptions,
  type SessionWatcher,
} from "./library/jobs/kinds/clone/clone-serve-job.ts";
export { planCloneServe, type CloneServePlan } from "./library/clone/golden/plan-serve.ts";
export { planCloneJoin, type CloneJoinPlan } from "./library/clone/node/plan-join.ts";
export type { CloneThen } from "./library/clone/node/settle-copy.ts";
export type {
  ClonePreparation,
  CloneServeOptions,
  CloneServeResult,
  ServedSession,
} from "./library/clone/golden/serve-options.ts";
export { cloneServe } from "./library/clone/golden/serve.ts";
export { cloneServeSystem, type ServedSystem } from "./library/clone/golden/serve-system.ts";
export { planPrepareOf, prepare, type PrepareOptions, type PrepareResult } from "./library/prepare/prepare.ts";
export { choosePaths, type Paths } from "./library/settings/settings.ts";
export type { StoreOptions } from "./library/store/store.ts";
export {
  checkStore,
  initStore,
  planStoreUpgrade,
  pruneStore,
  repairStore,
  storeStats,
  verifyImage,
  type StoreCareOptions,
  type StoreUpgrade,
  type VerifiedImage,
} from "./library/store/store-care.ts";
export { billOfMaterials, exportTar, listMtree, type TarOptions } from "./library/images/exchange.ts";
export { forget, type ForgetOptions } from "./library/store/forget.ts";
export { shownState, type JobId, type JobRecord, type JobState, type ShownState } from "./engine/job.ts";
export { captureAsJob } from "./library/jobs/kinds/images/capture-job.ts";
export { changeRateOf, resumeJob, stopJob, undoJobOf } from "./library/jobs/control.ts";
export { listJobs, type ListedJob } from "./library/jobs/list-jobs.ts";
export { readJobEvents, readJobLog, showJob, type ShownJob } from "./library/jobs/look-at-jobs.ts";
export { findLeftovers, removeLeftovers, type Leftover, type Leftovers } from "./library/jobs/repair.ts";
export {
  Build,
  openBuild,
  type BuildOptions,
  type CheckpointRegistration,
  type ListedCheckpoint,
} from "./library/build/build.ts";
export type { BuildOutcome, RunBuildOptions } from "./library/build/run-build.ts";
export type {
  BuildCheckpoint,
  BuildContext,
  BuildPorts,
  CheckpointConstructor,
  DataObjects,
} from "./journeys/build/index.ts";
export { buildDiskAsJob, type BuiltDisks } from "./library/jobs/kinds/disk/build-job.ts";
export { planDiskBuild, type DiskBuildOptions, type PlannedDiskBuild } from "./library/disk/plan-build.ts";
export { convertAsJob, type ConvertOptions } from "./library/jobs/kinds/disk/convert-job.ts";
export { testDisk, type TestDiskOptions, type TestedDisk } from "./library/disk/test-disk.ts";
export { prepareAsJob } from "./library/jobs/kinds/prepare-job.ts";
export { copyAsJob } from "./library/jobs/kinds/images/copy-job.ts";
export { restoreAsJob } from "./library/jobs/kinds/restore/restore-job.ts";
export {
  planRestoreRaw,
  restoreRawAsJob,
  type RestoredWithStreams,
  type RestoreRawOptions,
} from "./library/jobs/kinds/restore/restore-raw-job.ts";
export { restoreStream } from "./library/restore/streams/restore-stream.ts";
export { pruneAsJob, removeAsJob } from "./library/jobs/kinds/images/store-jobs.ts";
export { version } from "./library/version.ts";
export type { Aspect, Difference } from "./system/compare/difference.ts";
export type { CapturePlan } from "./system/capture/plan.ts";
export type { CaptureResult } from "./system/capture/run.ts";
export type { Change as PrepareChange } from "./system/prepare/operation.ts";
export type { PlannedOperation, PreparePlan } from "./system/prepare/plan.ts";
export type { DoneOperation } from "./system/prepare/run.ts";
export type { RestorePlan } from "./system/restore/plan.ts";
