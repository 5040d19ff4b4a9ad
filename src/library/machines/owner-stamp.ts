import { hostname } from "node:os";
import { readMachineFile, removeMachineFile, writeMachineFile } from "../../host/machines/machine-files.ts";
import { SystemCallError } from "../../host/system-call-error.ts";
import type { MachineRecord } from "../../journeys/machine/states/machine-record.ts";
import { decodeStamp, type OwnerStamp } from "../../journeys/machine/states/owner-stamp.ts";

const stampFile = "owner.json";
const maxStampBytes = 4096;

/** Whose a machine's directory says it is; undefined where it says nothing that can be read. */
export function readStamp(directory: string): OwnerStamp | undefined {
  try {
    const text = readMachineFile(directory, stampFile, maxStampBytes);
    return text === undefined ? undefined : decodeStamp(JSON.parse(text), "it");
  } catch (error) {
    // What the machine itself put there, or what this user may not see, says nothing.
    if (error instanceof SyntaxError || error instanceof SystemCallError) return undefined;
    throw error;
  }
}

/** Says in a machine's directory that the site of `record` owns it; durable on return. A record that nobody owns takes it away. */
export function writeStamp(directory: string, { uuid, epoch, owner }: MachineRecord): void {
  if (owner === undefined) {
    removeMachineFile(directory, stampFile);
    return;
  }
  const host =
    hostname()
      .replaceAll(/[^A-Za-z0-9._-]/g, "-")
      .slice(0, 64) || "unnamed";
  const stamp: OwnerStamp = { uuid, epoch, site: owner, host };
  writeMachineFile(directory, stampFile, `${JSON.stringify(stamp, undefined, 1)}\n`);
}

/** Puts back the stamp that was there before, or none. */
export function putBackStamp(directory: string, before: OwnerStamp | null): void {
  if (before === null) removeMachineFile(directory, stampFile);
  else writeMachineFile(directory, stampFile, `${JSON.stringify(before, undefined, 1)}\n`);
}
