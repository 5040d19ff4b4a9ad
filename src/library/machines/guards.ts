import { lstatSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Mount } from "../../core/mount-info.ts";
import { readMounts } from "../../host/file-systems.ts";
import { isFileLocked, tryLockFile } from "../../host/file-locks.ts";
import { assertLegal, type MachineOperation, type MachineState } from "../../journeys/machine/states/machine-state.ts";
import type { Paths } from "../settings/settings.ts";
import { MachineUnsuitableError } from "./errors.ts";
import { describeMachine, type ListedMachine } from "./list-machines.ts";
import { machinePlaces } from "./places.ts";
import { readRecord } from "./records.ts";

const networkFileSystems = /^(?:nfs|nfs4|cifs|smb3|smbfs|9p|ceph|glusterfs|fuse\.(?:sshfs|glusterfs|ceph)|afs|lustre)$/;

/**
 * Asserts that an operation may be done to a machine now: nothing else is being done to it, its state allows it, and it
 * lies in a plain directory of its own that nobody else can enter. `alsoFrom` are states that the caller permits beside those
 * of the operation. Changes nothing.
 *
 * @throws {MachineUnsuitableError} @throws {MachineStateError}
 */
export function guardMachine(
  paths: Paths,
  name: string,
  operation: MachineOperation,
  alsoFrom: readonly MachineState[] = [],
): ListedMachine {
  if (isFileLocked(machinePlaces(paths, name).lockFile)) throw inProgress(name, operation);
  return guardState(paths, name, operation, alsoFrom);
}

/**
 * The same for a process that has the machine's lock.
 *
 * @throws {MachineUnsuitableError} @throws {MachineStateError}
 */
export function guardState(
  paths: Paths,
  name: string,
  operation: MachineOperation,
  alsoFrom: readonly MachineState[] = [],
): ListedMachine {
  const machine = describeMachine(paths, name, readRecord(paths, name));
  if (machine === undefined)
    throw new MachineUnsuitableError(
      `cannot ${operation} ${name}: no machine of that name is here`,
      "`rehome machine list` shows all machines.",
    );
  if (!alsoFrom.includes(machine.state)) assertLegal(name, operation, machine.state);
  const isThere = lstatSync(machine.path, { throwIfNoEntry: false }) !== undefined;
  if (isThere || !mayLackFiles.has(operation))
    guardDirectory(operation, name, machine.path, readMounts(), guardsOf(operation));
  return machine;
}

/** Keeps every other operation off a machine until it is disposed of, or the process is dead. @throws {MachineUnsuitableError} */
export function lockMachine(paths: Paths, name: string, operation: MachineOperation | "create"): Disposable {
  const { lockFile } = machinePlaces(paths, name);
  mkdirSync(dirname(lockFile), { recursive: true, mode: 0o700 });
  const lock = tryLockFile(lockFile);
  if (lock === undefined) throw inProgress(name, operation);
  return lock;
}

function inProgress(name: string, operation: string): MachineUnsuitableError {
  return new MachineUnsuitableError(
    `cannot ${operation} ${name}: another operation on it is in progress`,
    "Wait for it; `rehome job list` shows which one it is.",
  );
}

/** What of a machine's directory can keep an operation off it. */
type Guard = "symlink" | "mounts" | "others" | "network";

const mayLackFiles: ReadonlySet<MachineOperation> = new Set(["rename", "remove", "mark", "reclaim"]);

/** What matters for an operation: what only changes records asks nothing of the directory, and what empties it not whether others see it. */
function guardsOf(operation: MachineOperation): readonly Guard[] {
  if (operation === "mark" || operation === "reclaim" || operation === "stop" || operation === "start") return [];
  return operation === "remove" ? ["symlink", "mounts"] : allGuards;
}

const allGuards: readonly Guard[] = ["symlink", "mounts", "others", "network"];

/** @throws {MachineUnsuitableError} */
export function guardDirectory(
  action: string,
  name: string,
  directory: string,
  mounts: readonly Mount[],
  guards: readonly Guard[] = allGuards,
): void {
  const refuse = (what: string, remedy: string): never => {
    throw new MachineUnsuitableError(`cannot ${action} ${name}: ${what}`, remedy);
  };
  const stat = lstatSync(directory, { throwIfNoEntry: false });
  if (stat === undefined) refuse(`${directory} is not there`, "Move its files there first.");
  if (guards.includes("symlink") && stat?.isSymbolicLink() === true)
    refuse(`${directory} is a symbolic link`, "Put the directory itself there, or a bind mount.");
  const below = mounts.filter(({ mountPoint }) => mountPoint.startsWith(`${directory}/`));
  if (guards.includes("mounts") && below.length > 0) {
    const points = below.map(({ mountPoint }) => mountPoint).join(", ");
    refuse(`file systems are mounted below it: ${points}`, `Unmount them first: umount ${points.replaceAll(",", "")}`);
  }
  if (guards.includes("others") && ![directory, dirname(directory)].some((path) => (statSync(path).mode & 0o077) === 0))
    refuse(`others can enter ${directory}`, `chmod 0700 ${dirname(directory)}`);
  const type = mountOf(directory, mounts)?.type ?? "";
  if (guards.includes("network") && networkFileSystems.test(type))
    refuse(`it lies on a network file system (${type})`, "Use a local or block device, a SAN among them.");
}

/** Asserts that the directory `from` of a machine may be moved to `to`. @throws {MachineUnsuitableError} */
export function guardTarget(name: string, from: string, to: string, mounts: readonly Mount[]): void {
  const refuse = (what: string, remedy: string): never => {
    throw new MachineUnsuitableError(`cannot relocate ${name} to ${to}: ${what}`, remedy);
  };
  if (lstatSync(to, { throwIfNoEntry: false }) !== undefined) refuse("it is there already", "Name one that is not.");
  if (to.startsWith(`${from}/`)) refuse("it lies in the machine itself", "Name one outside of it.");
  if (mounts.some(({ mountPoint }) => mountPoint === from))
    refuse(`a file system is mounted at ${from}`, `Mount it elsewhere, or unmount it: umount ${from}`);
  const parent = dirname(to);
  if ((statSync(parent).mode & 0o077) !== 0) refuse(`others can enter ${parent}`, `chmod 0700 ${parent}`);
  const type = mountOf(parent, mounts)?.type ?? "";
  if (networkFileSystems.test(type))
    refuse(`it would lie on a network file system (${type})`, "Use a local or block device, a SAN among them.");
}

/** Says whether two directories lie on one mount, so that one can be moved into the other. */
export function isOneMount(one: string, other: string, mounts: readonly Mount[]): boolean {
  return mountOf(one, mounts)?.id === mountOf(other, mounts)?.id;
}

function mountOf(directory: string, mounts: readonly Mount[]): Mount | undefined {
  return mounts
    .filter(
      ({ mountPoint }) => mountPoint === "/" || directory === mountPoint || directory.startsWith(`${mountPoint}/`),
    )
    .reduce<Mount | undefined>(
      // Of two mounts at one place the later one is seen.
      (a, b) => (a !== undefined && a.mountPoint.length > b.mountPoint.length ? a : b),
      undefined,
    );
}
