/**
 * The one definition of the command line. Parsing, help, completion and the reference are made from it; it imports nothing
 * that acts, so that all of them are quick.
 */
import type { CommandDefinition } from "./command-definition.ts";
import * as build from "./build-commands.ts";
import * as clone from "./clone-commands.ts";
import * as disk from "./disk-commands.ts";
import * as host from "./host-commands.ts";
import * as image from "./image-commands.ts";
import * as job from "./job-commands.ts";
import * as machineChange from "./machine-change-commands.ts";
import * as machineClone from "./machine-clone-command.ts";
import * as machine from "./machine-commands.ts";
import * as prepare from "./prepare-command.ts";
import * as retention from "./retention-commands.ts";
import * as store from "./store-commands.ts";
import * as system from "./system-commands.ts";

/** What each command is called with. */
export interface Calls {
  readonly capture: system.CaptureCall;
  readonly restore: system.RestoreCall;
  readonly prepare: prepare.PrepareCall;
  readonly verify: system.VerifyCall;
  readonly images: image.ImagesCall;
  readonly show: image.ShowCall;
  readonly ls: image.LsCall;
  readonly cat: image.CatCall;
  readonly diff: image.DiffCall;
  readonly tag: image.TagCall;
  readonly sign: image.SignCall;
  readonly tar: image.TarCall;
  readonly rm: image.RmCall;
  readonly forget: retention.ForgetCall;
  readonly "store init": store.StoreInitCall;
  readonly "store key": store.StoreKeyCall;
  readonly "store check": store.StoreCheckCall;
  readonly "store prune": store.StorePruneCall;
  readonly "store copy": store.StoreCopyCall;
  readonly "store stats": store.StoreStatsCall;
  readonly "store upgrade": store.StoreUpgradeCall;
  readonly build: build.BuildCall;
  readonly "disk layout": disk.DiskLayoutCall;
  readonly "machine list": machine.MachineListCall;
  readonly "machine detach": machine.MachineDetachCall;
  readonly "machine create": machine.MachineCreateCall;
  readonly "machine attach": machine.MachineAttachCall;
  readonly "machine clone": machineClone.MachineCloneCall;
  readonly "machine start": machineChange.MachineStartCall;
  readonly "machine stop": machineChange.MachineStopCall;
  readonly "machine rename": machineChange.MachineRenameCall;
  readonly "machine relocate": machineChange.MachineRelocateCall;
  readonly "machine remove": machineChange.MachineRemoveCall;
  readonly "machine mark": machineChange.MachineMarkCall;
  readonly "machine reclaim": machineChange.MachineReclaimCall;
  readonly "clone serve": clone.CloneServeCall;
  readonly "clone join": clone.CloneJoinCall;
  readonly "clone go": clone.CloneSessionCall;
  readonly "clone status": clone.CloneSessionCall;
  readonly "clone log": clone.CloneLogCall;
  readonly "clone exec": clone.CloneExecCall;
  readonly "job list": job.JobListCall;
  readonly "job show": job.JobCall;
  readonly "job log": job.JobLogCall;
  readonly "job pause": job.JobCall;
  readonly "job resume": job.JobCall;
  readonly "job cancel": job.JobCall;
  readonly "job undo": job.JobCall;
  readonly "job rate": job.JobRateCall;
  readonly "job repair": job.JobRepairCall;
  readonly doctor: host.DoctorCall;
  readonly report: host.ReportCall;
  readonly completion: host.CompletionCall;
  readonly help: host.HelpCall;
import {
  completionCommand,
  doctorCommand,
  helpCommand,
  reportCommand,
  type CompletionCall,
  type DoctorCall,
  type HelpCall,
  type ReportCall,
} from "./host-commands.ts";
import {
  catCommand,
  diffCommand,
  imagesCommand,
  lsCommand,
  rmCommand,
  showCommand,
  signCommand,
  tagCommand,
  tarCommand,
  type CatCall,
  type DiffCall,
  type ImagesCall,
  type LsCall,
  type RmCall,
  type ShowCall,
  type SignCall,
  type TagCall,
  type TarCall,
} from "./image-commands.ts";
import {
  cloneExecCommand,
  cloneGoCommand,
  cloneJoinCommand,
  cloneLogCommand,
  cloneServeCommand,
  cloneStatusCommand,
  type CloneExecCall,
  type CloneJoinCall,
  type CloneLogCall,
  type CloneServeCall,
  type CloneSessionCall,
} from "./clone-commands.ts";
import {
  diskBuildCommand,
  diskConvertCommand,
  diskLayoutCommand,
  diskTestCommand,
  type DiskBuildCall,
  type DiskConvertCall,
  type DiskLayoutCall,
  type DiskTestCall,
} from "./disk-commands.ts";
import { prepareCommand, type PrepareCall } from "./prepare-command.ts";
import { machineCloneCommand, type MachineCloneCall } from "./machine-clone-command.ts";
import {
  machineAttachCommand,
  machineCreateCommand,
  machineDetachCommand,
  machineListCommand,
  type MachineAttachCall,
  type MachineCreateCall,
  type MachineDetachCall,
  type MachineListCall,
} from "./machine-commands.ts";
import {
  machineMarkCommand,
  machineReclaimCommand,
  machineRemoveCommand,
  machineRenameCommand,
  type MachineMarkCall,
  type MachineReclaimCall,
  type MachineRemoveCall,
  type MachineRenameCall,
} from "./machine-change-commands.ts";
import {
  jobCancelCommand,
  jobListCommand,
  jobLogCommand,
  jobPauseCommand,
  jobRateCommand,
  jobRepairCommand,
  jobResumeCommand,
  jobShowCommand,
  jobUndoCommand,
  type JobCall,
  type JobListCall,
  type JobLogCall,
  type JobRateCall,
  type JobRepairCall,
} from "./job-commands.ts";
import { forgetCommand, type ForgetCall } from "./retention-commands.ts";
import {
  storeCheckCommand,
  storeCopyCommand,
  storeInitCommand,
  storeKeyCommand,
  storePruneCommand,
  storeStatsCommand,
  type StoreCheckCall,
  type StoreCopyCall,
  type StoreInitCall,
  type StoreKeyCall,
  type StorePruneCall,
  type StoreStatsCall,
} from "./store-commands.ts";
import {
  captureCommand,
  restoreCommand,
  verifyCommand,
  type CaptureCall,
  type RestoreCall,
  type VerifyCall,
} from "./system-commands.ts";

/** What each command is called with. */
export interface Calls {
  readonly capture: CaptureCall;
  readonly restore: RestoreCall;
  readonly prepare: PrepareCall;
  readonly verify: VerifyCall;
  readonly images: ImagesCall;
  readonly show: ShowCall;
  readonly ls: LsCall;
  readonly cat: CatCall;
  readonly diff: DiffCall;
  readonly tag: TagCall;
  readonly sign: SignCall;
  readonly tar: TarCall;
  readonly rm: RmCall;
  readonly forget: ForgetCall;
  readonly "store init": StoreInitCall;
  readonly "store key": StoreKeyCall;
  readonly "store check": StoreCheckCall;
  readonly "store prune": StorePruneCall;
  readonly "store copy": StoreCopyCall;
  readonly "store stats": StoreStatsCall;
  readonly build: BuildCall;
  readonly "disk layout": DiskLayoutCall;
  readonly "disk build": DiskBuildCall;
  readonly "disk convert": DiskConvertCall;
  readonly "disk test": DiskTestCall;
  readonly "machine list": MachineListCall;
  readonly "machine detach": MachineDetachCall;
  readonly "machine create": MachineCreateCall;
  readonly "machine attach": MachineAttachCall;
  readonly "machine clone": MachineCloneCall;
  readonly "machine rename": MachineRenameCall;
  readonly "machine remove": MachineRemoveCall;
  readonly "machine mark": MachineMarkCall;
  readonly "machine reclaim": MachineReclaimCall;
  readonly "clone serve": CloneServeCall;
  readonly "clone join": CloneJoinCall;
  readonly "clone go": CloneSessionCall;
  readonly "clone status": CloneSessionCall;
  readonly "clone log": CloneLogCall;
  readonly "clone exec": CloneExecCall;
  readonly "job list": JobListCall;
  readonly "job show": JobCall;
  readonly "job log": JobLogCall;
  readonly "job pause": JobCall;
  readonly "job resume": JobCall;
  readonly "job cancel": JobCall;
  readonly "job undo": JobCall;
  readonly "job rate": JobRateCall;
  readonly "job repair": JobRepairCall;
  readonly doctor: DoctorCall;
  readonly report: ReportCall;
  readonly completion: CompletionCall;
  readonly help: HelpCall;
}

/** A command's name; two words for one of a group. */
export type CommandName = keyof Calls;

/** Every command, in the order help shows them. */
export const commands: { readonly [Name in CommandName]: CommandDefinition<Calls[Name]> } = {
  capture: system.captureCommand,
  restore: system.restoreCommand,
  prepare: prepare.prepareCommand,
  verify: system.verifyCommand,
  images: image.imagesCommand,
  show: image.showCommand,
  ls: image.lsCommand,
  cat: image.catCommand,
  diff: image.diffCommand,
  tag: image.tagCommand,
  sign: image.signCommand,
  tar: image.tarCommand,
  rm: image.rmCommand,
  forget: retention.forgetCommand,
  "store init": store.storeInitCommand,
  "store key": store.storeKeyCommand,
  "store check": store.storeCheckCommand,
  "store prune": store.storePruneCommand,
  "store copy": store.storeCopyCommand,
  "store stats": store.storeStatsCommand,
  "store upgrade": store.storeUpgradeCommand,
  build: build.buildCommand,
  "disk layout": disk.diskLayoutCommand,
  "machine list": machine.machineListCommand,
  "machine detach": machine.machineDetachCommand,
  "machine create": machine.machineCreateCommand,
  "machine attach": machine.machineAttachCommand,
  "machine clone": machineClone.machineCloneCommand,
  "machine start": machineChange.machineStartCommand,
  "machine stop": machineChange.machineStopCommand,
  "machine rename": machineChange.machineRenameCommand,
  "machine relocate": machineChange.machineRelocateCommand,
  "machine remove": machineChange.machineRemoveCommand,
  "machine mark": machineChange.machineMarkCommand,
  "machine reclaim": machineChange.machineReclaimCommand,
  "clone serve": clone.cloneServeCommand,
  "clone join": clone.cloneJoinCommand,
  "clone go": clone.cloneGoCommand,
  "clone status": clone.cloneStatusCommand,
  "clone log": clone.cloneLogCommand,
  "clone exec": clone.cloneExecCommand,
  "job list": job.jobListCommand,
  "job show": job.jobShowCommand,
  "job log": job.jobLogCommand,
  "job pause": job.jobPauseCommand,
  "job resume": job.jobResumeCommand,
  "job cancel": job.jobCancelCommand,
  "job undo": job.jobUndoCommand,
  "job rate": job.jobRateCommand,
  "job repair": job.jobRepairCommand,
  doctor: host.doctorCommand,
  report: host.reportCommand,
  completion: host.completionCommand,
  help: host.helpCommand,
  capture: captureCommand,
  restore: restoreCommand,
  prepare: prepareCommand,
  verify: verifyCommand,
  images: imagesCommand,
  show: showCommand,
  ls: lsCommand,
  cat: catCommand,
  diff: diffCommand,
  tag: tagCommand,
  sign: signCommand,
  tar: tarCommand,
  rm: rmCommand,
  forget: forgetCommand,
  "store init": storeInitCommand,
  "store key": storeKeyCommand,
  "store check": storeCheckCommand,
  "store prune": storePruneCommand,
  "store copy": storeCopyCommand,
  "store stats": storeStatsCommand,
  build: buildCommand,
  "disk layout": diskLayoutCommand,
  "disk build": diskBuildCommand,
  "disk convert": diskConvertCommand,
  "disk test": diskTestCommand,
  "machine list": machineListCommand,
  "machine detach": machineDetachCommand,
  "machine create": machineCreateCommand,
  "machine attach": machineAttachCommand,
  "machine clone": machineCloneCommand,
  "machine rename": machineRenameCommand,
  "machine remove": machineRemoveCommand,
  "machine mark": machineMarkCommand,
  "machine reclaim": machineReclaimCommand,
  "clone serve": cloneServeCommand,
  "clone join": cloneJoinCommand,
  "clone go": cloneGoCommand,
  "clone status": cloneStatusCommand,
  "clone log": cloneLogCommand,
  "clone exec": cloneExecCommand,
  "job list": jobListCommand,
  "job show": jobShowCommand,
  "job log": jobLogCommand,
  "job pause": jobPauseCommand,
  "job resume": jobResumeCommand,
  "job cancel": jobCancelCommand,
  "job undo": jobUndoCommand,
  "job rate": jobRateCommand,
  "job repair": jobRepairCommand,
  doctor: doctorCommand,
  report: reportCommand,
  completion: completionCommand,
  help: helpCommand,
};

/** The names of all commands, in the order help shows them. */
export const commandNames: readonly CommandName[] = Object.keys(commands) as CommandName[];

/** Commands that only hold others, and what for. */
export const groups: Readonly<Record<string, string>> = {
  store: "Care for the store that holds the images",
  disk: "Lay out, build, convert and test disks that start",
  machine: "Detach, attach and look after systemd-nspawn machines",
  clone: "Clone a golden node to many nodes through a chain",
  job: "Look at jobs; pause, resume and undo them",
};

export { operandsOf, optionsOf, type AnyCommand, type NamedOption } from "./command-definition.ts";
export { commonFields, type CommonOptions, type ProgressMode } from "./common-options.ts";
export { conventions, errorConvention, programSummary } from "./conventions.ts";
export { variables } from "./variables.ts";
export type { Completes } from "./field.ts";
export type * from "./build-commands.ts";
export type * from "./clone-commands.ts";
export type * from "./disk-commands.ts";
export type * from "./host-commands.ts";
export type * from "./image-commands.ts";
export type * from "./job-commands.ts";
export type * from "./machine-change-commands.ts";
export type * from "./machine-clone-command.ts";
export type * from "./machine-commands.ts";
export type * from "./prepare-command.ts";
export type * from "./retention-commands.ts";
export type * from "./store-commands.ts";
export type * from "./system-commands.ts";
export type { CaptureCall, RestoreCall, VerifyCall } from "./system-commands.ts";
export type { CloneExecCall, CloneJoinCall, CloneLogCall, CloneServeCall, CloneSessionCall } from "./clone-commands.ts";
export type { DiskBuildCall, DiskConvertCall, DiskLayoutCall, DiskTestCall, FirmwareChoice } from "./disk-commands.ts";
export type { PrepareCall } from "./prepare-command.ts";
export type {
  CatCall,
  DiffCall,
  ImagesCall,
  LsCall,
  RmCall,
  ShowCall,
  SignCall,
  TagCall,
  TarCall,
} from "./image-commands.ts";
export type { MachineCloneCall } from "./machine-clone-command.ts";
export type { MachineAttachCall, MachineCreateCall, MachineDetachCall, MachineListCall } from "./machine-commands.ts";
export type {
  MachineMarkCall,
  MachineReclaimCall,
  MachineRemoveCall,
  MachineRenameCall,
} from "./machine-change-commands.ts";
export type { JobCall, JobListCall, JobLogCall, JobRateCall, JobRepairCall } from "./job-commands.ts";
export type { ForgetCall } from "./retention-commands.ts";
export type {
  StoreCheckCall,
  StoreCopyCall,
  StoreInitCall,
  StoreKeyCall,
  StorePruneCall,
  StoreStatsCall,
} from "./store-commands.ts";
export type { CompletionCall, DoctorCall, HelpCall, ReportCall, Shell } from "./host-commands.ts";
