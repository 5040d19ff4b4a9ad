/**
 * The one definition of the command line. Parsing, help, completion and the reference are made from it; it imports nothing
 * that acts, so that all of them are quick.
 */
import type { CommandDefinition } from "./command-definition.ts";
import * as build from "./build-commands.ts";
import * as clone from "./clone-commands.ts";
import * as cloneServe from "./clone-serve-command.ts";
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
  readonly "disk build": disk.DiskBuildCall;
  readonly "disk convert": disk.DiskConvertCall;
  readonly "disk test": disk.DiskTestCall;
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
  readonly "clone serve": cloneServe.CloneServeCall;
  readonly "clone join": clone.CloneJoinCall;
  readonly "clone go": clone.CloneSessionCall;
  readonly "clone status": clone.CloneStatusCall;
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
  "disk build": disk.diskBuildCommand,
  "disk convert": disk.diskConvertCommand,
  "disk test": disk.diskTestCommand,
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
  "clone serve": cloneServe.cloneServeCommand,
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
export type * from "./clone-serve-command.ts";
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
