import { existsSync, lstatSync, statSync } from "node:fs";
import type { TreePath } from "../../core/tree/byte-string.ts";
import { openRootedFiles } from "../../host/facts/index.ts";
import { detachedFile, hasMachineFile } from "../../host/machines/machine-files.ts";
import { isMachineRegistered, isMachineRunning } from "../../host/machines/running.ts";
import { errnoNameOf } from "../../host/system-call-error.ts";
import { machineNamePattern } from "../../journeys/machine/detached/parse-detached.ts";
import { deriveState } from "../../journeys/machine/states/derive-state.ts";
import type { MachineRecord } from "../../journeys/machine/states/machine-record.ts";
import { isTakenOver } from "../../journeys/machine/states/owner-stamp.ts";
import type { MachineState } from "../../journeys/machine/states/machine-state.ts";
import { choosePaths, type Paths } from "../settings/settings.ts";
import { readStamp } from "./owner-stamp.ts";
import { machinePlaces } from "./places.ts";
import { isStopping } from "./stopping.ts";
import { knownSiteId, namesIn, readRecords } from "./records.ts";

/** A machine as it is listed. */
export interface ListedMachine {
  readonly name: string;
  readonly state: MachineState;
  /** Where its files are, or would be. */
  readonly path: string;
  /** 32 hex digits: its own as rehome has it on record, else the machine id in its tree. */
  readonly uuid?: string;
  /** The image that it was made from. */
  readonly image?: string;
  /** Whether that directory is there. */
  readonly hasTree: boolean;
  readonly hasSettings: boolean;
  /** Whether it is started with the host. */
  readonly autostart: boolean;
  /** Of its ownership; absent where rehome never had to do with it. */
  readonly epoch?: number;
  readonly movedTo?: string;
  /** It runs, but was told to stop and has not. */
  readonly isShuttingDown?: true;
}

/**
 * All machines of this host, by name: those with a directory, with settings, or with a record. Who may not look into the
 * directory of machines gets those with settings.
 */
export function listMachines(options: { readonly paths?: Paths } = {}): ListedMachine[] {
  const paths = options.paths ?? choosePaths();
  const records = new Map(readRecords(paths).map((record) => [record.name, record]));
  const withSettings = namesIn(paths.nspawnDirectory).flatMap((file) => /^(.+)\.nspawn$/.exec(file)?.[1] ?? []);
  const names = new Set([...look(() => namesIn(paths.machinesDirectory), []), ...withSettings, ...records.keys()]);
  return [...names]
    .filter((name) => machineNamePattern.test(name))
    .toSorted()
    .flatMap((name) => describeMachine(paths, name, records.get(name)) ?? []);
}

/** One machine; undefined if there is none of that name. */
export function describeMachine(
  paths: Paths,
  name: string,
  record: MachineRecord | undefined,
): ListedMachine | undefined {
  const { directory, settingsFile, autostartLink } = machinePlaces(paths, name);
  // What root alone may enter other users know by its settings; its files are taken to be there.
  const seen = look(() => statSync(directory, { throwIfNoEntry: false })?.isDirectory() ?? false, "hidden");
  const hasSettings = existsSync(settingsFile);
  const hasTree = seen === "hidden" ? hasSettings : seen;
  const isRunning = hasTree && (seen === "hidden" ? isMachineRegistered : isMachineRunning)(directory, name);
  const stamp = hasTree && !isRunning ? readStamp(directory) : undefined;
  const takenOver = isTakenOver(stamp, record, stamp && knownSiteId(paths));
  const hasManifest = hasTree && !isRunning && look(() => hasMachineFile(directory, detachedFile), false);
  const state = deriveState({ record, hasTree, hasSettings, hasManifest, isRunning, isTakenOver: takenOver });
  if (state === undefined) return undefined;
  const uuid = record?.uuid ?? (hasTree ? machineIdOf(directory) : undefined);
  const movedTo = takenOver ? stamp?.host : record?.movedTo;
  return {
    name,
    state,
    path: directory,
    ...(uuid !== undefined && { uuid }),
    ...(record?.image !== undefined && { image: record.image }),
    hasTree,
    hasSettings,
    autostart: lstatSync(autostartLink, { throwIfNoEntry: false }) !== undefined,
    ...(record !== undefined && { epoch: record.epoch }),
    ...(movedTo !== undefined && { movedTo }),
    ...(isRunning && isStopping(paths, name) && { isShuttingDown: true }),
  };
}

/** The machine id in a tree, which any program of the machine may have changed. */
export function machineIdOf(directory: string): string | undefined {
  return look(() => {
    using files = openRootedFiles(directory, () => undefined);
    const id = files.read("etc/machine-id" as TreePath, 64)?.trim();
    return id !== undefined && /^[0-9a-f]{32}$/.test(id) ? id : undefined;
  }, undefined);
}

/** What cannot be looked into by this user is listed by what can be seen from outside. */
function look<Value, Otherwise>(action: () => Value, otherwise: Otherwise): Value | Otherwise {
  try {
    return action();
  } catch (error) {
    if (errnoNameOf(error) !== undefined) return otherwise;
    throw error;
  }
}
