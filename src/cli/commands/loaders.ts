import type { RunCommand } from "../command-context.ts";
import type { Calls, CommandName } from "../definition/index.ts";

/** Imports what runs a command, and with it the part of the library that it needs. */
export const loaders: { readonly [Name in CommandName]: () => Promise<RunCommand<Calls[Name]>> } = {
  capture: async () => (await import("./system/capture.ts")).runCapture,
  restore: async () => (await import("./system/restore.ts")).runRestore,
  prepare: async () => (await import("./system/prepare.ts")).runPrepare,
  verify: async () => (await import("./system/verify.ts")).runVerify,
  images: async () => (await import("./images/images.ts")).runImages,
  show: async () => (await import("./images/show.ts")).runShow,
  ls: async () => (await import("./images/ls.ts")).runLs,
  cat: async () => (await import("./images/cat.ts")).runCat,
  diff: async () => (await import("./images/diff.ts")).runDiff,
  tag: async () => (await import("./images/tag.ts")).runTag,
  rm: async () => (await import("./images/rm.ts")).runRm,
  "store init": async () => (await import("./store/init.ts")).runStoreInit,
  "store check": async () => (await import("./store/check.ts")).runStoreCheck,
  "store prune": async () => (await import("./store/prune.ts")).runStorePrune,
  "store stats": async () => (await import("./store/stats.ts")).runStoreStats,
  "machine list": async () => (await import("./machine/list.ts")).runMachineList,
  "job list": async () => (await import("./jobs/list.ts")).runJobList,
  "job show": async () => (await import("./jobs/show.ts")).runJobShow,
  "job log": async () => (await import("./jobs/log.ts")).runJobLog,
  "job pause": async () => (await import("./jobs/control.ts")).runJobPause,
  "job resume": async () => (await import("./jobs/control.ts")).runJobResume,
  "job cancel": async () => (await import("./jobs/control.ts")).runJobCancel,
  "job undo": async () => (await import("./jobs/control.ts")).runJobUndo,
  "job rate": async () => (await import("./jobs/control.ts")).runJobRate,
  "job repair": async () => (await import("./jobs/repair.ts")).runJobRepair,
  doctor: async () => (await import("./host/doctor.ts")).runDoctor,
  completion: async () => (await import("./host/completion.ts")).runCompletion,
  help: async () => (await import("./host/help.ts")).runHelp,
};
