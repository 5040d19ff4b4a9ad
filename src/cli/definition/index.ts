/**
 * The one definition of the command line. Parsing, help, completion and the reference are made from it; it imports nothing
 * that acts, so that all of them are quick.
 */
import { buildCommand, type BuildCall } from "./build-commands.ts";
import type { CommandDefinition } from "./command-definition.ts";
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
import { diskLayoutCommand, type DiskLayoutCall } from "./disk-commands.ts";
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
  machineRelocateCommand,
  machineRemoveCommand,
  machineRenameCommand,
  machineStartCommand,
  machineStopCommand,
  type MachineMarkCall,
  type MachineReclaimCall,
  type MachineRelocateCall,
  type MachineRemoveCall,
  type MachineRenameCall,
  type MachineStartCall,
  type MachineStopCall,
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
  storeUpgradeCommand,
  type StoreCheckCall,
  type StoreCopyCall,
  type StoreInitCall,
  type StoreKeyCall,
  type StorePruneCall,
  type StoreStatsCall,
  type StoreUpgradeCall,
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
  readonly "store upgrade": StoreUpgradeCall;
  readonly build: BuildCall;
  readonly "disk layout": DiskLayoutCall;
  readonly "machine list": MachineListCall;
  readonly "machine detach": MachineDetachCall;
  readonly "machine create": MachineCreateCall;
  readonly "machine attach": MachineAttachCall;
  readonly "machine clone": MachineCloneCall;
  readonly "machine start": MachineStartCall;
  readonly "machine stop": MachineStopCall;
  readonly "machine rename": MachineRenameCall;
  readonly "machine relocate": MachineRelocateCall;
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
  "store upgrade": storeUpgradeCommand,
  build: buildCommand,
  "disk layout": diskLayoutCommand,
  "machine list": machineListCommand,
  "machine detach": machineDetachCommand,
  "machine create": machineCreateCommand,
  "machine attach": machineAttachCommand,
  "machine clone": machineCloneCommand,
  "machine start": machineStartCommand,
  "machine stop": machineStopCommand,
  "machine rename": machineRenameCommand,
  "machine relocate": machineRelocateCommand,
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

export type { BuildCall } from "./build-commands.ts";
export { operandsOf, optionsOf, type AnyCommand, type NamedOption } from "./command-definition.ts";
export { commonFields, type CommonOptions, type ProgressMode } from "./common-options.ts";
export { conventions, errorConvention, programSummary } from "./conventions.ts";
export { variables } from "./variables.ts";
export type { Completes } from "./field.ts";
export type { CaptureCall, RestoreCall, VerifyCall } from "./system-commands.ts";
export type { CloneExecCall, CloneJoinCall, CloneLogCall, CloneServeCall, CloneSessionCall } from "./clone-commands.ts";
export type { DiskLayoutCall, FirmwareChoice } from "./disk-commands.ts";
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
  MachineRelocateCall,
  MachineRemoveCall,
  MachineRenameCall,
  MachineStartCall,
  MachineStopCall,
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
  StoreUpgradeCall,
} from "./store-commands.ts";
export type { CompletionCall, DoctorCall, HelpCall, ReportCall, Shell } from "./host-commands.ts";
